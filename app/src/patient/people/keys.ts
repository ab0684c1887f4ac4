import { api, ok, pages, type Schema } from '@/api/client';
import { core } from '@/core';
import type { Person } from '@/session/state';

/** Most keys in one request. */
const BATCH = 200;

/**
 * Encrypts keys of records for who may have them. Nobody is given one whom no consent in effect on chain names,
 * or to another key than a registrar attests or the patient signed: a server that lies gets nothing.
 */
export async function giveKeys({ chain, vault = '' }: Person, wanted: readonly Schema['PendingWrap'][]): Promise<void> {
  if (wanted.length === 0) return;
  const header = { 'aegle-purpose': 'PATRQT' as const };
  const [account, held, records, now] = await Promise.all([
    chain.account(vault),
    ok(api.GET('/v1/consents', { params: { query: { patient: vault } } })),
    pages((cursor) =>
      ok(
        api.GET('/v1/records', {
          params: { query: { patient: vault, limit: 200, ...(cursor ? { cursor } : {}) }, header },
        }),
      ),
    ),
    chain.now(),
  ]);
  if (!account) throw new Error('the network does not know these records yet');
  const current = held.data.filter(({ opened, revoked }) => opened && !revoked);
  const consents = await Promise.all(
    current.map(async (consent) => ({ held: consent, account: await chain.account(consent.consent) })),
  );
  const holders = [...new Set(current.map(({ grantee }) => grantee))];
  const attested = await Promise.all(holders.map((subject) => credentialsOf(chain, subject)));
  const onChain = consents.flatMap(({ held, account }) => (account ? [{ held, account }] : []));
  const state = { address: vault, account, now };
  const { wraps } = await core().fill(state, onChain, attested.flat(), [...wanted], records);
  for (let at = 0; at < wraps.length; at += BATCH) {
    await ok(api.POST('/v1/wraps', { body: { vault, wraps: wraps.slice(at, at + BATCH) as Schema['RecordWrap'][] } }));
  }
}

/** Encrypts what is permitted and was not encrypted yet: records that came since, credentials that were renewed. */
export async function givePending(person: Person): Promise<void> {
  const query = { patient: person.vault ?? '' };
  const { data } = await ok(api.GET('/v1/wraps/pending', { params: { query } }));
  await giveKeys(person, data);
}

async function credentialsOf(chain: Person['chain'], subject: string) {
  const { data } = await ok(
    api.GET('/v1/chain/credentials', { params: { query: { subject, commitment: 'confirmed' } } }),
  );
  const accounts = await Promise.all(data.map(({ credential }) => chain.account(credential)));
  return accounts.filter((account) => account !== undefined);
}
