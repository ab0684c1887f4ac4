import { expect, test } from 'vitest';
import { type Entry, lines } from './activity-data';

function entry(index: number, at: string, changed: Partial<Entry> = {}): Entry {
  const outcome = { decision: 'permit' as const, records: [] };
  const caller = { key: 'doctor' };
  return { index, at: Date.parse(at) / 1000, caller, purpose: 'TREAT', operation: 'list_records', outcome, ...changed };
}

/** Places of the entries in their lines. */
const places = (entries: readonly Entry[]) => lines(entries).map((line) => line.map(({ index }) => index));

test('what is repeated within a day is one line', () => {
  const entries = [entry(3, '2026-05-04T12:00'), entry(2, '2026-05-04T11:00'), entry(1, '2026-05-04T10:00')];
  expect(lines(entries)).toEqual([entries]);
});

test('another day, caller, record or decision is a line of its own', () => {
  const refused = { decision: 'deny' as const, rule: 'no_consent' };
  const different = [
    entry(8, '2026-05-06T10:00', { operation: 'read_content', record: 'one' }),
    entry(7, '2026-05-05T10:00', { operation: 'read_content', record: 'one' }),
    entry(6, '2026-05-05T10:00'),
    entry(5, '2026-05-04T10:00'),
    entry(4, '2026-05-04T10:00', { caller: { key: 'clinic', practitioner: 'doctor' } }),
    entry(3, '2026-05-04T10:00', { operation: 'read_content', record: 'one' }),
    entry(2, '2026-05-04T10:00', { operation: 'read_content', record: 'two' }),
    entry(1, '2026-05-04T10:00', { operation: 'read_content', record: 'two', outcome: refused }),
  ];
  expect(places(different)).toEqual([[8], [7], [6], [5], [4], [3], [2], [1]]);
});

const patients = { operation: 'list_patients' };
const other = { caller: { key: 'other' } };
const refused: Partial<Entry> = { outcome: { decision: 'deny', rule: 'no_consent' } };
const opened = { operation: 'read_content', record: 'one' };

test('lists that one reader looks at in turn are one line, whoever else looks at lists meanwhile', () => {
  const entries = [
    entry(6, '2026-05-04T12:03', patients),
    entry(5, '2026-05-04T12:02'),
    entry(4, '2026-05-04T12:01', other),
    entry(3, '2026-05-04T12:01', patients),
    entry(2, '2026-05-04T12:00', { ...other, ...patients }),
    entry(1, '2026-05-04T12:00'),
  ];
  expect(places(entries)).toEqual([
    [6, 5, 3, 1],
    [4, 2],
  ]);
});

test('lists are joined neither for another purpose or practitioner nor from another day', () => {
  const entries = [
    entry(5, '2026-05-05T00:01', patients),
    entry(4, '2026-05-04T23:59'),
    entry(3, '2026-05-04T23:59', { ...patients, purpose: 'HPAYMT' }),
    entry(2, '2026-05-04T23:59', { caller: { key: 'doctor', practitioner: 'somebody' } }),
    entry(1, '2026-05-04T23:58', { ...patients, purpose: 'HPAYMT' }),
  ];
  expect(places(entries)).toEqual([[5], [4], [3, 1], [2]]);
});

test('no look at a list is joined across a refusal or anything else that was done', () => {
  for (const between of [refused, opened, { ...other, ...opened }, { operation: 'read_record', record: 'one' }]) {
    const entries = [entry(3, '2026-05-04T12:02'), entry(2, '2026-05-04T12:01', between), entry(1, '2026-05-04T12:00')];
    expect(places(entries)).toEqual([[3], [2], [1]]);
  }
});

test('refusals and what was opened in turn stay lines of their own', () => {
  for (const [one, another] of [
    [{ ...refused }, { ...refused, ...patients }],
    [opened, { ...opened, record: 'two' }],
    [{ ...opened, operation: 'read_record' }, opened],
    [{ operation: 'list_wraps' }, { operation: 'list_keyrings' }],
  ] as [Partial<Entry>, Partial<Entry>][]) {
    const entries = [4, 3, 2, 1].map((index) => entry(index, '2026-05-04T12:00', index % 2 ? one : another));
    expect(places(entries)).toEqual([[4], [3], [2], [1]]);
  }
});

test('every entry is in one line, and the lines are in the order of their newest', () => {
  const kinds = [patients, {}, opened, { ...other, ...patients }, refused, other];
  const days = ['2026-05-05T09:00', '2026-05-04T09:00'];
  const entries = Array.from({ length: 90 }, (_, at) =>
    entry(90 - at, days[at > 40 ? 1 : 0] ?? '', kinds[(at * at) % 7]),
  );
  const found = places(entries);
  expect(found.length).toBeLessThan(90);
  expect(found.flat().sort((left, right) => right - left)).toEqual(entries.map(({ index }) => index));
  const newest = found.map(([first = 0]) => first);
  expect(newest).toEqual([...newest].sort((left, right) => right - left));
});
