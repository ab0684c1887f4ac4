import { expect, test } from 'vitest';
import { type Recovery, RecoveryStatus, type Vault } from '@/program/generated';
import { approvalsOf, hasApproved, isUnanimous, type Standing, standingOf } from './standing';

const guardians = { count: 3, threshold: 2, commitment: new Uint8Array(32), recoveryDelay: 60n };
const vault = { guardianEpoch: 1, delegateEpoch: 0, guardians, guardiansDueAt: 0n } as unknown as Vault;
const recovery = {
  status: RecoveryStatus.Proposed,
  guardianEpoch: 1,
  delegateEpoch: 0,
  approvals: 0b001,
  executableAt: 0n,
  lapsesAt: 1000n,
} as unknown as Recovery;

const { Pending, Vetoed, Executed } = RecoveryStatus;

// As the program judges (docs/decisions/0020-recovery.md).
const cases: [Standing, Partial<Recovery>, Partial<Vault>, number][] = [
  ['proposed', {}, {}, 10],
  ['lapsed', {}, {}, 1000],
  ['replaced', { guardianEpoch: 0 }, {}, 10],
  ['replaced', { delegateEpoch: 1 }, {}, 10],
  ['replaced', {}, { guardiansDueAt: 10n }, 10],
  ['proposed', {}, { guardiansDueAt: 11n }, 10],
  ['waiting', { status: Pending, executableAt: 50n }, {}, 49],
  ['due', { status: Pending, executableAt: 50n }, {}, 50],
  ['lapsed', { status: Pending, executableAt: 50n }, {}, 1000],
  ['waiting', { status: Pending, executableAt: 50n }, { guardiansDueAt: 5n }, 10],
  ['vetoed', { status: Vetoed }, {}, 10],
  ['executed', { status: Executed }, { delegateEpoch: 1 }, 5000],
];

test.each(cases)('a recovery is %s', (standing, change, other, now) => {
  expect(standingOf({ ...recovery, ...change }, { ...vault, ...other }, now)).toBe(standing);
});

test('approvals count by place, and all of several are unanimous', () => {
  const by = (approvals: number) => ({ ...recovery, approvals });
  expect([0b0, 0b1, 0b101, 0b111].map((bits) => approvalsOf(by(bits)))).toEqual([0, 1, 2, 3]);
  expect(hasApproved(by(0b101), 1)).toBe(false);
  expect(hasApproved(by(0b101), 2)).toBe(true);
  expect(isUnanimous(by(0b111), guardians)).toBe(true);
  expect(isUnanimous(by(0b011), guardians)).toBe(false);
  expect(isUnanimous(by(0b1), { ...guardians, count: 1 })).toBe(false);
});
