import * as Comlink from 'comlink';

/** Problem details of the server (RFC 9457). */
export interface Problem {
  code: string;
  title: string;
  detail: string;
  status: number;
  request_id: string;
  sealed?: string;
}

/** The server refused. */
export class Refused extends Error {
  override name = 'Refused';
  readonly problem: Problem;
  /** The log's receipt for the refusal, where it was a decision. */
  readonly receipt: string | undefined;

  constructor(problem: Problem, receipt?: string) {
    super(problem.detail);
    this.problem = problem;
    this.receipt = receipt;
  }
}

/** No answer: the network or the server is away. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/** What was checked is not true: somebody may have changed something. */
export class Broken extends Error {
  override name = 'Broken';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Carried {
  name: string;
  message: string;
  code?: string;
  problem?: Problem;
  receipt?: string | undefined;
}

/** Whether the server refused with one of `codes`. */
export function isRefused(error: unknown, ...codes: string[]): error is Refused {
  return error instanceof Refused && codes.includes(error.problem.code);
}

/** Has errors keep their kind and what they say on their way between the worker and the page. */
export function carryErrors(): void {
  Comlink.transferHandlers.set('throw', {
    canHandle: (value): value is { value: unknown } =>
      typeof value === 'object' && value !== null && Object.getOwnPropertySymbols(value).length > 0 && 'value' in value,
    serialize({ value }: { value: unknown }) {
      const error = value instanceof Error ? value : new Error(String(value));
      const carried: Carried = { name: error.name, message: error.message };
      if (error instanceof Refused) Object.assign(carried, { problem: error.problem, receipt: error.receipt });
      const { code } = error as { code?: unknown };
      if (typeof code === 'string') carried.code = code;
      return [carried, []];
    },
    deserialize(carried: Carried) {
      throw revived(carried);
    },
  });
}

function revived({ name, message, code, problem, receipt }: Carried): Error {
  if (problem) return new Refused(problem, receipt);
  if (name === 'Unreachable') return new Unreachable(message);
  if (code !== undefined) return new Broken(code, message);
  return Object.assign(new Error(message), { name });
}
