import { address, createNoopSigner } from '@solana/kit';
import { api, ok } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { patiently } from '@/chain/patience';
import { core } from '@/core';
import type { NewKeyring } from '@/core/pkg/aegle_web';
import { getCreateVaultInstruction } from '@/program/generated';
import { SITE } from './sign-in';
import { change, type Person } from './state';

/** Steps of setting up, in their order. */
export type Step = 'key' | 'sign' | 'vault' | 'store';

/** A vault that is on chain and whose keyring is not stored yet. */
interface Begun {
  vault: string;
  slot: bigint;
  code: string;
  body: NewKeyring;
}

/** What was broken off goes on where it was, and makes no second vault. */
const begun = new WeakMap<Person, Begun>();

/** Makes a vault, and its keyring. Gives the recovery code, which nobody can show again. */
export async function setUp(person: Person, invitation: string, reached: (step: Step) => void): Promise<string> {
  const { vault, slot, code, body } = begun.get(person) ?? (await begin(person, invitation, reached));
  reached('vault');
  await person.chain.mirrored(slot, 'confirmed');
  reached('store');
  await patiently(() => ok(api.POST('/v1/keyrings', { body })));
  change({ person: { ...person, vault } });
  return code;
}

async function begin(person: Person, invitation: string, reached: (step: Step) => void): Promise<Begun> {
  const { signer, chain } = person;
  reached('key');
  const made = await core().newVault();
  reached('sign');
  // Two signatures over one text: a wallet that signs differently each time could never open it again.
  const message = await core().messageToWrap(SITE, signer.address);
  const [first, second] = [await signer.signMessage(message), await signer.signMessage(message)];
  const { code, body } = await core().wrap(SITE, signer.address, first, second);
  const owner = createNoopSigner(address(signer.address));
  const create = getCreateVaultInstruction({
    ...(await fixed()),
    owner,
    payer: createNoopSigner(await chain.payer()),
    vault: address(made.vault),
    vaultId: made.vaultId,
    encryptionKey: made.encryptionKey,
  });
  const { slot } = await chain.send(signer, [create], invitation || undefined);
  const one = { vault: made.vault, slot, code, body };
  begun.set(person, one);
  return one;
}
