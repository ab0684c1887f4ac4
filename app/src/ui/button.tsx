import { Button as AriaButton, type ButtonProps, composeRenderProps } from 'react-aria-components';

/** What a button does: the one thing of the page, something else, harm, or hardly to be seen. */
export type Weight = 'first' | 'second' | 'harm' | 'quiet';

const weights: Record<Weight, string> = {
  first: 'bg-act text-on-act hover:bg-act-strong',
  second: 'border border-edge bg-sheet text-ink hover:bg-act-tint',
  harm: 'bg-harm text-on-harm hover:opacity-90',
  quiet: 'text-act hover:bg-act-tint',
};

export function weightClass(weight: Weight): string {
  return `inline-flex min-h-[44px] min-w-[44px] items-center justify-center gap-1 rounded px-2 py-1 font-bold no-underline transition-colors duration-150 data-[disabled]:cursor-not-allowed data-[disabled]:opacity-60 ${weights[weight]}`;
}

/** A button of at least 44 pixels. While `isPending` it says so to screen readers and takes no press. */
export function Button({ weight = 'second', className, ...props }: ButtonProps & { weight?: Weight }) {
  return (
    <AriaButton
      {...props}
      className={composeRenderProps(className, (own) => `${weightClass(weight)} cursor-pointer ${own ?? ''}`)}
    />
  );
}
