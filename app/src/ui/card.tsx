import type { ReactNode } from 'react';

/** A sheet of paper on the ground. */
export function Card({ children, className = '' }: { children: ReactNode; className?: string }) {
  return <div className={`rounded border border-line bg-sheet p-2 sm:p-3 ${className}`}>{children}</div>;
}

/** A page's heading, what it is for, and what one can do here. */
export function PageHead({ title, lead, actions }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-2">
      <div className="flex min-w-0 max-w-[64ch] flex-col gap-1">
        <h1 tabIndex={-1} className="outline-none">
          {title}
        </h1>
        {lead && <p className="text-soft">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-1">{actions}</div>}
    </header>
  );
}

/** Nothing here yet, why, and what to do. */
export function Empty({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <Card className="flex flex-col items-start gap-1.5 border-dashed">
      <p className="font-bold">{title}</p>
      {children && <div className="text-soft">{children}</div>}
      {action}
    </Card>
  );
}
