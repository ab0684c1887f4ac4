import { getBase64Encoder } from '@solana/kit';
import { getCredentialDecoder } from '@/program/generated';
import { hexText } from './bytes';
import type { Chain } from './node';

/** A credential as the node has it; undefined where there is none. */
export async function credentialState(chain: Chain, credential: string) {
  const account = await chain.account(credential);
  if (!account) return undefined;
  const { registrar, subject, encryptionKey } = getCredentialDecoder().decode(
    getBase64Encoder().encode(account.data[0]),
  );
  return { account, registrar, subject, encryptionKey: hexText(encryptionKey) };
}
