import { expect, test } from 'vitest';
import { VISITS } from '../tests/visits';
import { router } from './router';

test('every page is visited where accessibility and languages are tested', () => {
  const pages = Object.keys(router.routesByPath).map((path) => path.replace(/(.)\/$/, '$1'));
  expect([...new Set(pages)].sort()).toEqual(Object.keys(VISITS).sort());
});
