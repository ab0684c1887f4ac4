import { render, screen } from '@testing-library/react';
import jsQR from 'jsqr';
import { expect, test } from 'vitest';
import { Qr } from './qr';

/** Pixels of one module, as a camera would see it. */
const SCALE = 4;

test('a code says to a camera what it was made of', () => {
  const link = 'https://records.example/care/access?patient=So11111111111111111111111111111111111111112';
  render(<Qr text={link} label="A code" />);
  const picture = screen.getByRole('img', { name: 'A code' });
  const size = Number(picture.getAttribute('viewBox')?.split(' ')[2]) * SCALE;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (const [, x, y] of picture
    .querySelector('path')
    ?.getAttribute('d')
    ?.matchAll(/M(\d+) (\d+)h/g) ?? []) {
    for (let at = 0; at < SCALE * SCALE; at++) {
      const [column, row] = [Number(x) * SCALE + (at % SCALE), Number(y) * SCALE + Math.floor(at / SCALE)];
      pixels.fill(0, (row * size + column) * 4, (row * size + column) * 4 + 3);
    }
  }
  expect(jsQR(pixels, size, size, { inversionAttempts: 'dontInvert' })?.data).toBe(link);
});
