import { api, ok } from '@/api/client';
import { core } from '@/core';
import { credentialState } from './credential';
import type { Chain } from './node';

/** Who a key belongs to, by a credential: what the chain vouches for, read from the node. */
export async function namedBy(chain: Chain, subject: string, credential: string) {
  const state = await credentialState(chain, credential);
  if (!state) return undefined;
  const query = { accounts: `${credential},${state.registrar}` };
  const [registrar, { data }] = await Promise.all([
    chain.account(state.registrar),
    ok(api.GET('/v1/profiles', { params: { query } })),
  ]);
  return registrar && core().named(subject, { address: credential, account: state.account }, registrar, [...data]);
}
