import { getBase64Encoder } from '@solana/kit';
import { queryOptions } from '@tanstack/react-query';
import { api, ok, pages, type Schema } from '@/api/client';
import { fixed } from '@/chain/addresses';
import type { Chain } from '@/chain/node';
import { vaultState } from '@/chain/vault';
import { getConfigDecoder, getRecoveryDecoder, type Recovery, type Vault } from '@/program/generated';
import type { Person } from '@/session/state';

/** How often what others do is looked for. */
const EVERY = 3_000;

/** A vault as the chain has it, and the ledger's time. */
export interface Seen {
  vault: Vault;
  /** In seconds since the Unix epoch. */
  now: number;
}

export function seenOf({ chain }: Person, vault: string) {
  return queryOptions({
    queryKey: ['safety', 'vault', vault],
    queryFn: async (): Promise<Seen> => {
      const [state, now] = await Promise.all([vaultState(chain, vault), chain.now()]);
      return { vault: state, now };
    },
    refetchInterval: EVERY,
  });
}

/** A recovery as the chain has it. */
export interface Asked {
  address: string;
  recovery: Recovery;
}

export async function recoveryAt(chain: Chain, address: string): Promise<Recovery> {
  const account = await chain.account(address);
  if (!account) throw new Error('the network does not know this request');
  return getRecoveryDecoder().decode(getBase64Encoder().encode(account.data[0]));
}

/** Recoveries of a vault that can go on, or that gave it to whoever has it now. The newest is first. */
export function recoveriesOf({ chain }: Person, vault: string) {
  return queryOptions({
    queryKey: ['safety', 'recoveries', vault],
    queryFn: async (): Promise<Seen & { asked: Asked[] }> => {
      const listed = await pages((cursor) => {
        const query = { commitment: 'confirmed' as const, limit: 200, ...(cursor ? { cursor } : {}) };
        return ok(api.GET('/v1/chain/vaults/{vault}/recoveries', { params: { path: { vault }, query } }));
      });
      const [state, now] = await Promise.all([vaultState(chain, vault), chain.now()]);
      const matters = ({ open, status, new_owner }: Schema['Recovery']) =>
        open || (status === 'executed' && new_owner === state.owner);
      const asked = await Promise.all(
        listed.filter(matters).map(async ({ recovery: address }) => ({
          address,
          recovery: await recoveryAt(chain, address),
        })),
      );
      asked.sort((left, right) => Number(right.recovery.proposedSlot - left.recovery.proposedSlot));
      return { vault: state, now, asked };
    },
    refetchInterval: EVERY,
    retry: false,
  });
}

/** Bounds of the delay of a recovery, in seconds. */
export function boundsOf({ chain }: Person) {
  return queryOptions({
    queryKey: ['safety', 'config'],
    queryFn: async () => {
      const account = await chain.account((await fixed()).config);
      if (!account) throw new Error('the network does not know the program');
      const { minRecoveryDelay, maxRecoveryDelay } = getConfigDecoder().decode(
        getBase64Encoder().encode(account.data[0]),
      );
      return { least: Number(minRecoveryDelay), most: Number(maxRecoveryDelay) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What the server has of the vault's keyrings. */
export async function keyringsOf(vault: string): Promise<Schema['Keyring'][]> {
  const { data } = await ok(api.GET('/v1/keyrings', { params: { query: { patient: vault } } }));
  return [...data];
}

/** The parts that this wallet keeps for others, or was given. */
export function sharesOf({ signer }: Person) {
  return queryOptions({
    queryKey: ['safety', 'shares', signer.address],
    queryFn: async () => [...(await ok(api.GET('/v1/guardian-shares'))).data],
    refetchInterval: EVERY,
  });
}

/** Who may act for the vault, removed ones left out. */
export function delegatesOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['safety', 'delegates', vault],
    queryFn: async () => {
      const listed = await pages((cursor) => {
        const query = { commitment: 'confirmed' as const, limit: 200, ...(cursor ? { cursor } : {}) };
        return ok(api.GET('/v1/chain/vaults/{vault}/delegates', { params: { path: { vault }, query } }));
      });
      return listed.filter(({ in_effect }) => in_effect);
    },
  });
}
