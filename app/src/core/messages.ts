import type * as Wasm from './pkg/aegle_web';

/** Encrypts a text to a vault, for `POST /v1/access-requests`. */
export function sealText({ sealMessage }: typeof Wasm, vault: string, account: Wasm.RpcAccount, text: string): string {
  return btoa(String.fromCharCode(...sealMessage(vault, account, text)));
}

/** Opens one, in base64. */
export function openText({ openMessage }: typeof Wasm, vault: string, keys: Wasm.SecretKeys, sealed: string): string {
  return openMessage(
    vault,
    keys,
    Uint8Array.from(atob(sealed), (byte) => byte.charCodeAt(0)),
  );
}
