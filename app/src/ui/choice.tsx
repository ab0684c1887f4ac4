import { Check } from 'lucide-react';
import { type ReactNode, useId } from 'react';

const row =
  'flex min-h-[44px] cursor-pointer items-start gap-1.5 rounded border border-line bg-sheet p-1.5 has-checked:border-act has-checked:bg-act-tint has-disabled:cursor-not-allowed has-disabled:opacity-60';
/** The browser's own control, drawn otherwise. */
const control = 'peer size-3 cursor-inherit appearance-none border-2 border-edge bg-sheet checked:border-act';
const mark = 'pointer-events-none absolute opacity-0 peer-checked:opacity-100';

/** A box to tick, with a sentence below it. */
export function Checkbox({
  isSelected,
  isDisabled = false,
  onChange,
  hint,
  children,
}: {
  isSelected: boolean;
  isDisabled?: boolean;
  onChange: (on: boolean) => void;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <label className={row}>
      <span className="relative mt-0.5 grid shrink-0 place-items-center">
        <input
          type="checkbox"
          checked={isSelected}
          disabled={isDisabled}
          onChange={({ target }) => onChange(target.checked)}
          className={`${control} rounded-[4px] checked:bg-act`}
        />
        <Check aria-hidden className={`${mark} size-2 text-on-act`} strokeWidth={3} />
      </span>
      <span className="flex flex-col">
        <span>{children}</span>
        {hint && <span className="text-soft text-sm">{hint}</span>}
      </span>
    </label>
  );
}

/** One of several, by the arrow keys too. */
export function Choice({
  label,
  value,
  isDisabled = false,
  onChange,
  options,
}: {
  label: ReactNode;
  /** Null before anything is chosen. */
  value: string | null;
  isDisabled?: boolean;
  onChange: (chosen: string) => void;
  options: { id: string; name: ReactNode; hint?: ReactNode }[];
}) {
  const name = useId();
  return (
    <div role="radiogroup" aria-labelledby={name} className="flex flex-col gap-1">
      <p id={name} className="font-bold">
        {label}
      </p>
      {options.map((option) => (
        <label key={option.id} className={row}>
          <span className="relative mt-0.5 grid shrink-0 place-items-center">
            <input
              type="radio"
              name={name}
              checked={value === option.id}
              disabled={isDisabled}
              onChange={() => onChange(option.id)}
              className={`${control} rounded-full`}
            />
            <span className={`${mark} size-1.5 rounded-full bg-act`} />
          </span>
          <span className="flex flex-col">
            <span>{option.name}</span>
            {option.hint && <span className="text-soft text-sm">{option.hint}</span>}
          </span>
        </label>
      ))}
    </div>
  );
}
