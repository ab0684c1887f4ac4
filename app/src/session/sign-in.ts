import bs58 from 'bs58';
import { api, ok } from '@/api/client';
import { Chain } from '@/chain/node';
import { Broken, core, isRefused } from '@/core';
import type { StoredKeyring } from '@/core/pkg/aegle_web';
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
  const message = await core().challenge(SITE, signer.address);
  const deployment = await ok(api.GET('/v1/app'));
  const signature = await signer.signMessage(message);
  await core().signIn(bs58.encode(signature));
  reached('unlock');
  const chain = new Chain(deployment);
  const [own, credential] = await Promise.all([vaultOf(signer.address), credentialOf(signer.address)]);
  const isOpen = own !== undefined && (await unlock(chain, signer, own));
  const [vault, closed] = isOpen ? [own.vault, undefined] : [undefined, own?.vault];
  const person = { signer, chain, vault, closed, credential };
  change({ person });
  // What others may see and was not encrypted to them yet; it hinders nobody where it fails, and is tried again.
  if (vault) void givePending(person).catch(() => undefined);
  onAccountChange(signer, () => lock('account'));
  return person;
}

interface Own {
  vault: string;
  /** Undefined while a recovery that gave the vault to the wallet is not final. */
  keyrings: StoredKeyring[] | undefined;
}

/** The vault that a wallet owns and that has something in it: the first that was made, where there are several. */
async function vaultOf(owner: string): Promise<Own | undefined> {
  const query = { owner, commitment: 'confirmed' as const };
  const { data } = await ok(api.GET('/v1/chain/vaults', { params: { query } }));
  for (const { vault } of data.toSorted((left, right) => left.created.slot - right.created.slot)) {
    const keyrings = await keyringsOf(vault);
    // One without a keyring was broken off while it was set up: there is nothing in it, and no key to it.
    if (keyrings?.length !== 0) return { vault, keyrings };
  }
  return undefined;
}

async function keyringsOf(vault: string): Promise<StoredKeyring[] | undefined> {
  try {
    const { data } = await ok(api.GET('/v1/keyrings', { params: { query: { patient: vault } } }));
    return [...data];
  } catch (error) {
    if (isRefused(error, 'not_permitted')) return undefined;
    throw error;
  }
}

async function credentialOf(subject: string): Promise<string | undefined> {
  const query = { subject, commitment: 'confirmed' as const };
  const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
  return data.find(({ in_effect }) => in_effect)?.credential;
}

/** What says that there is nothing here that this wallet opens: other ways to the vault may. */
const OTHER_WAYS = ['no_key', 'keyring', 'wrong_site'];

/** Opens the vault's keyring by one signature of the wallet. Whether it did. */
async function unlock(chain: Chain, signer: Signer, { vault, keyrings }: Own): Promise<boolean> {
  if (!keyrings) return false;
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know your records yet');
  try {
    const message = await core().messageToUnlock(keyrings, account, vault, SITE, signer.address);
    const signature = await signer.signMessage(message);
    await core().unlock(keyrings, account, vault, SITE, signer.address, signature);
    return true;
  } catch (error) {
    if (error instanceof Broken && OTHER_WAYS.includes(error.code)) return false;
    throw error;
  }
}
