import { useSyncExternalStore } from 'react';
import { current, listen, type Person } from '@/session/state';
import { readWithFile, readWithWallet } from './reading';

/** Which key this page reads with. The key itself is in the worker and ends with it. */

let keys: { of: string; public: readonly string[] } | undefined;
const listeners = new Set<() => void>();

function change(next: typeof keys): void {
  keys = next;
  for (const changed of listeners) changed();
}

// Whoever signs in next brings a key of their own.
listen(() => {
  if (keys && keys.of !== current().person?.signer.address) change(undefined);
});

/** Reads with a key file from now on. */
export async function takeKey(file: Blob): Promise<void> {
  const of = current().person?.signer.address;
  if (of === undefined) return;
  const read = await readWithFile(new Uint8Array(await file.arrayBuffer()));
  change({ of, public: read });
}

/** Reads with the wallet's key from now on; says whether that is the one which is attested. */
export async function takeWalletKey(person: Person): Promise<boolean> {
  const key = await readWithWallet(person);
  if (key !== undefined) change({ of: person.signer.address, public: [key] });
  return key !== undefined;
}

/** Public keys, hex, of what is read with; undefined while there is none. */
export function useKeys(): readonly string[] | undefined {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => keys?.public,
  );
}
