import { address, createNoopSigner } from '@solana/kit';
import { fixed } from '@/chain/addresses';
import { getRevokeAllConsentsInstruction, getRevokeConsentInstruction } from '@/program/generated';
import type { Person } from '@/session/state';

/** Ends one permission. It counts as soon as it is confirmed. */
export async function revoke({ signer, chain, vault = '' }: Person, consent: string): Promise<void> {
  const instruction = getRevokeConsentInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    vault: address(vault),
    consent: address(consent),
  });
  const { slot } = await chain.send(signer, [instruction]);
  await chain.mirrored(slot, 'confirmed');
}

/** Ends every permission at once. */
export async function revokeAll({ signer, chain, vault = '' }: Person): Promise<void> {
  const instruction = getRevokeAllConsentsInstruction({
    ...(await fixed()),
    authority: createNoopSigner(address(signer.address)),
    vault: address(vault),
  });
  const { slot } = await chain.send(signer, [instruction]);
  await chain.mirrored(slot, 'confirmed');
}
