import type { Purpose } from '@/api/client';
import type { HeldRecord } from '@/api/labels';
import { credentialState } from '@/chain/credential';
import { core, Refused } from '@/core';
import type { Whole } from '@/core/core';
import type { Shares } from '@/core/emergency';
import type { RpcAccount } from '@/core/pkg/aegle_web';
import { keep } from '@/receipts/kept';
import { SITE } from '@/session/sign-in';
import type { Person } from '@/session/state';

/** What somebody who is not the patient opens, by the core in the worker: everything of it that these pages use. */

export interface Opened {
  manifest: {
    title: string | undefined;
    mediaType: string;
    author: string | undefined;
    /** A day, `2026-11-22`. */
    issued: string | undefined;
    codes: readonly { system?: string | undefined; code: string; display?: string | undefined }[];
  };
  content: Uint8Array;
  issuance: Whole['issuance'];
  /** The log's receipt for this reading. */
  receipt: string | undefined;
}

/** Fetches a record and opens it, checked against its account on chain. The fetching is logged. */
export async function openRecord(person: Person, held: HeldRecord, purpose: Purpose): Promise<Opened> {
  const account = await accountOf(person, held);
  return promised(purpose, () => core().open(held, purpose, account));
}

/** The same in an emergency, by what custodians have released of its key. */
export async function openByShares(person: Person, held: HeldRecord, shares: Shares): Promise<Opened> {
  const account = await accountOf(person, held);
  return promised('ETREAT', () => core().openByShares(held, account, shares));
}

async function accountOf({ chain }: Person, { record }: HeldRecord): Promise<RpcAccount> {
  const account = await chain.account(record);
  if (!account) throw new Error('the network does not know this record yet');
  return account;
}

/** Opens, and keeps what the log promises about it: that it was given out, or refused. */
async function promised(purpose: Purpose, open: () => Promise<Whole>): Promise<Opened> {
  const operation = 'record';
  try {
    const whole = await open();
    if (whole.receipt) keep({ operation, purpose, isRefused: false, text: whole.receipt });
    return readable(whole);
  } catch (error) {
    if (error instanceof Refused && error.receipt) {
      keep({ operation, purpose, isRefused: true, sealed: error.problem.sealed, text: error.receipt });
    }
    throw error;
  }
}

function readable({ details, content, issuance, receipt }: Whole): Opened {
  const { title, media_type: mediaType, author, issued, codes } = details;
  return {
    manifest: {
      title: title ?? undefined,
      mediaType,
      author: author ?? undefined,
      issued: issued ?? undefined,
      codes: codes ?? [],
    },
    content,
    issuance,
    receipt,
  };
}

/** Reads with the key in a file from now on. Gives the public keys, hex, the newest first. */
export function readWithFile(file: Uint8Array): Promise<string[]> {
  return core().useKeyFile('reading', file);
}

/**
 * Reads with the key that follows from the wallet from now on, where it is the one that the reader's credential names
 * on chain. Gives that key, hex; undefined where the credential names another.
 */
export async function readWithWallet({ signer, chain, credential }: Person): Promise<string | undefined> {
  const state = credential && (await credentialState(chain, credential));
  if (!state) return undefined;
  const signature = await signer.signMessage(await core().messageToRead(SITE, signer.address));
  const isAttested = await core().useWalletKey('reading', SITE, signer.address, signature, state.encryptionKey);
  return isAttested ? state.encryptionKey : undefined;
}

/** The public key, hex, that the reader's wallet has on this site, for a registrar to attest. */
export async function keyToRegister({ signer }: Person): Promise<string> {
  const message = await core().messageToRead(SITE, signer.address);
  const first = await signer.signMessage(message);
  return core().publicKeyToRead(SITE, signer.address, first, await signer.signMessage(message));
}
