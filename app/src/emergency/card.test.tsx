import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import jsQR from 'jsqr';
import { encode } from 'uqr';
import { beforeEach, expect, test, vi } from 'vitest';
import { open, person } from '@/test/app';
import { barriers } from '@/test/axe';
import { asked, serve } from '@/test/core';
import { BLANK, bytesIn, cardLines, cardText } from './card-text';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const VAULT = 'VauLt11111111111111111111111111111111111111';
const NAMES = {
  name: 'Name',
  born: 'Born',
  bloodGroup: 'Blood group',
  allergies: 'Allergies',
  medication: 'Medication',
  conditions: 'Conditions',
  call: 'Call',
};

beforeEach(() => {
  serve({
    'GET /v1/chain/status': { body: { ready: true } },
    [`GET /v1/chain/vaults/${VAULT}/break-glass`]: { body: { data: [] } },
    'GET /v1/records': { body: { data: [] } },
  });
});

/** Reads a drawn code with another implementation than the one that drew it. */
function scan(svg: Element): string | undefined {
  const size = Number(svg.getAttribute('viewBox')?.split(' ')[2]);
  const scale = 4;
  const width = size * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y] of svg.innerHTML.matchAll(/M(\d+),(\d+)h1v1h-1z/g)) {
    for (let row = 0; row < scale; row++) {
      for (let column = 0; column < scale; column++) {
        const at = ((Number(y) * scale + row) * width + Number(x) * scale + column) * 4;
        pixels.fill(0, at, at + 3);
      }
    }
  }
  const found = jsQR(pixels, width, width);
  return found ? new TextDecoder().decode(Uint8Array.from(found.binaryData)) : undefined;
}

test('a card says what was filled in, as `aegle card` does, and nothing else', () => {
  const fields = {
    ...BLANK,
    name: 'Zoë <Example>',
    born: '1961-02-03',
    bloodGroup: 'A+',
    allergies: 'penicillin\n\nlatex\n',
    medication: 'warfarin 5 mg & metformin 500 mg,\teach morning with food',
    call: 'Ben, +44 20 7946 0000',
  };
  const lines = cardLines(fields, (field) => NAMES[field]);
  expect(cardText('Emergency card', lines, 'Written: 2026-11-22')).toBe(
    'EMERGENCY CARD\nName: Zoë <Example>\nBorn: 1961-02-03\nBlood group: A+\nAllergies: penicillin; latex\n' +
      'Medication: warfarin 5 mg & metformin 500 mg, each morning with food\nCall: Ben, +44 20 7946 0000\n' +
      'Written: 2026-11-22',
  );
});

test('another decoder reads the code off the page, offline: nothing of it is sent', async () => {
  const { container } = open('/safety/card', person({ vault: VAULT }));
  await userEvent.click(await screen.findByLabelText('Name'));
  await userEvent.paste('زينب Zoë');
  await userEvent.click(screen.getByLabelText('Allergies'));
  await userEvent.paste('penicillin');
  await userEvent.selectOptions(screen.getByLabelText('Blood group'), 'A+');
  const card = within(screen.getByRole('region', { name: 'Your card' }));
  expect(card.getByText('Name: زينب Zoë')).toBeTruthy();
  expect(card.getByText('Not encrypted: whoever holds this card can read it.')).toBeTruthy();
  const text = scan(card.getByRole('img', { name: 'The same as a code to scan' }));
  expect(text).toMatch(
    /^EMERGENCY CARD\nName: زينب Zoë\nBlood group: A\+\nAllergies: penicillin\nWritten: \d{4}-\d\d-\d\d$/,
  );
  expect(JSON.stringify(asked)).not.toContain('penicillin');
  expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).not.toContain('penicillin');
  expect(await barriers(container.querySelector('main') ?? container)).toEqual([]);
});

test('a card that would not scan off worn paper is not printed', async () => {
  open('/safety/card', person({ vault: VAULT }));
  const print = await screen.findByRole('button', { name: 'Print the card' });
  expect(print.hasAttribute('disabled')).toBe(true);
  await userEvent.click(screen.getByLabelText('Conditions'));
  await userEvent.paste('ä'.repeat(400));
  expect(await screen.findByText(/holds 600 bytes/)).toBeTruthy();
  expect(print.hasAttribute('disabled')).toBe(true);
  await userEvent.clear(screen.getByLabelText('Conditions'));
  await userEvent.paste('epilepsy');
  await waitFor(() => expect(screen.queryByText(/holds 600 bytes/)).toBeNull());
  expect(print.hasAttribute('disabled')).toBe(false);
});

test('the longest card is still a code that reads', () => {
  const text = 'x'.repeat(600);
  expect(bytesIn(text)).toBe(600);
  expect(encode(text, { ecc: 'M' }).version).toBeLessThanOrEqual(20);
});
