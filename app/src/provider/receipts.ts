import { useSyncExternalStore } from 'react';
import { api, ok } from '@/api/client';
import { current, listen } from '@/session/state';

/** The log's promise about one request of this session. */
export interface Receipt {
  at: Date;
  operation: 'patients' | 'records' | 'record' | 'other';
  purpose: string;
  isRefused: boolean;
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

api.use({
  onResponse({ request, response }) {
    const text = response.headers.get(HEADER);
    const purpose = request.headers.get('aegle-purpose');
    if (!text || !purpose) return;
    of = current().person?.signer.address;
    const { pathname } = new URL(request.url);
    const receipt = { at: new Date(), operation: operation(pathname), purpose, isRefused: !response.ok, text };
    change([receipt, ...kept].slice(0, KEPT));
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

/** Place in the log, which the receipt begins with: 8 bytes, big-endian. */
export function placeOf(receipt: string): number {
  const bytes = Uint8Array.from(atob(receipt.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  return Number(new DataView(bytes.buffer).getBigUint64(0));
}

/** A receipt with what opens it, as anybody can check it; of a refusal, which nobody but the patient opens, itself. */
export async function bundleOf({ text, isRefused }: Receipt): Promise<string> {
  if (isRefused) {
    const { verifier } = await ok(api.GET('/v1/log'));
    return JSON.stringify({ kind: 'aegle:receipt:v1', log: verifier, receipt: text });
  }
  const opened = await ok(api.GET('/v1/receipts/{index}', { params: { path: { index: placeOf(text) } } }));
  const { entry, salt, link, inclusion } = opened;
  const size = (inclusion as { size?: number } | null | undefined)?.size;
  const { verifier, checkpoint } = await ok(
    api.GET('/v1/log', { params: { query: size === undefined ? {} : { size } } }),
  );
  const proof = size === undefined ? {} : { inclusion, checkpoint };
  return JSON.stringify({ kind: 'aegle:receipt:v1', log: verifier, receipt: text, entry, salt, link, ...proof });
}
