import { useId } from 'react';

/** Shows the same in one of several ways. */
export function SwitchView<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (chosen: T) => void;
  options: readonly { id: T; name: string }[];
}) {
  const group = useId();
  return (
    <div role="radiogroup" aria-label={label} className="flex flex-wrap items-center gap-1">
      {options.map(({ id, name }) => (
        <label
          key={id}
          className="relative flex min-h-[44px] cursor-pointer items-center rounded-full border border-edge bg-sheet px-2 has-checked:border-act has-checked:bg-act-tint has-checked:font-bold"
        >
          <input
            type="radio"
            name={group}
            checked={value === id}
            onChange={() => onChange(id)}
            className="absolute inset-0 size-full cursor-pointer appearance-none rounded-full"
          />
          {name}
        </label>
      ))}
    </div>
  );
}
