import { address, getBase64Encoder } from '@solana/kit';
import { type ExpectedArgs, getVaultDecoder, type Vault } from '@/program/generated';
import type { Chain } from './node';

/** A vault as the chain has it. */
export async function vaultState(chain: Chain, vault: string): Promise<Vault> {
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know these records yet');
  return getVaultDecoder().decode(getBase64Encoder().encode(account.data[0]));
}

/** What a transaction on a vault expects: a change meanwhile makes it fail. */
export function expected({ owner, keyEpoch, consentEpoch, delegateEpoch }: Vault): ExpectedArgs {
  return { owner: address(owner), keyEpoch, consentEpoch, delegateEpoch };
}
