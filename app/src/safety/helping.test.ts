import { beforeEach, expect, test, vi } from 'vitest';
import { Broken } from '@/core/errors';
import { person, WALLET } from '@/test/app';
import { asked, serve, teach } from '@/test/core';
import { handOver } from './helping';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

/** What the worker was given, as what it is for and the key. */
let taken: string[] = [];
let signed = 0;

beforeEach(() => {
  [taken, signed] = [[], 0];
  serve({ 'GET /v1/guardian-shares': { body: { data: [] } }, 'POST /v1/guardian-shares': { body: {} } });
});

/** Somebody whose part opens with `fitting` alone. */
function guardian(fitting: string, own?: string) {
  teach({
    guardianKey: () => own ?? taken[0],
    useKeyFile: async (use: string, file: Uint8Array) => taken.push(`${use} ${new TextDecoder().decode(file)}`),
    useWalletKey: async (use: string) => taken.push(`${use} wallet`),
    handOver: async () => {
      if (own !== fitting && !taken.includes(fitting)) throw new Broken('wrong_key', 'it is locked for another key');
      return { part: fitting };
    },
  });
  const signMessage = async () => {
    signed++;
    return new Uint8Array(64);
  };
  return person({ signer: { address: WALLET, signMessage } as unknown as ReturnType<typeof person>['signer'] });
}

const handed = () => asked.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body ?? ''));

test('a part that is locked for the own key needs nothing else', async () => {
  await handOver(guardian('own', 'own'), 'recovery');
  expect(handed()).toEqual([{ part: 'own' }]);
  expect([taken, signed]).toEqual([[], 0]);
});

test('a part from before there were records opens with the key of the wallet', async () => {
  await handOver(guardian('guarding wallet', 'own'), 'recovery');
  expect(handed()).toEqual([{ part: 'guarding wallet' }]);
  expect(signed).toBe(2);
});

test('a part that is locked for a key file opens with that, and the wallet is not asked', async () => {
  await handOver(guardian('guarding file', 'own'), 'recovery', 'file');
  expect(handed()).toEqual([{ part: 'guarding file' }]);
  expect(signed).toBe(0);
});

test('a file that does not fit is refused as such', async () => {
  await expect(handOver(guardian('guarding file', 'own'), 'recovery', 'other')).rejects.toThrow(Broken);
  expect(handed()).toEqual([]);
  expect(signed).toBe(0);
});
