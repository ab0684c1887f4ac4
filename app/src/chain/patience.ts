import { Refused, Unreachable } from '@/core';
import { NodeAway, Unconfirmed } from './errors';
import { sleep } from './sleep';

/** Milliseconds for which nobody has to answer what became of something that was sent. */
const PATIENCE = 30_000;
const PAUSE = 600;

/** Nobody answered, or nobody who could: what was asked may have happened all the same. */
export function isOpen(error: unknown): error is Error {
  return (
    error instanceof Unreachable ||
    error instanceof NodeAway ||
    (error instanceof Refused && error.problem.status >= 500)
  );
}

/**
 * Does what can be done twice and follows something that was sent: again while nobody answers, and then says that
 * it is open what became of it.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  isAgain: (error: unknown) => error is Error = isOpen,
): Promise<T> {
  const until = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAgain(error)) throw error;
      if (Date.now() > until) throw new Unconfirmed(error.message, { cause: error });
    }
    await sleep(PAUSE);
  }
}
