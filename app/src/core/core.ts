import { Refused, Unreachable } from './errors';
import type * as Wasm from './pkg/aegle_web';

/** A request of the page to the server, by the worker. */
export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

export interface Answered {
  status: number;
  headers: [string, string][];
  body: string;
}

/** Somebody who signed in. */
export interface SignedIn {
  wallet: string;
  /** RFC 3339; renewed while the page is in use. */
  expiresAt: string;
  endsAt: string;
}

interface SessionAnswer {
  token: string;
  session: { wallet: string; expires_at: string; ends_at: string };
}

/** Header that states the purpose of a read; what has it is signed. */
const PURPOSE = 'aegle-purpose';

/**
 * What holds secrets: the session's token and keys, the patient's root secrets, contents on their way. It lives
 * in a worker; ending the worker wipes all of it.
 */
export class Core {
  readonly #wasm: Promise<typeof Wasm>;
  #requestKey: Wasm.RequestKey | undefined;
  #unlocked: Wasm.Unlocked | undefined;
  #token: string | undefined;
  /** Seconds by which the server's clock is ahead. */
  #ahead = 0;
  #challenge: { challenge: string; message: string } | undefined;

  constructor() {
    this.#wasm = import('./pkg/aegle_web').then(async (wasm) => {
      await wasm.default();
      return wasm;
    });
  }

  /** Has the server ask `wallet` to sign in on `site`; gives the text to sign, which was checked. */
  async challenge(site: Wasm.Site, wallet: string): Promise<string> {
    const { RequestKey } = await this.#wasm;
    this.#requestKey?.free();
    this.#requestKey = new RequestKey();
    const asked = { address: wallet, request_key: this.#requestKey.key };
    const given = await this.#json<unknown>('POST', '/v1/sign-in/challenge', asked);
    const checked = this.#requestKey.checkChallenge(given, site, wallet);
    this.#challenge = checked;
    this.#ahead = checked.issuedAt - Date.now() / 1000;
    return checked.message;
  }

  /** Answers the challenge. */
  async signIn(signature: string): Promise<SignedIn> {
    const answer = { challenge: this.#challenge?.challenge, signature };
    const { token, session } = await this.#json<SessionAnswer>('POST', '/v1/sign-in', answer);
    this.#token = token;
    return { wallet: session.wallet, expiresAt: session.expires_at, endsAt: session.ends_at };
  }

  /** A new vault's root secret, with the ids to make the vault on chain. */
  async newVault(): Promise<{ vault: string; vaultId: Uint8Array; encryptionKey: Uint8Array }> {
    const { Unlocked, vaultId } = await this.#wasm;
    const id = vaultId();
    this.#unlocked = Unlocked.create(id.vault);
    return { vault: id.vault, vaultId: bytes(id.id), encryptionKey: bytes(this.#unlocked.encryptionKey) };
  }

  /** The text that the wallet signs twice, so that it opens the vault from then on. */
  messageToWrap(site: Wasm.Site, owner: string): string {
    return this.#open().messageToWrap(site, owner);
  }

  /** A keyring to store, and the recovery code, to be shown once. */
  wrap(site: Wasm.Site, owner: string, first: Uint8Array, second: Uint8Array): { code: string; body: Wasm.NewKeyring } {
    const made = this.#open().wrap(site, owner, first, second, undefined);
    try {
      return { code: made.code(), body: made.body() };
    } finally {
      made.free();
    }
  }

  /** The text that the wallet signs to open the vault. */
  async messageToUnlock(
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
    vault: string,
    site: Wasm.Site,
    owner: string,
  ): Promise<string> {
    const { Unlocked } = await this.#wasm;
    return Unlocked.messageToOpen(keyrings, account, vault, site, owner);
  }

  /** Opens the vault. One signature is enough: another than the one that closed it opens nothing. */
  async unlock(
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
    vault: string,
    site: Wasm.Site,
    owner: string,
    signature: Uint8Array,
  ): Promise<void> {
    const { Unlocked } = await this.#wasm;
    this.#unlocked = Unlocked.openWithWallet(keyrings, account, vault, site, owner, signature, signature);
  }

  #open(): Wasm.Unlocked {
    if (!this.#unlocked) throw new Error('the vault is not unlocked');
    return this.#unlocked;
  }

  /** Asks the server in the name of who signed in; reads for a purpose are signed (RFC 9421). */
  async ask({ method, path, headers, body }: Asked): Promise<Answered> {
    const response = await this.#send(method, path, headers, body);
    return { status: response.status, headers: [...response.headers], body: await response.text() };
  }

  async #send(method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<Response> {
    const all: Record<string, string> = { ...headers };
    if (this.#token) all.authorization = `Bearer ${this.#token}`;
    const purpose = headers[PURPOSE];
    if (purpose !== undefined && method === 'GET' && this.#requestKey) {
      const url = new URL(path, location.origin);
      const at = Date.now() / 1000 + this.#ahead;
      const read = { method, path: url.pathname, query: url.search.slice(1), purpose };
      const { signatureInput, signature } = this.#requestKey.sign(read, Math.floor(at));
      Object.assign(all, { 'signature-input': signatureInput, signature });
    }
    try {
      return await fetch(path, { method, headers: all, body: body ?? null, cache: 'no-store', redirect: 'error' });
    } catch (error) {
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  async #json<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.#send(method, path, { 'content-type': 'application/json', ...headers }, sent);
    return (await accepted(response)).json() as Promise<T>;
  }
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Makes an error of a refusal. */
async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({
    code: 'unknown',
    title: 'The server refused',
    detail: `The server answered with status ${response.status}.`,
    status: response.status,
    request_id: '',
  }));
  throw new Refused(problem, response.headers.get('aegle-receipt') ?? undefined);
}
