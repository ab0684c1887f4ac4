import { expect, test } from 'vitest';
import { newestOf, versionsOf } from './lineage';

const version = (record: string, previous: string | null = null) => ({ record, previous });

test('versions stand behind the newest, from whichever is looked at', () => {
  const all = [version('b', 'a'), version('x'), version('c', 'b'), version('a')];
  expect([...newestOf(all)]).toEqual([
    ['x', 0],
    ['c', 2],
  ]);
  for (const looked of ['a', 'b', 'c']) {
    expect(versionsOf(looked, all).map(({ record }) => record)).toEqual(['c', 'b', 'a']);
  }
});

test('a version that is not at hand hides nothing', () => {
  // The one between was erased.
  const all = [version('c', 'b'), version('a')];
  expect([...newestOf(all)]).toEqual([
    ['c', 0],
    ['a', 0],
  ]);
  expect(versionsOf('b', all)).toEqual([]);
});

test('versions that a server makes up in a circle are shown once', () => {
  const all = [version('a', 'b'), version('b', 'a'), version('s', 's')];
  expect(versionsOf('a', all)).toHaveLength(2);
  expect(versionsOf('s', all)).toHaveLength(1);
});
