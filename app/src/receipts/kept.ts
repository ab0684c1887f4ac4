import { useSyncExternalStore } from 'react';
import { api } from '@/api/client';
import { current, listen } from '@/session/state';

/** The log's promise about one request of this session. */
export interface Receipt {
  at: Date;
  operation: 'patients' | 'records' | 'record' | 'other';
  purpose: string;
  isRefused: boolean;
  /** What a refusal came to, for the patient alone. */
  sealed?: string | undefined;
  /** The header `aegle-receipt`. */
  text: string;
}

const HEADER = 'aegle-receipt';
/** Newest that are kept, in memory alone. */
const KEPT = 500;

let kept: readonly Receipt[] = [];
let of: string | undefined;
const listeners = new Set<() => void>();

function change(next: readonly Receipt[]): void {
  kept = next;
  for (const changed of listeners) changed();
}

function operation(path: string): Receipt['operation'] {
  if (path === '/v1/patients') return 'patients';
  if (path === '/v1/records') return 'records';
  return path.startsWith('/v1/records/') ? 'record' : 'other';
}

/** Keeps a receipt of who is signed in, until somebody else or nobody is. */
export function keep(receipt: Omit<Receipt, 'at'>): void {
  of = current().person?.signer.address;
  change([{ ...receipt, at: new Date() }, ...kept].slice(0, KEPT));
}

api.use({
  async onResponse({ request, response }) {
    const text = response.headers.get(HEADER);
    const purpose = request.headers.get('aegle-purpose');
    if (!text || !purpose) return;
    const { pathname } = new URL(request.url);
    const isRefused = !response.ok;
    const problem: { sealed?: string } = isRefused ? await response.clone().json() : {};
    keep({ operation: operation(pathname), purpose, isRefused, sealed: problem.sealed, text });
  },
});

listen(() => {
  if (current().person?.signer.address !== of) change([]);
});

/** Receipts of this session, the newest first. */
export function useReceipts(): readonly Receipt[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => kept,
  );
}
