import * as Comlink from 'comlink';
import { reachesAnyNode } from '@/session/document';
import type { Core } from './core';
import { carryErrors, Unreachable } from './errors';

carryErrors();

type Remote = Comlink.Remote<Core>;

let worker: Worker | undefined;
let remote: Remote | undefined;

/** The worker that holds secrets. It begins when it is first needed. */
export function core(): Remote {
  // A document that may send anything anywhere gets no secret.
  if (reachesAnyNode) throw new Error('nobody is signed in on the page of proofs');
  if (!remote) {
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'core' });
    remote = answering(worker);
  }
  return remote;
}

/** Calls of a worker. Where its script cannot be loaded they fail, and the next ones begin another. */
function answering(of: Worker): Remote {
  const away = new Promise<never>((_, reject) => {
    of.addEventListener('error', ({ message }) => {
      if (worker === of) endCore();
      reject(new Unreachable(message));
    });
  });
  // Told to whoever waits for a call.
  away.catch(() => undefined);
  return new Proxy(Comlink.wrap<Core>(of), {
    get(calls, name: keyof Remote) {
      if (typeof name !== 'string') return calls[name];
      const call = calls[name] as (...with_: unknown[]) => Promise<unknown>;
      return (...with_: unknown[]) => Promise.race([call(...with_), away]);
    },
  });
}

/** Ends the worker, and every secret with it. */
export function endCore(): void {
  remote?.[Comlink.releaseProxy]();
  worker?.terminate();
  [worker, remote] = [undefined, undefined];
}

export { Broken, isRefused, Refused, Unreachable } from './errors';
