import type * as Wasm from './pkg/aegle_web';

/** A wallet has several keys, in case one leaks: the first is asked for, of others there is a file. */
const NUMBER = 1;

/** What the wallet is to sign. It names this site: on another one it gives another key. */
export function textForKey({ SecretKeys }: typeof Wasm, site: Wasm.Site, wallet: string): string {
  return SecretKeys.walletMessage(site, wallet, NUMBER);
}

/** The key that follows from the signature, where it is the one that is attested. */
export function keyOfWallet(
  { SecretKeys }: typeof Wasm,
  site: Wasm.Site,
  wallet: string,
  signature: Uint8Array,
  attested: string,
): Wasm.SecretKeys | undefined {
  // One signature is enough where the key is known: another gives another key.
  const keys = SecretKeys.fromWallet(site, wallet, NUMBER, signature, signature);
  if (keys.encryptionKeys.includes(attested)) return keys;
  keys.free();
  return undefined;
}

/** The public key, hex, for a registrar to attest. Signed twice: a wallet that signs differently each time has none. */
export function publicKeyOfWallet(
  { SecretKeys }: typeof Wasm,
  site: Wasm.Site,
  wallet: string,
  first: Uint8Array,
  second: Uint8Array,
): string {
  const keys = SecretKeys.fromWallet(site, wallet, NUMBER, first, second);
  const [key = ''] = keys.encryptionKeys;
  keys.free();
  return key;
}
