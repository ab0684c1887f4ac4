import type * as Wasm from './pkg/aegle_web';

/** Ways back to a vault: recovery code, guardians, another wallet. The core's, which holds the secrets. */

type Module = typeof Wasm;

/** A keyring to store, and the recovery code, to be shown once. */
export interface Coded {
  code: string;
  body: Wasm.NewKeyring;
}

/** Takes both parts and forgets the rest. */
export function taken(made: Wasm.MadeKeyring): Coded {
  try {
    return { code: made.code(), body: made.body() };
  } finally {
    made.free();
  }
}

/** The key of a new owner while a recovery waits. It is kept in a file, locked with the new wallet. */
export class Prepared {
  readonly #root: Wasm.PreparedRoot;
  readonly #vault: string;

  private constructor(root: Wasm.PreparedRoot, vault: string) {
    [this.#root, this.#vault] = [root, vault];
  }

  static anew({ PreparedRoot }: Module, vault: string, account: Wasm.RpcAccount): Prepared {
    return new Prepared(new PreparedRoot(vault, account), vault);
  }

  /** From its file, by what the wallet signed of {@link Prepared.message}. */
  static kept(
    { PreparedRoot }: Module,
    { vault, key_epoch, keyring }: Kept,
    site: Wasm.Site,
    owner: string,
    signature: Uint8Array,
  ): Prepared {
    const root = PreparedRoot.kept(vault, key_epoch, { keyring }, site, owner, signature, signature);
    return new Prepared(root, vault);
  }

  static message({ PreparedRoot }: Module, { vault, key_epoch }: Kept, site: Wasm.Site, owner: string): string {
    return PreparedRoot.messageToOpen(vault, key_epoch, site, owner);
  }

  get vault(): string {
    return this.#vault;
  }

  /** What the guardians propose on chain, hex. */
  get encryptionKey(): string {
    return this.#root.encryptionKey;
  }

  /** The text that the wallet signs twice. */
  messageToKeep(site: Wasm.Site, owner: string): string {
    const root = this.#root.toKeep();
    try {
      return root.messageToWrap(site, owner);
    } finally {
      root.free();
    }
  }

  /** What the file holds. */
  toKeep(site: Wasm.Site, owner: string, first: Uint8Array, second: Uint8Array): Kept {
    const root = this.#root.toKeep();
    try {
      // The code opens nothing but this file, and nobody is shown it.
      const { body } = taken(root.wrap(site, owner, first, second, undefined));
      return { vault: body.vault, key_epoch: body.key_epoch, keyring: body.keyring };
    } finally {
      root.free();
    }
  }

  takeOver(
    handed: Wasm.KeptShare[],
    holder: string,
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
  ): Wasm.Unlocked {
    return this.#root.takeOver(handed, holder, keyrings, account);
  }
}

export interface Kept {
  vault: string;
  key_epoch: number;
  keyring: string;
}
