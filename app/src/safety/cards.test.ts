import { expect, test } from 'vitest';
import {
  guardianCard,
  newOwnerCard,
  readAddress,
  readGuardianCard,
  readGuardianFile,
  readKeptRoot,
  readNewOwnerCard,
} from './cards';

const [ANNA, VAULT] = ['7porTR32j7zt69GG4AwoPQx3f3FL2RLpSDKGtPXWTeaQ', 'CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ'];
const KEY = 'ab'.repeat(32);

test('a card reads back, also where a messenger broke its lines', () => {
  const own = { guardian: ANNA, encryptionKey: KEY };
  expect(readGuardianCard(guardianCard(own))).toEqual(own);
  expect(readGuardianCard(` ${guardianCard(own).replace(KEY, `${KEY.slice(0, 20)}\n${KEY.slice(20)}`)}\n`)).toEqual(
    own,
  );
  const next = { vault: VAULT, newOwner: ANNA, encryptionKey: KEY };
  expect(readNewOwnerCard(newOwnerCard(next))).toEqual(next);
});

test('what is not a whole card is none', () => {
  const card = guardianCard({ guardian: ANNA, encryptionKey: KEY });
  for (const text of ['', ANNA, card.slice(0, -1), card.replace(ANNA, 'anna'), card.toUpperCase(), `${card}:more`]) {
    expect(readGuardianCard(text), text).toBeUndefined();
  }
  const next = newOwnerCard({ vault: VAULT, newOwner: ANNA, encryptionKey: KEY });
  expect(readGuardianCard(next)).toBeUndefined();
  expect(readNewOwnerCard(card)).toBeUndefined();
  expect(readAddress(`my address is ${ANNA}, thanks`)).toBe(ANNA);
  expect(readAddress('hello')).toBeUndefined();
});

test('a guardian file is one with a place, a salt and commitments', () => {
  const file = { kind: 'aegle:guardian-opening:v1', vault: VAULT, guardian: ANNA, index: 1, salt: KEY };
  const whole = { ...file, commitments: [KEY, KEY] };
  expect(readGuardianFile(JSON.stringify(whole))).toEqual(whole);
  const wrong = [
    file,
    { ...whole, index: 2 },
    { ...whole, index: 0.5 },
    { ...whole, salt: 'ab' },
    { ...whole, vault: 'my records' },
    { ...whole, commitments: [KEY, 7] },
    { ...whole, kind: 'aegle:guardian-list:v1' },
  ];
  for (const other of wrong) expect(readGuardianFile(JSON.stringify(other)), JSON.stringify(other)).toBeUndefined();
  for (const text of ['', '{', '[]', 'null', '7']) expect(readGuardianFile(text)).toBeUndefined();
});

test('the file of a new wallet is told from others', () => {
  const kept = { kind: 'aegle:kept-root:v1', vault: VAULT, key_epoch: 1, keyring: '{}' };
  expect(readKeptRoot(JSON.stringify(kept))).toEqual(kept);
  for (const other of [
    { ...kept, key_epoch: -1 },
    { ...kept, vault: '' },
    { ...kept, keyring: {} },
    { kind: kept.kind },
  ]) {
    expect(readKeptRoot(JSON.stringify(other)), JSON.stringify(other)).toBeUndefined();
  }
});
