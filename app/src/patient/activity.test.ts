import { expect, test } from 'vitest';
import { type Entry, repeated } from './activity-data';

function entry(index: number, at: string, changed: Partial<Entry> = {}): Entry {
  const outcome = { decision: 'permit' as const, records: [] };
  const caller = { key: 'doctor' };
  return { index, at: Date.parse(at) / 1000, caller, purpose: 'TREAT', operation: 'list_records', outcome, ...changed };
}

test('what is repeated within a day is one line', () => {
  const entries = [entry(3, '2026-05-04T12:00'), entry(2, '2026-05-04T11:00'), entry(1, '2026-05-04T10:00')];
  expect(repeated(entries)).toEqual([entries]);
});

test('another day, caller, record or decision is a line of its own', () => {
  const refused = { decision: 'deny' as const, rule: 'no_consent' };
  const different = [
    entry(6, '2026-05-05T10:00'),
    entry(5, '2026-05-04T10:00'),
    entry(4, '2026-05-04T10:00', { caller: { key: 'clinic', practitioner: 'doctor' } }),
    entry(3, '2026-05-04T10:00', { operation: 'read_content', record: 'one' }),
    entry(2, '2026-05-04T10:00', { operation: 'read_content', record: 'two' }),
    entry(1, '2026-05-04T10:00', { operation: 'read_content', record: 'two', outcome: refused }),
  ];
  expect(repeated(different).map(([{ index }]) => index)).toEqual([6, 5, 4, 3, 2, 1]);
});
