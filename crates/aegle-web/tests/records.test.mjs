import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { accounts, bytes, core, hex, refused, signature, vectors } from "./support.mjs";

const { Measuring, Receipt, Recipients, RecordOpening, SecretKeys, Sealing, Unlocked } = core;
const keyring = vectors("keyring");
const record = vectors("record");
const { vault } = keyring;
const stored = [{ keyring: JSON.stringify(keyring.keyring) }];
const unlocked = () => Unlocked.openWithCode(stored, accounts.vault, vault, keyring.code.text);

/** Runs content or ciphertext through, in pieces. */
function through(stream, content, size) {
  const out = [];
  for (let at = 0; at < content.length; at += size) out.push(stream.push(content.subarray(at, at + size)));
  return out;
}

function seal(draft, content, size, issue) {
  const measuring = new Measuring();
  for (let at = 0; at < content.length; at += size) measuring.push(content.subarray(at, at + size));
  const measured = measuring.finish();
  const sealing = new Sealing(vault, draft, measured, issue?.(measured));
  const out = through(sealing, content, size);
  for (let piece = sealing.finish(); piece !== undefined; piece = sealing.finish()) out.push(piece);
  const ciphertext = Buffer.concat(out);
  assert.equal(ciphertext.length, sealing.size);
  return { sealing, ciphertext };
}

const draft = {
  labels: { kind: "aegle:labels:v1", categories: ["document"] },
  media_type: "application/pdf", title: "Letter",
};

test("the record of the shared vectors opens in pieces of any size", () => {
  for (const size of [1, 100, 1 << 20]) {
    const opening = RecordOpening.ofRecord(accounts.held, accounts.record, unlocked().secretKeys());
    const content = Buffer.concat([...through(opening, bytes(record.ciphertext), size), opening.finish()]);
    assert.equal(hex(content), record.content);
    assert.equal(opening.details().title, 'Blutbild "klein"');
    assert.equal(opening.issuance(undefined).state, "unknown");
    const credential = {
      credential: record.issue.credential, registrar: vault, subject: record.issue.issuer, kind: "practitioner",
      in_effect: true, reason: null,
    };
    assert.equal(opening.issuance(credential).state, "signed");
    assert.equal(opening.issuance({ ...credential, subject: vault }).state, "false");
  }
});

test("a record is refused that is not the one on chain, for another key, or altered", () => {
  const keys = unlocked().secretKeys();
  assert.throws(() => RecordOpening.ofRecord(accounts.held, accounts.otherRecord, keys), refused("not_as_on_chain"));
  assert.throws(() => RecordOpening.ofRecord(accounts.held, accounts.record, SecretKeys.generate()), refused("no_key"));
  const pending = { ...accounts.held, key: { state: "key_pending" } };
  assert.throws(() => RecordOpening.ofRecord(pending, accounts.record, keys), refused("no_key"));
  for (const place of [7, 60, record.ciphertext.length / 2 - 1]) {
    const ciphertext = bytes(record.ciphertext);
    ciphertext[place] ^= 1;
    const opening = RecordOpening.ofRecord(accounts.held, accounts.record, keys);
    assert.throws(() => { opening.push(ciphertext); opening.finish(); }, refused("content_altered"));
    assert.throws(() => opening.push(ciphertext), refused("content_altered"), "what failed stays failed");
  }
  const cut = RecordOpening.ofRecord(accounts.held, accounts.record, keys);
  cut.push(bytes(record.ciphertext).subarray(0, -1));
  assert.throws(() => cut.finish(), refused("content_altered"));
});

test("what is sealed in pieces is signed by its issuer and opens to the same", () => {
  const content = new Uint8Array(300_000).map((_, place) => place);
  const credential = record.issue.credential;
  const issue = (measured) => {
    assert.equal(measured.sha256, createHash("sha256").update(content).digest("hex"));
    const message = core.issueMessage(vault, measured, draft.media_type, credential);
    assert.equal(message.length, 142);
    return { credential, issuer: record.issue.issuer, signature: hex(signature(record.issue.issuer_seed, message)) };
  };
  const { sealing, ciphertext } = seal(draft, content, 1 << 16, issue);
  const upload = "ab".repeat(32);
  const { body, mint } = sealing.newRecord(accounts.vault, keyring.wallet.owner, upload, undefined);
  assert.equal(body.vault, vault);
  assert.equal(body.record_id, mint.recordId);
  assert.equal(body.upload, upload);
  const item = {
    ...sealing.newItem(accounts.vault, upload), item: "cd".repeat(32), sender: vault, practitioner: null,
    size: ciphertext.length, posted_at: "2030-01-01T00:00:00Z",
  };
  assert.equal(core.mailedRecord(item).commitment, mint.commitment);
  const opening = RecordOpening.ofItem(item, unlocked().secretKeys());
  const opened = Buffer.concat([...through(opening, ciphertext, 50_000), opening.finish()]);
  assert.ok(opened.equals(Buffer.from(content)));
  assert.equal(opening.issuance(undefined).state, "unknown");
  assert.equal(opening.details().length, 300_000);
});

test("content that is not the one measured has no key for anybody", () => {
  const measuring = new Measuring();
  measuring.push(new Uint8Array(10));
  const sealing = new Sealing(vault, draft, measuring.finish(), undefined);
  assert.throws(() => sealing.newItem(accounts.vault, "ab".repeat(32)), refused("bad_argument"), "not before its end");
  sealing.push(new Uint8Array(9));
  assert.throws(() => sealing.finish(), refused("content_altered"));
  assert.throws(() => new Sealing(vault, { ...draft, labels: { kind: "aegle:labels:v1", categories: [] } }, { length: 1, sha256: "00".repeat(32) }, undefined), refused("content_altered"));
});

test("a consent is made of what was shown, and opens what the chain committed to", () => {
  const policy = { kind: "aegle:policy:v1", base: "all-normal" };
  core.checkPolicy(policy);
  assert.throws(() => core.checkPolicy({ ...policy, recipient: "00".repeat(32) }), refused("bad_document"));
  const grant = {
    grantee: keyring.wallet.owner, encryptionKey: keyring.guardians[0].public, purposes: 1, actions: 1, fromDay: 0,
    untilDay: 10, policy,
  };
  const { body, terms } = core.granting(unlocked(), grant, accounts.shown);
  assert.equal(JSON.parse(body.policy).preview, accounts.shown.hash, "its hash is inside what is signed");
  assert.equal(JSON.parse(body.policy).recipient, keyring.guardians[0].public);
  assert.equal(body.consent_id, terms.consent_id);
  assert.throws(() => core.granting(unlocked(), { ...grant, purposes: 2 }, accounts.shown), refused("server"));
  const other = { ...accounts.shown, withheld: 1 };
  assert.throws(() => core.granting(unlocked(), grant, other), refused("server"), "another count than the hash covers");

  assert.equal(core.openedPolicy(accounts.heldConsent, accounts.consent).kind, "aegle:policy:v2");
  const forged = { ...accounts.heldConsent, grantee: vault };
  assert.equal(core.openedPolicy(forged, accounts.consent), undefined);
});

test("keys go to whom a consent on chain names, and to nobody else", () => {
  const { heldConsent } = accounts;
  const recipients = (account, now = 86_400) => {
    const all = new Recipients(vault, accounts.vault, now);
    all.addConsent(heldConsent, account);
    return all;
  };
  assert.deepEqual(recipients(accounts.consent).keysOf(heldConsent.grantee), [heldConsent.encryption_key]);
  assert.deepEqual(recipients(accounts.consent).keysOf(vault), [keyring.vault_key.public]);
  assert.deepEqual(recipients(accounts.consent).keysOf(keyring.wallet.owner), []);
  assert.deepEqual(recipients(accounts.revokedConsent).keysOf(heldConsent.grantee), [], "revoked");
  assert.deepEqual(recipients(accounts.consent, 100 * 86_400).keysOf(heldConsent.grantee), [], "expired");
  const pending = [
    { record: accounts.held.record, holder: heldConsent.grantee, recipient: heldConsent.encryption_key },
    { record: accounts.held.record, holder: keyring.wallet.owner, recipient: keyring.guardians[1].public },
  ];
  const { wraps } = recipients(accounts.consent).fill(pending, [accounts.held], unlocked().secretKeys());
  assert.deepEqual(wraps.map(({ wrap }) => wrap.holder), [heldConsent.grantee]);
  const read = { ...accounts.held, key: { state: "wrapped", mail: false, ...wraps[0].wrap } };
  const grantee = SecretKeys.fromFile(Buffer.from(JSON.stringify({
    kind: "aegle:encryption-key:v1", public_key: keyring.guardians[0].public, secret_key: keyring.guardians[0].secret,
  })));
  const opening = RecordOpening.ofRecord(read, accounts.record, grantee);
  assert.equal(hex(Buffer.concat([opening.push(bytes(record.ciphertext)), opening.finish()])), record.content);
});

test("the engine previews what a policy would open", () => {
  const records = [
    { record: vault, labels: { kind: "aegle:labels:v1", categories: ["laboratory"] } },
    { record: keyring.wallet.owner, labels: { kind: "aegle:labels:v1", categories: ["imaging"] } },
    { record: accounts.held.record, labels: { kind: "aegle:labels:v1", categories: ["laboratory"], sensitivity: ["HIV"] } },
  ];
  const policy = { kind: "aegle:policy:v1", permit: [{ categories: ["laboratory"] }] };
  const { records: open, withheld } = core.previewPolicy(vault, 1, policy, records);
  assert.deepEqual(open, [vault]);
  assert.equal(withheld, 2);
});

test("a message to a vault opens with its keys alone", () => {
  const sealed = core.sealMessage(vault, accounts.vault, "May I see your results?");
  assert.equal(core.openMessage(vault, unlocked().secretKeys(), sealed), "May I see your results?");
  assert.throws(() => core.openMessage(vault, SecretKeys.generate(), sealed), refused("no_key"));
  assert.equal(core.vaultId().id.length, 64);
});

test("words and refusals are those of the crates", () => {
  assert.equal(core.vocabulary().categories.length, 18);
  assert.equal(core.vocabulary().purposes.length, 9);
  assert.equal(core.refusals()[0].code, 6000);
  assert.throws(() => new Receipt("no receipt", undefined), refused("bad_receipt"));
});
