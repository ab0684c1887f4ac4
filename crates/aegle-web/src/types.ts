/** Base58 of 32 bytes: an address or a key. */
export type Key = string;
/** Lowercase hex. */
export type Hex = string;
/** An error thrown here: `code` is stable, the message a sentence. */
export interface CoreError extends Error { code: string }
/** An account as JSON-RPC tells it with `encoding: "base64"`. */
export interface RpcAccount { owner: Key; data: [string, "base64"] }
/** Where wallets are asked to sign: `location.host` and `location.origin`. */
export interface Site { domain: string; uri: string }

export interface CheckedChallenge {
  /** For the answer to the server. */
  challenge: string;
  /** The text to sign. */
  message: string;
  /** The server's clock, in seconds since the Unix epoch. */
  issuedAt: number;
}
export interface SignedRead { method: string; path: string; query?: string; purpose: string }
export interface RequestSignature { signatureInput: string; signature: string }

/** An item of `GET /v1/keyrings`. */
export interface StoredKeyring { keyring: string }
/** Body of `POST /v1/keyrings`. */
export interface NewKeyring { vault: Key; key_epoch: number; keyring: string; shares: { guardian: Key; share: string }[] }
export interface NewGuardians { threshold: number; guardians: { guardian: Key; encryptionKey: Hex }[] }
/** An item of `GET /v1/guardian-shares`. */
export interface KeptShare { vault: Key; key_epoch: number; guardian: Key; holder: Key; share: string }
/** Body of `POST /v1/guardian-shares`. */
export interface HandedShare { vault: Key; key_epoch: number; holder: Key; share: string }
