import { cleanup, configure } from '@testing-library/react';
import i18next from 'i18next';
import { afterEach, beforeEach } from 'vitest';
import { begin, need } from '@/words';

// Browsers have it, and so does Node from 21 on.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};

// Pages come by themselves, and a machine may have more to do.
configure({ asyncUtilTimeout: 15_000 });

await begin();
const AREAS = ['emergency', 'meet', 'notices', 'open', 'provider', 'records', 'safety', 'viewer'] as const;
await Promise.all(AREAS.map(need));

beforeEach(async () => {
  await i18next.changeLanguage('en');
});

afterEach(cleanup);
