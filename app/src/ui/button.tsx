import type { ButtonHTMLAttributes } from 'react';

/** What a button does: the one thing of the page, something else, harm, or hardly to be seen. */
export type Weight = 'first' | 'second' | 'harm' | 'quiet';

const weights: Record<Weight, string> = {
  first: 'bg-act text-on-act hover:bg-act-strong',
  second: 'border border-edge bg-sheet text-ink hover:bg-act-tint',
  harm: 'bg-harm text-on-harm hover:opacity-90',
  quiet: 'text-act hover:bg-act-tint',
};

export function weightClass(weight: Weight): string {
  return `inline-flex min-h-[44px] min-w-[44px] items-center justify-center gap-1 rounded px-2 py-1 font-bold no-underline transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-wait aria-disabled:opacity-60 ${weights[weight]}`;
}

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'onClick' | 'disabled'> {
  weight?: Weight;
  isDisabled?: boolean | undefined;
  /** It was pressed and works: it keeps the focus, says so to screen readers and takes no press. */
  isPending?: boolean | undefined;
  onPress?: (() => void) | undefined;
}

/** A button of at least 44 pixels: the browser's own, which every keyboard and screen reader knows. */
export function Button({
  weight = 'second',
  type = 'button',
  className = '',
  isDisabled,
  isPending,
  onPress,
  ...props
}: Props) {
  return (
    <button
      {...props}
      type={type}
      disabled={isDisabled}
      aria-disabled={isPending || undefined}
      aria-busy={isPending || undefined}
      onClick={(event) => {
        if (!isPending) return onPress?.();
        event.preventDefault();
      }}
      className={`${weightClass(weight)} cursor-pointer ${className}`}
    />
  );
}
