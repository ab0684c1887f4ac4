import { type ReactNode, useId } from 'react';

/** One of several, in little room: the browser's own list, which every keyboard and screen reader knows. */
export function Select<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: ReactNode;
  value: T;
  onChange: (chosen: T) => void;
  /** With `lang` where a name is in a language of its own. */
  options: readonly { id: T; name: string; lang?: string }[];
}) {
  const id = useId();
  return (
    <div className="flex flex-wrap items-center gap-1">
      <label htmlFor={id} className="font-bold">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
        className="min-h-[44px] max-w-full rounded border border-edge bg-sheet px-1.5 text-ink"
      >
        {options.map(({ id, name, lang }) => (
          <option key={id} value={id} lang={lang}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
