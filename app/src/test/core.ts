import { hexText } from '@/chain/bytes';
import type { Answered, Asked, KeyUse } from '@/core/core';
import * as errors from '@/core/errors';

/** What the server answers, by method and path without the query: a body, or a status with a problem's code. */
type Answer = { body: unknown; receipt?: string } | { status: number; code: string };
export type Answers = Record<string, Answer | ((asked: Asked) => Answer | Promise<Answer>)>;

let answers: Answers = {};
let opens: (record: string) => unknown = () => {
  throw new Error('nothing is to be opened');
};
export const asked: Asked[] = [];
let named: object | undefined;

/** Says whom the chain vouches for from now on; for a mock of '@/chain/names'. */
export function vouch(next: typeof named): void {
  named = next;
}
export async function namedBy() {
  return named;
}
/** What was sent to patients. */
export const mailed: Record<string, unknown>[] = [];

/** Says what the server answers from now on, and what opens. */
export function serve(next: Answers, open = opens): void {
  asked.length = 0;
  mailed.length = 0;
  [answers, opens] = [next, open];
}

/** Has the worker do more: methods by their names. */
export function teach(methods: Record<string, (...given: never[]) => unknown>): void {
  Object.assign(worker, methods);
}

/** In the place of '@/core': no worker and no network, the same errors. */
export function fakeCore() {
  return { ...errors, core: () => worker, endCore: () => {} };
}

const worker = {
  async ask(request: Asked): Promise<Answered> {
    asked.push(request);
    const path = request.path.split('?')[0] ?? '';
    const found = answers[`${request.method} ${path}`];
    const answer = typeof found === 'function' ? await found(request) : found;
    const headers: [string, string][] = [['content-type', 'application/json']];
    if (!answer) throw new errors.Unreachable(`nothing answers ${request.method} ${path}`);
    if ('body' in answer) {
      if (answer.receipt) headers.push(['aegle-receipt', answer.receipt]);
      return { status: 200, headers, body: JSON.stringify(answer.body) };
    }
    const { status, code } = answer;
    const problem = { code, status, title: code, detail: `refused: ${code}`, request_id: 'r-1' };
    return { status, headers, body: JSON.stringify(problem) };
  },
  async open({ record }: { record: string }) {
    return opens(record);
  },
  async mail(vault: string, _: unknown, by: object, sign: (message: Uint8Array) => Promise<Uint8Array>, draft: object) {
    mailed.push({ vault, ...by, draft, signature: await sign(new Uint8Array([1, 2, 3])) });
  },
  async useKeyFile(_use: KeyUse, _file: Uint8Array) {
    return ['aa'];
  },
  async messageToRead(_: unknown, wallet: string) {
    return `reading key of ${wallet}`;
  },
  /** The signature is the key. */
  async useWalletKey(_use: KeyUse, _site: unknown, _wallet: string, signature: Uint8Array, attested: string) {
    return hexText(signature) === attested;
  },
  async publicKeyToRead(_site: unknown, _wallet: string, first: Uint8Array) {
    return hexText(first);
  },
  async sealMessage(vault: string, _: unknown, text: string) {
    return btoa(`${vault} ${text}`);
  },
  async openMessage(vault: string, sealed: string) {
    const [to, ...words] = atob(sealed).split(' ');
    if (to !== vault) throw new Error('it is encrypted to another key');
    return words.join(' ');
  },
};
