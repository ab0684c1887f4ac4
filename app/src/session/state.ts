import { useSyncExternalStore } from 'react';
import type { Chain } from '@/chain/node';
import { endCore } from '@/core';
import type { Signer } from '@/wallet';

/** Somebody who signed in on this page. Nothing of it outlives the page. */
export interface Person {
  readonly signer: Signer;
  readonly chain: Chain;
  /** Vault of the wallet, unlocked; undefined before there is one. */
  readonly vault: string | undefined;
  /** Vault of the wallet that the wallet alone did not open; undefined where there is none. */
  readonly closed?: string | undefined;
  /** Credential in effect, for whoever is attested by a registrar. */
  readonly credential: string | undefined;
}

/** Why nobody is signed in. */
export type Locked = 'begin' | 'locked' | 'expired' | 'account';

export type State = { person: Person } | { person: undefined; because: Locked };

let state: State = { person: undefined, because: 'begin' };
const listeners = new Set<() => void>();

export function change(next: State): void {
  state = next;
  for (const listener of listeners) listener();
}

export function current(): State {
  return state;
}

/** Closes everything: keys, session and whatever is on the screen. */
export function lock(because: Locked = 'locked'): void {
  endCore();
  change({ person: undefined, because });
}

/** Calls back at every change. Gives what ends that. */
export function listen(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

export function useSession(): State {
  return useSyncExternalStore(listen, current);
}

/** Who is signed in, on pages that nobody else sees. */
export function usePerson(): Person {
  const { person } = useSession();
  if (!person) throw new Error('nobody is signed in');
  return person;
}
