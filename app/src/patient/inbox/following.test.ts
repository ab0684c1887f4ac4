import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '@/core/events';

const follow = vi.fn<(vault: string, after: string | undefined, told: (message: Message) => void) => Promise<void>>();
vi.mock('@/core', () => ({ core: () => ({ follow }) }));
vi.mock('comlink', () => ({ proxy: <T>(value: T) => value }));

const { following, isFollowing } = await import('./following');
const VAULT = 'VauLt11111111111111111111111111111111111111';
const queries = new QueryClient();
const asked = vi.spyOn(queries, 'invalidateQueries');

beforeEach(() => {
  vi.useFakeTimers();
  follow.mockReset();
  asked.mockClear();
});
afterEach(() => void vi.useRealTimers());

/** Streams that are held open until they are ended. */
function streams() {
  const open: { after: string | undefined; told: (message: Message) => void; end: () => void; fail: () => void }[] = [];
  follow.mockImplementation(
    (_, after, told) =>
      new Promise((resolve, reject) => open.push({ after, told, end: resolve, fail: () => reject(new Error('away')) })),
  );
  return open;
}

test('while the server tells what happens nobody asks, and what it tells is asked for', async () => {
  const open = streams();
  const end = following(queries, VAULT);
  expect(isFollowing()).toBe(false);
  open[0]?.told({ id: '4', data: undefined });
  expect(isFollowing()).toBe(true);
  asked.mockClear();
  open[0]?.told({ id: '4', data: undefined });
  expect(asked).not.toHaveBeenCalled();
  open[0]?.told({ id: '5', data: '{}' });
  expect(asked).toHaveBeenCalledWith({ queryKey: ['inbox', VAULT] });
  end();
});

test('a stream that ends is asked for again from where it ended, and the lists ask until then', async () => {
  const open = streams();
  const end = following(queries, VAULT);
  open[0]?.told({ id: '5', data: '{}' });
  open[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(isFollowing()).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(open[1]?.after).toBe('5');
  // Nothing opens it: later and later.
  open[1]?.fail();
  await vi.advanceTimersByTimeAsync(3_900);
  expect(open).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(open).toHaveLength(3);
  end();
});

test('nothing is asked for after the end', async () => {
  const open = streams();
  const end = following(queries, VAULT);
  end();
  open[0]?.told({ id: '5', data: '{}' });
  open[0]?.end();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(open).toHaveLength(1);
  expect(isFollowing()).toBe(false);
  expect(asked).not.toHaveBeenCalled();
});
