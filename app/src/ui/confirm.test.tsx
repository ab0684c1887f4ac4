import { QueryClient, QueryClientProvider, useMutation } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type ReactNode, useState } from 'react';
import { expect, test } from 'vitest';
import { barriers } from '@/test/axe';
import { Confirm } from './confirm';

/** A page that asks before it does something. */
function Page({ doing, done }: { doing: () => Promise<unknown>; done?: ReactNode }) {
  const [isAsking, ask] = useState(false);
  const mutation = useMutation({ mutationFn: doing, onSuccess: () => done === undefined && ask(false) });
  return (
    <>
      <button type="button" onClick={() => ask(true)}>
        Begin
      </button>
      <Confirm title="Burn it?" action="Burn" doing={mutation} done={done} isOpen={isAsking} onClose={() => ask(false)}>
        <p>It is gone then.</p>
      </Confirm>
    </>
  );
}

async function begin(doing: () => Promise<unknown>, done?: ReactNode): Promise<void> {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Page doing={doing} done={done} />
    </QueryClientProvider>,
  );
  await userEvent.click(screen.getByRole('button', { name: 'Begin' }));
}

const burn = () => userEvent.click(screen.getByRole('button', { name: 'Burn' }));

test('nothing is done before the red button, and nothing by cancelling', async () => {
  let count = 0;
  await begin(async () => count++);
  expect(screen.getByRole('dialog', { name: 'Burn it?' }).textContent).toContain('It is gone then.');
  expect(await barriers(screen.getByRole('dialog'))).toEqual([]);
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(count).toBe(0);
});

test('while it is under way it is done once, cannot be left, and keeps the focus', async () => {
  let count = 0;
  let end = () => {};
  await begin(() => {
    count++;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  await burn();
  expect(await screen.findByText('Waiting for your wallet')).toBeTruthy();
  // Disabled, it would lose the focus.
  const red = screen.getByRole('button', { name: 'Burn' }) as HTMLButtonElement;
  expect([red.disabled, red.getAttribute('aria-busy')]).toEqual([false, 'true']);
  await burn();
  await userEvent.keyboard('{Escape}');
  expect((screen.getByRole('button', { name: 'Cancel' }) as HTMLButtonElement).disabled).toBe(true);
  expect(screen.getByRole('dialog')).toBeTruthy();
  expect(count).toBe(1);
  end();
  await expect.poll(() => screen.queryByRole('dialog')).toBeNull();
});

test('what failed is said, and not again to whoever is asked anew', async () => {
  await begin(async () => {
    throw new Error('The match is wet');
  });
  await burn();
  expect(await screen.findByText(/The match is wet/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  await userEvent.click(screen.getByRole('button', { name: 'Begin' }));
  expect(screen.getByRole('button', { name: 'Burn' })).toBeTruthy();
  expect(screen.queryByText(/The match is wet/)).toBeNull();
});

test('where something is said once it is done, it stands there until it was read', async () => {
  await begin(async () => 'ashes', <p>It is gone.</p>);
  await burn();
  expect(await screen.findByText('It is gone.')).toBeTruthy();
  expect(screen.queryByText('It is gone then.')).toBeNull();
  expect(screen.queryByRole('button', { name: 'Burn' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Done' }));
  expect(screen.queryByRole('dialog')).toBeNull();
});
