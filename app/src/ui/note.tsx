import { CircleAlert, CircleCheck, Hourglass, Info } from 'lucide-react';
import type { ReactNode } from 'react';

const kinds = {
  plain: { tint: 'bg-act-tint', edge: 'border-act', Icon: Info, color: 'text-act' },
  wait: { tint: 'bg-wait-tint', edge: 'border-wait', Icon: Hourglass, color: 'text-wait' },
  harm: { tint: 'bg-harm-tint', edge: 'border-harm', Icon: CircleAlert, color: 'text-harm' },
  done: { tint: 'bg-sheet', edge: 'border-well', Icon: CircleCheck, color: 'text-well' },
} as const;

/** Something said apart from the rest of a page. What is urgent is announced. */
export function Note({
  kind = 'plain',
  title,
  children,
  actions,
}: {
  kind?: keyof typeof kinds;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  const { tint, edge, Icon, color } = kinds[kind];
  return (
    <section
      role={kind === 'harm' ? 'alert' : 'status'}
      className={`flex gap-1.5 rounded border-s-4 p-2 ${tint} ${edge}`}
    >
      <Icon aria-hidden className={`mt-0.5 size-3 shrink-0 ${color}`} />
      <div className="flex min-w-0 flex-col gap-1">
        {title && <p className="font-bold">{title}</p>}
        {children && <div className="flex flex-col gap-1">{children}</div>}
        {actions && <div className="flex flex-wrap gap-1">{actions}</div>}
      </div>
    </section>
  );
}
