import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accounts, core, refused } from "./support.mjs";

const { LedgerReading, LogAudit, Receipt, SecretKeys } = core;
const log = JSON.parse(readFileSync(new URL("log.json", import.meta.url)));
const { vault, kept } = log;
const last = log.leaves[4];

test("inv_9: a patient's log is whole, or it says what is wrong", () => {
  const checked = core.checkLog(vault, kept);
  assert.equal(checked.entries.length, 3);
  assert.equal(checked.entries[2].commitment, last);
  assert.equal(checked.entries[2].entry.outcome.decision, "deny");
  assert.deepEqual(checked.tree, log.tree);
  const changed = (change) => {
    const other = structuredClone(kept);
    change(other);
    return () => core.checkLog(vault, other);
  };
  assert.throws(changed((kept) => kept.entries.splice(1, 1)), refused("log_fault"), "one is missing");
  assert.throws(changed((kept) => kept.entries.pop()), refused("log_fault"), "the last is missing");
  assert.throws(changed((kept) => { kept.entries[0].salt = kept.entries[1].salt; }), refused("log_fault"), "one is altered");
  assert.throws(changed((kept) => { kept.checkpoint = kept.checkpoint.replace("\n5\n", "\n6\n"); }), refused("server"), "nobody signed it");
});

test("inv_9: proofs hold for what they are about and for nothing else", () => {
  assert.deepEqual(core.readCheckpoint(kept.verifier, kept.checkpoint).tree, log.tree);
  assert.equal(core.proves(log.inclusion, last, log.tree.root), true);
  assert.equal(core.proves(log.inclusion, log.leaves[0], log.tree.root), false);
  assert.equal(core.provesExtension(log.consistency, log.before.root, log.tree.root), true);
  assert.equal(core.provesExtension(log.consistency, log.tree.root, log.before.root), false);
});

test("inv_9: a whole log is compared with everything that was stated of it", () => {
  const audit = (leaves, stated = [log.before, log.tree]) => {
    const audit = new LogAudit(stated);
    audit.push(leaves.slice(0, 2));
    audit.push(leaves.slice(2));
    return audit.finish();
  };
  assert.equal(audit(log.leaves), 5);
  assert.throws(() => audit(log.leaves.slice(0, 4)), refused("log_fault"), "cut off");
  assert.throws(() => audit([log.leaves[1], log.leaves[0], ...log.leaves.slice(2)]), refused("log_fault"), "reordered");
  assert.throws(() => audit(log.leaves, [log.tree, { ...log.tree, root: log.before.root }]), refused("log_fault"), "forked");
});

test("a receipt is checked step by step, and says what it takes to decide again", () => {
  const receipt = new Receipt(JSON.stringify(log.bundle), undefined);
  const report = receipt.verify(kept.verifier);
  assert.equal(report.holds, true, JSON.stringify(report.checks));
  assert.equal(report.replayed, false);
  assert.equal(report.entry.vault, vault);
  assert.ok(report.checks.some(({ found }) => found === "not_checked"));
  const forged = { ...log.bundle, entry: log.bundle.entry.replace("deny", "permit") };
  assert.equal(new Receipt(JSON.stringify(forged), undefined).verify(undefined).holds, false);
  assert.throws(() => receipt.openRefused(SecretKeys.generate()), refused("server"));

  const reading = new LedgerReading(receipt, []);
  assert.equal(reading.slot, 100);
  assert.deepEqual(reading.credentials(), []);
  assert.deepEqual(reading.accounts([]), [vault]);
  assert.equal(reading.vaultMissing(), vault);
  assert.deepEqual(reading.registrarsMissing(), []);
  assert.throws(() => reading.checkVault(accounts.vault), refused("not_as_on_chain"), "the node dropped its transactions");
  reading.checkVault(null);
  const again = reading.verify(receipt, null, kept.verifier);
  const unasked = ({ what }) => what.includes("no node was asked");
  assert.deepEqual([report.checks.some(unasked), again.checks.some(unasked)], [true, false]);
  assert.throws(() => reading.slot, refused("bad_argument"));
});
