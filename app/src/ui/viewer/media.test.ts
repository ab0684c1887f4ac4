import { expect, test } from 'vitest';
import { fileName } from './media';

test('a file is named by its title, without what file systems refuse', () => {
  expect(fileName('Letter', 'application/pdf')).toBe('Letter.pdf');
  expect(fileName('Letter.pdf', 'application/pdf')).toBe('Letter.pdf');
  expect(fileName('../a\u202e/b:c\u0000', 'text/plain')).toBe('a b c.txt');
  expect(fileName('...', 'application/x-unknown')).toBe('record');
});
