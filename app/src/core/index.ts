import * as Comlink from 'comlink';
import type { Core } from './core';
import { carryErrors } from './errors';

carryErrors();

let worker: Worker | undefined;
let remote: Comlink.Remote<Core> | undefined;

/** The worker that holds secrets. It begins when it is first needed. */
export function core(): Comlink.Remote<Core> {
  if (!remote) {
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'core' });
    remote = Comlink.wrap<Core>(worker);
  }
  return remote;
}

/** Ends the worker, and every secret with it. */
export function endCore(): void {
  remote?.[Comlink.releaseProxy]();
  worker?.terminate();
  [worker, remote] = [undefined, undefined];
}

export { Broken, isRefused, Refused, Unreachable } from './errors';
