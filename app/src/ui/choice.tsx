import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  type CheckboxProps,
  Label,
  Radio,
  RadioGroup,
  type RadioGroupProps,
} from 'react-aria-components';

const row = 'group flex min-h-[44px] cursor-pointer items-start gap-1.5 rounded border p-1.5';

/** A box to tick, with a sentence below it. */
export function Checkbox({ children, hint, ...props }: CheckboxProps & { children: ReactNode; hint?: ReactNode }) {
  return (
    <AriaCheckbox
      {...props}
      className={`${row} border-line bg-sheet data-[selected]:border-act data-[selected]:bg-act-tint`}
    >
      <span className="mt-0.5 grid size-3 shrink-0 place-items-center rounded-[4px] border-2 border-edge bg-sheet group-data-[selected]:border-act group-data-[selected]:bg-act">
        <Check aria-hidden className="size-2 text-on-act opacity-0 group-data-[selected]:opacity-100" strokeWidth={3} />
      </span>
      <span className="flex flex-col">
        <span>{children}</span>
        {hint && <span className="text-soft text-sm">{hint}</span>}
      </span>
    </AriaCheckbox>
  );
}

/** One of several. */
export function Choice({
  label,
  options,
  ...props
}: RadioGroupProps & { label: ReactNode; options: { id: string; name: ReactNode; hint?: ReactNode }[] }) {
  return (
    <RadioGroup {...props} className="flex flex-col gap-1">
      <Label className="font-bold">{label}</Label>
      {options.map(({ id, name, hint }) => (
        <Radio
          key={id}
          value={id}
          className={`${row} border-line bg-sheet data-[selected]:border-act data-[selected]:bg-act-tint`}
        >
          <span className="mt-0.5 grid size-3 shrink-0 place-items-center rounded-full border-2 border-edge bg-sheet group-data-[selected]:border-act">
            <span className="size-1.5 rounded-full bg-act opacity-0 group-data-[selected]:opacity-100" />
          </span>
          <span className="flex flex-col">
            <span>{name}</span>
            {hint && <span className="text-soft text-sm">{hint}</span>}
          </span>
        </Radio>
      ))}
    </RadioGroup>
  );
}
