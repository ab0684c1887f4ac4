import bs58 from 'bs58';
import { api, ok } from '@/api/client';
import { Chain } from '@/chain/node';
import { core } from '@/core';
import { givePending } from '@/patient/people/keys';
import { onAccountChange, type Signer } from '@/wallet';
import { change, lock, type Person } from './state';

/** Steps of signing in, in their order. */
export type Step = 'connect' | 'signIn' | 'unlock';

/** Where a wallet is asked to sign. A page on another address is another site to it. */
export const SITE = { domain: location.host, uri: location.origin };

/** Signs in with a wallet, and unlocks the vault if it has one. */
export async function signIn(signer: Signer, reached: (step: Step) => void): Promise<Person> {
  reached('signIn');
  const deployment = await ok(api.GET('/v1/app'));
  const message = await core().challenge(SITE, signer.address);
  const signature = await signer.signMessage(message);
  await core().signIn(bs58.encode(signature));
  reached('unlock');
  const chain = new Chain(deployment);
  const [vault, credential] = await Promise.all([vaultOf(signer.address), credentialOf(signer.address)]);
  if (vault) await unlock(chain, signer, vault);
  const person = { signer, chain, vault, credential };
  change({ person });
  // What others may see and was not encrypted to them yet; it hinders nobody where it fails, and is tried again.
  if (vault) void givePending(person).catch(() => undefined);
  onAccountChange(signer, () => lock('account'));
  return person;
}

/** The vault that a wallet owns: the first that was made, where there are several. */
async function vaultOf(owner: string): Promise<string | undefined> {
  const query = { owner, commitment: 'confirmed' as const };
  const { data } = await ok(api.GET('/v1/chain/vaults', { params: { query } }));
  return [...data].sort((left, right) => left.created.slot - right.created.slot)[0]?.vault;
}

async function credentialOf(subject: string): Promise<string | undefined> {
  const query = { subject, commitment: 'confirmed' as const };
  const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
  return data.find(({ in_effect }) => in_effect)?.credential;
}

/** Opens the vault's keyring by one signature of the wallet. */
async function unlock(chain: Chain, signer: Signer, vault: string): Promise<void> {
  const [account, { data }] = await Promise.all([
    chain.account(vault),
    ok(api.GET('/v1/keyrings', { params: { query: { patient: vault } } })),
  ]);
  if (!account) throw new Error('the network does not know your records yet');
  const message = await core().messageToUnlock([...data], account, vault, SITE, signer.address);
  const signature = await signer.signMessage(message);
  await core().unlock([...data], account, vault, SITE, signer.address, signature);
}
