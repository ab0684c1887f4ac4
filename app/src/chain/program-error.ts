import { type AegleError, getAegleErrorMessage } from '@/program/generated';
import type { Failed } from './node';

/** What the program says of its refusal. */
export function programMessage({ code, message }: Failed): string {
  // The message of a code that is not the program's is undefined, whatever its type says.
  const said: string | undefined = code === undefined ? undefined : getAegleErrorMessage(code as AegleError);
  return said ?? message;
}
