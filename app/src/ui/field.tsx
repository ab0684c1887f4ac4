import type { ReactNode } from 'react';
import {
  TextField as AriaTextField,
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
  type TextFieldProps,
} from 'react-aria-components';

const box = 'w-full rounded border border-edge bg-sheet px-2 py-1 min-h-[44px] text-ink placeholder:text-soft';

/** A labelled line of text, or several, with a hint and an error that screen readers hear with it. */
export function TextField({
  label,
  hint,
  lines = 1,
  error,
  ...props
}: TextFieldProps & { label: ReactNode; hint?: ReactNode; lines?: number; error?: string | undefined }) {
  return (
    // What a server refused is typed anew and sent again: the browser is not to hold the form back for it.
    <AriaTextField
      validationBehavior="aria"
      {...props}
      isInvalid={error !== undefined}
      className="flex flex-col gap-0.5"
    >
      <Label className="font-bold">{label}</Label>
      {lines > 1 ? <TextArea rows={lines} className={box} /> : <Input className={box} />}
      {hint && (
        <Text slot="description" className="text-soft text-sm">
          {hint}
        </Text>
      )}
      <FieldError className="text-harm">{error}</FieldError>
    </AriaTextField>
  );
}
