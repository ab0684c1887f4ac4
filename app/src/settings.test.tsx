import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { open } from '@/test/app';
import { barriers } from '@/test/axe';
import { speak } from '@/words';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

afterEach(() => speak('en'));

test('languages stand by their own names, each said to be in its language, and one that is chosen is spoken', async () => {
  open('/settings');
  const select = await screen.findByLabelText<HTMLSelectElement>('Language');
  expect([...select.options].map(({ text, lang }) => [text, lang])).toEqual([
    ['English', 'en'],
    ['Deutsch', 'de'],
    ['العربية', 'ar'],
  ]);
  expect(await barriers(screen.getByRole('main'))).toEqual([]);
  await userEvent.selectOptions(select, 'Deutsch');
  expect(await screen.findByLabelText('Sprache')).toBeTruthy();
  expect(document.documentElement.lang).toBe('de');
});
