import { type InputHTMLAttributes, type ReactNode, useId } from 'react';

const box =
  'w-full rounded border border-edge bg-sheet px-2 py-1 min-h-[44px] text-ink placeholder:text-soft disabled:opacity-60';

interface Props
  extends Pick<
    InputHTMLAttributes<HTMLInputElement>,
    'autoComplete' | 'autoFocus' | 'inputMode' | 'maxLength' | 'name' | 'spellCheck'
  > {
  label: ReactNode;
  hint?: ReactNode;
  lines?: number;
  error?: string | undefined;
  type?: 'text' | 'email' | 'url' | 'tel' | 'search' | 'password';
  value: string;
  isDisabled?: boolean;
  onChange: (typed: string) => void;
}

/** A labelled line of text, or several, with a hint and an error that screen readers hear with it. */
export function TextField({ label, hint, lines = 1, error, type = 'text', isDisabled, onChange, ...props }: Props) {
  const id = useId();
  const field = {
    ...props,
    id,
    disabled: isDisabled,
    className: box,
    'aria-invalid': error !== undefined || undefined,
    'aria-describedby': `${hint ? `${id}-hint` : ''} ${error ? `${id}-error` : ''}`.trim() || undefined,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  };
  return (
    <div className="flex flex-col gap-0.5">
      <label htmlFor={id} className="font-bold">
        {label}
      </label>
      {lines > 1 ? <textarea {...field} rows={lines} /> : <input {...field} type={type} />}
      {hint && (
        <p id={`${id}-hint`} className="text-soft text-sm">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-harm">
          {error}
        </p>
      )}
    </div>
  );
}
