import { type ReactNode, useId } from 'react';

/** A calendar day (`2026-11-22`), by the browser's own field; empty where none is chosen. */
export function DayField({
  label,
  value,
  onChange,
}: {
  label: ReactNode;
  value: string;
  onChange: (day: string) => void;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-0.5">
      <label htmlFor={id} className="font-bold">
        {label}
      </label>
      <input
        id={id}
        type="date"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-[44px] self-start rounded border border-edge bg-sheet px-2"
      />
    </div>
  );
}
