import { type ReactNode, useState } from 'react';

/** Something more, shown on demand and not made before. */
export function Disclosure({ label, children }: { label: ReactNode; children: () => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="min-w-0" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex min-h-[44px] cursor-pointer items-center gap-1 font-bold text-act before:content-['▸'] rtl:before:content-['◂'] [[open]>&]:before:content-['▾']">
        {label}
      </summary>
      {open && <div className="flex flex-col gap-1 pt-1">{children()}</div>}
    </details>
  );
}
