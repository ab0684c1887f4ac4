import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { PatientField } from './patient-field';

const PATIENT = 'So11111111111111111111111111111111111111112';

vi.mock('@/ui/scan', async (original) => ({
  ...(await original<typeof import('@/ui/scan')>()),
  ScanButton: ({ isDisabled, onFound }: { isDisabled: boolean; onFound: (text: string) => void }) => (
    <button
      type="button"
      disabled={isDisabled}
      onClick={() => onFound(`https://records.example/care/access?patient=${PATIENT}`)}
    >
      Scan
    </button>
  ),
}));

function Page({ isDisabled = false }: { isDisabled?: boolean }) {
  const [patient, set] = useState('');
  return <PatientField value={patient} onChange={set} error="Nobody is there." isDisabled={isDisabled} />;
}

const field = () => screen.getByLabelText<HTMLInputElement>("The patient's address");

test('of what is no address only that is said, and of an address what the page knows of it', async () => {
  render(<Page />);
  await userEvent.type(field(), 'nobody');
  expect(screen.getByText('This is not an address.')).toBeTruthy();
  expect(screen.queryByText('Nobody is there.')).toBeNull();
  await userEvent.clear(field());
  await userEvent.paste(` ${PATIENT} `);
  expect(screen.queryByText('This is not an address.')).toBeNull();
  expect(screen.getByText('Nobody is there.')).toBeTruthy();
});

test('the link of a code that was scanned gives the address in it', async () => {
  render(<Page />);
  await userEvent.click(screen.getByRole('button', { name: 'Scan' }));
  expect(field().value).toBe(PATIENT);
});

test('while something is under way neither typing nor a scan changes it', async () => {
  render(<Page isDisabled />);
  expect(field().disabled).toBe(true);
  await userEvent.click(screen.getByRole('button', { name: 'Scan' }));
  expect(field().value).toBe('');
});
