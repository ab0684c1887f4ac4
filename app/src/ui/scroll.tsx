import type { ReactNode } from 'react';

/** The keyboard gets to what scrolls. It is no fieldset, which is for what is filled in, and no landmark. */
const REACHED = { role: 'group', tabIndex: 0 } as const;

/** Something that may be wider or higher than its place, to be scrolled with the keyboard too. */
export function Scroll({
  label,
  className = '',
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  const named = { ...REACHED, 'aria-label': label };
  return (
    <div {...named} className={`overflow-auto ${className}`}>
      {children}
    </div>
  );
}
