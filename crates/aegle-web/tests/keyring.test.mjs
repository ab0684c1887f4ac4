import assert from "node:assert/strict";
import { test } from "node:test";
import { accounts, core, refused, signature, vectors } from "./support.mjs";

const { RequestKey, SecretKeys, Unlocked } = core;
const example = vectors("keyring");
const { vault, wallet } = example;
const site = { domain: wallet.domain, uri: wallet.uri };
const stored = [{ keyring: JSON.stringify(example.keyring) }];

function unlocked() {
  const message = Unlocked.messageToOpen(stored, accounts.vault, vault, site, wallet.owner);
  assert.equal(message, wallet.message);
  const signed = signature(wallet.seed, message);
  return Unlocked.openWithWallet(stored, accounts.vault, vault, site, wallet.owner, signed, signed);
}

test("the keyring of the shared vectors opens by the wallet and by the code", () => {
  for (const opened of [unlocked(), Unlocked.openWithCode(stored, accounts.vault, vault, example.code.text)]) {
    assert.equal(opened.encryptionKey, example.vault_key.public);
    assert.equal(opened.keyEpoch, 3);
    assert.equal(opened.vault, vault);
    assert.equal(opened.secretKeys().encryptionKeys.length, 2, "the epoch before too");
    opened.free();
    assert.throws(() => opened.vault, "it is gone");
  }
});

test("a keyring opens for nobody else, nowhere else and for no other key on chain", () => {
  const open = (site, account = accounts.vault) => () => Unlocked.messageToOpen(stored, account, vault, site, wallet.owner);
  assert.throws(open({ domain: "evil.example", uri: "https://evil.example/" }), refused("wrong_site"));
  assert.throws(open(site, { ...accounts.vault, owner: vault }), refused("not_as_on_chain"));
  assert.throws(open(site, accounts.recovery), refused("not_as_on_chain"));
  const other = "K" + example.code.text.slice(1);
  assert.throws(() => Unlocked.openWithCode(stored, accounts.vault, vault, other), refused("keyring"));
  assert.throws(() => Unlocked.openWithCode(stored, accounts.otherKey, vault, example.code.text), refused("not_as_on_chain"));
  const [one, two] = [signature(wallet.seed, wallet.message), signature("05".repeat(32), wallet.message)];
  assert.throws(() => Unlocked.openWithWallet(stored, accounts.vault, vault, site, wallet.owner, one, two), refused("keyring"));
});

test("a new root is wrapped, stored and opened again", () => {
  const made = unlocked().rotated(accounts.vault);
  assert.equal(made.keyEpoch, 4);
  const signed = signature(wallet.seed, made.messageToWrap(site, wallet.owner));
  const guardians = example.guardians.map((each) => ({ guardian: each.guardian, encryptionKey: each.public }));
  const keyring = made.wrap(site, wallet.owner, signed, signed, { threshold: 2, guardians });
  assert.match(keyring.code(), /^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
  const body = keyring.body();
  assert.equal(body.vault, vault);
  assert.equal(body.key_epoch, 4);
  assert.deepEqual(body.shares.map((share) => share.guardian), guardians.map((each) => each.guardian));
  assert.equal(JSON.parse(body.keyring).previous.key_epoch, 3);
  assert.throws(() => made.wrap(site, wallet.owner, signed, signed, { threshold: 9, guardians }), refused("keyring"));
});

test("one way to a keyring is changed, and the others stay", () => {
  const opened = unlocked();
  const byCode = (keyring, code) => Unlocked.openWithCode([keyring], accounts.vault, vault, code).encryptionKey;
  const made = opened.withCode(stored);
  assert.equal(byCode(made.body(), made.code()), example.vault_key.public);
  assert.throws(() => byCode(made.body(), example.code.text), refused("keyring"), "the code before opens nothing");
  const before = JSON.parse(stored[0].keyring);
  assert.deepEqual(JSON.parse(made.body().keyring).wallet, before.wallet);
  assert.equal(made.body().shares.length, 3);
  const guardians = example.guardians.slice(0, 2).map((each) => ({ guardian: each.guardian, encryptionKey: each.public }));
  const others = opened.withGuardians(stored, { threshold: 1, guardians });
  assert.deepEqual(others.shares.map((share) => share.guardian), guardians.map((each) => each.guardian));
  assert.equal(byCode(others, example.code.text), example.vault_key.public);
  const signed = signature(wallet.seed, opened.messageToWrap(site, wallet.owner));
  const again = opened.withWallet(stored, site, wallet.owner, signed, signed);
  assert.notDeepEqual(JSON.parse(again.keyring).wallet, before.wallet);
  assert.equal(Unlocked.openWithWallet([again], accounts.vault, vault, site, wallet.owner, signed, signed).keyEpoch, 3);
  assert.throws(() => opened.withCode([]), refused("no_key"));
});

test("guardians are committed to by what each of them gets", () => {
  const keys = example.guardians.map((each) => each.guardian);
  const list = core.guardianList(vault, keys);
  assert.equal(list.count, keys.length);
  assert.match(list.commitment, /^[0-9a-f]{64}$/);
  assert.deepEqual(list.all.guardians.map((each) => each.guardian), keys);
  for (const [index, file] of list.each.entries()) {
    const { salt } = list.all.guardians[index];
    const commitments = list.each[0].commitments;
    assert.deepEqual(file, { kind: "aegle:guardian-opening:v1", vault, guardian: keys[index], index, salt, commitments });
  }
  assert.notEqual(core.guardianList(vault, keys).commitment, list.commitment, "salts are random");
  assert.throws(() => core.guardianList(vault, ["nobody"]), refused("bad_argument"));
});

test("the reading key of the shared vectors follows from the wallet, on its site alone", () => {
  const { domain, keys, seed, uri, wallet } = vectors("reading-key");
  for (const { number, message, public: key } of keys) {
    assert.equal(SecretKeys.walletMessage({ domain, uri }, wallet, number), message);
    const signed = signature(seed, message);
    const made = SecretKeys.fromWallet({ domain, uri }, wallet, number, signed, signed);
    assert.deepEqual(made.encryptionKeys, [key]);
    const elsewhere = { domain: "other.example", uri: "https://other.example" };
    assert.throws(() => SecretKeys.fromWallet(elsewhere, wallet, number, signed, signed), refused("keyring"));
    assert.throws(() => SecretKeys.fromWallet({ domain, uri }, wallet, number + 2, signed, signed), refused("keyring"));
  }
});

test("a guardian hands the own share over, and the new owner takes over", () => {
  const guardian = example.guardians[1];
  const keys = SecretKeys.fromFile(Buffer.from(JSON.stringify({
    kind: "aegle:encryption-key:v1", public_key: guardian.public, secret_key: guardian.secret,
  })));
  assert.deepEqual(keys.encryptionKeys, [guardian.public]);
  assert.equal(JSON.parse(keys.toFile()).secret_key, guardian.secret);
  const share = JSON.stringify(example.keyring.guardians.shares[1]);
  const kept = [{ vault, key_epoch: 3, guardian: guardian.guardian, holder: guardian.guardian, share }];
  const recovery = example.recovery.shares[0].recovery;
  const handed = core.handOver(kept, guardian.guardian, keys, recovery, accounts.recovery);
  assert.equal(handed.holder, example.guardians[0].guardian);
  assert.throws(() => core.handOver(kept, guardian.guardian, SecretKeys.generate(), recovery, accounts.recovery), refused("keyring"));
  assert.equal(unlocked().secretKeys().toFile(), undefined, "a vault's keys are in no file");
});

test("a challenge is signed only where it asks to sign in here", () => {
  const key = new RequestKey();
  const here = { domain: "aegle.example", uri: "https://aegle.example" };
  const fields = {
    challenge: "sealed", domain: here.domain, address: wallet.owner, statement: "Sign in to Aegle.", uri: here.uri,
    version: "1", chainId: "solana:localnet", nonce: "00ff", issuedAt: "2030-01-01T00:00:00Z",
    expirationTime: "2030-01-01T00:05:00Z", resources: [`aegle:request-key:${key.key}`],
  };
  const message = `${here.domain} wants you to sign in with your Solana account:\n${wallet.owner}\n\nSign in to Aegle.\n\n` +
    `URI: ${here.uri}\nVersion: 1\nChain ID: solana:localnet\nNonce: 00ff\nIssued At: 2030-01-01T00:00:00Z\n` +
    `Expiration Time: 2030-01-01T00:05:00Z\nResources:\n- aegle:request-key:${key.key}`;
  assert.deepEqual(key.checkChallenge({ ...fields, message }, here, wallet.owner), {
    challenge: "sealed", message, issuedAt: 1893456000,
  });
  for (const changed of [{ domain: "evil.example" }, { message: `${message}\n- more` }, { resources: [] }]) {
    assert.throws(() => key.checkChallenge({ ...fields, message, ...changed }, here, wallet.owner), refused("wrong_site"));
  }
  const signed = key.sign({ method: "GET", path: "/v1/records", query: "patient=x", purpose: "PATRQT" }, 1893456000);
  assert.match(signed.signatureInput, /^aegle=\("@method" "@path" "@query" "aegle-purpose"\);created=1893456000;nonce="/);
  assert.match(signed.signature, /^aegle=:[A-Za-z0-9+/]{86}==:$/);
});
