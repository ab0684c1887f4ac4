// Megabytes a second of sealing and opening, in pieces of 1 MiB: node crates/aegle-web/tests/speed.mjs
import { accounts, core, vectors } from "./support.mjs";

const SIZE = 64 << 20;
const PIECE = 1 << 20;
const keyring = vectors("keyring");
const content = new Uint8Array(SIZE).map((_, place) => place * 31);
const pieces = (bytes) => Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, at) => bytes.subarray(at * PIECE, (at + 1) * PIECE));

function timed(what, run) {
  const start = performance.now();
  const result = run();
  console.log(`FIGURE wasm_${what} ${(SIZE / 1e6 / ((performance.now() - start) / 1e3)).toFixed(0)} MB/s`);
  return result;
}

for (let round = 0; round < 2; round++) {
  const measured = timed("measure", () => {
    const measuring = new core.Measuring();
    for (const piece of pieces(content)) measuring.push(piece);
    return measuring.finish();
  });
  const draft = { labels: { kind: "aegle:labels:v1", categories: ["imaging"] }, media_type: "application/dicom" };
  const sealing = new core.Sealing(keyring.vault, draft, measured, undefined);
  const ciphertext = timed("seal", () => {
    const out = pieces(content).map((piece) => sealing.push(piece));
    for (let piece = sealing.finish(); piece !== undefined; piece = sealing.finish()) out.push(piece);
    return Buffer.concat(out);
  });
  const item = {
    ...sealing.newItem(accounts.vault, "ab".repeat(32)), item: "cd".repeat(32), sender: keyring.vault, practitioner: null,
    size: ciphertext.length, posted_at: "2030-01-01T00:00:00Z",
  };
  const stored = [{ keyring: JSON.stringify(keyring.keyring) }];
  const keys = core.Unlocked.openWithCode(stored, accounts.vault, keyring.vault, keyring.code.text).secretKeys();
  timed("open", () => {
    const opening = core.RecordOpening.ofItem(item, keys);
    for (const piece of pieces(ciphertext)) opening.push(piece);
    opening.finish();
  });
}
