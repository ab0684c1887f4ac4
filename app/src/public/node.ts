import { sleep } from '@/chain/sleep';

/** A node of the network, asked directly: JSON-RPC, with answers as they come. */

/** The page may not ask there: the server that it came from named its own node only. */
export class Forbidden extends Error {
  override name = 'Forbidden';
}

/** The node did not answer, or answered that it cannot. */
export class NodeError extends Error {
  override name = 'NodeError';
}

/** An account as it is told with `encoding: "base64"`. */
export interface Told {
  owner: string;
  data: [string, 'base64'];
}

/** Milliseconds until a node that says nothing counts as away. */
const PATIENCE = 20_000;
/** How often a node is asked that does not answer, and how many milliseconds lie between. */
const ATTEMPTS = 3;
const PAUSE = 500;

export class Node {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async ask<T>(method: string, params: unknown[] = []): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const { result, error } = await this.#once<T>(method, params);
      if (error) throw new NodeError(error.message);
      if (result !== undefined) return result;
      // A node, or what stands before it, answers with nothing when it is asked too much at once.
      if (attempt >= ATTEMPTS) throw new NodeError('the node answers with nothing');
      await sleep(PAUSE);
    }
  }

  async #once<T>(method: string, params: unknown[]): Promise<{ result?: T; error?: { message: string } }> {
    let isForbidden = false;
    const refused = ({ blockedURI }: SecurityPolicyViolationEvent) => {
      if (this.url.startsWith(blockedURI) || blockedURI.startsWith(this.url)) isForbidden = true;
    };
    document.addEventListener('securitypolicyviolation', refused);
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        credentials: 'omit',
        signal: AbortSignal.timeout(PATIENCE),
      });
      return (await response.json()) as { result?: T; error?: { message: string } };
    } catch (error) {
      // The event comes after the refusal.
      await sleep(0);
      if (isForbidden) throw new Forbidden(this.url);
      throw new NodeError(error instanceof Error ? error.message : String(error));
    } finally {
      document.removeEventListener('securitypolicyviolation', refused);
    }
  }

  /** An account and the slot that it was read at. */
  async account(of: string, commitment: 'confirmed' | 'finalized'): Promise<{ slot: number; account: Told | null }> {
    const { context, value } = await this.ask<{ context: { slot: number }; value: Told | null }>('getAccountInfo', [
      of,
      { encoding: 'base64', commitment },
    ]);
    return { slot: context.slot, account: value };
  }

  /** Accounts of a program that begin with some bytes (base58). */
  async accountsOf(program: string, bytes: string): Promise<{ pubkey: string; account: Told }[]> {
    const filters = [{ memcmp: { offset: 0, bytes } }];
    return this.ask('getProgramAccounts', [program, { encoding: 'base64', commitment: 'confirmed', filters }]);
  }
}

export function bytesOf({ data }: Told): Uint8Array {
  return Uint8Array.from(atob(data[0]), (letter) => letter.charCodeAt(0));
}
