import { readFileSync } from 'node:fs';
import { address, getBase64Decoder } from '@solana/kit';
import { beforeAll, expect, test } from 'vitest';
import { hexBytes } from '@/chain/bytes';
import { AEGLE_PROGRAM_ADDRESS, getVaultEncoder } from '@/program/generated';
import { Core } from './core';
import * as wasm from './pkg/aegle_web';

const VAULT = 'CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ';

beforeAll(async () => {
  await wasm.default({ module_or_path: readFileSync('src/core/pkg/aegle_web_bg.wasm') });
});

/** A key with its file. */
function made() {
  const keys = wasm.SecretKeys.generate();
  const [key = ''] = keys.encryptionKeys;
  return { key, file: new TextEncoder().encode(keys.toFile()) };
}

/** The account of a vault that has this key. */
function vaultWith(key: string): wasm.RpcAccount {
  const nobody = address('11111111111111111111111111111111');
  const nothing = { count: 0, threshold: 0, commitment: new Uint8Array(32), recoveryDelay: 0 };
  const data = getVaultEncoder().encode({
    version: 1,
    bump: 255,
    owner: nobody,
    keyEpoch: 0,
    consentEpoch: 0,
    delegateEpoch: 0,
    vaultId: new Uint8Array(32),
    rentPayer: nobody,
    encryptionKey: hexBytes(key),
    delegateMints: 0,
    delegateMintCap: 0,
    recordCount: 0,
    createdSlot: 0,
    createdAt: 0,
    emergencyPolicy: 0,
    guardianEpoch: 0,
    guardians: nothing,
    pendingGuardians: nothing,
    guardiansDueAt: 0,
    pendingRecovery: nobody,
    recoveryLapsesAt: 0,
    reserved: new Uint8Array(64),
  });
  return { owner: AEGLE_PROGRAM_ADDRESS, data: [getBase64Decoder().decode(data), 'base64'] };
}

test.each([
  ['reading', 'guarding'],
  ['guarding', 'reading'],
] as const)('a key for %s and then one for %s are both at hand', async (first, second) => {
  const core = new Core();
  const keys = { reading: made(), guarding: made() };
  const sealed = await core.sealMessage(VAULT, vaultWith(keys.reading.key), 'For Friday');
  await core.useKeyFile(first, keys[first].file);
  await core.useKeyFile(second, keys[second].file);
  expect(await core.openMessage(VAULT, sealed)).toBe('For Friday');
  expect(core.guardianKey()).toBe(keys.guarding.key);
});

test('a key to read with is also that of a guardian who has no other, and the other way round it is not', async () => {
  const { key, file } = made();
  const [doctor, guardian] = [new Core(), new Core()];
  expect(doctor.guardianKey()).toBeUndefined();
  await doctor.useKeyFile('reading', file);
  expect(doctor.guardianKey()).toBe(key);
  await guardian.useKeyFile('guarding', file);
  const sealed = await guardian.sealMessage(VAULT, vaultWith(key), 'For Friday');
  await expect(guardian.openMessage(VAULT, sealed)).rejects.toThrow('there is no key at hand');
});
