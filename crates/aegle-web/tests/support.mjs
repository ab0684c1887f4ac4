// The module as a browser loads it, and what stands in for a wallet.
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import * as core from "../../../app/src/core/pkg/aegle_web.js";

const here = new URL(".", import.meta.url);
core.initSync({ module: readFileSync(new URL("../../../app/src/core/pkg/aegle_web_bg.wasm", here)) });

export { core };
export const vectors = (name) => JSON.parse(readFileSync(new URL(`../../aegle-envelope/vectors/${name}.json`, here)));
export const accounts = JSON.parse(readFileSync(new URL("accounts.json", here)));
export const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
export const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Signs as the wallet of a seed (Ed25519). */
export function signature(seed, message) {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed, "hex")]),
    format: "der",
    type: "pkcs8",
  });
  return new Uint8Array(sign(null, Buffer.from(message), key));
}

/** An error of the module, by its code. */
export const refused = (code) => (error) => error instanceof Error && error.code === code && error.message.length > 10;
