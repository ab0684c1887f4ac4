import { address, createNoopSigner, getBase64Encoder } from '@solana/kit';
import { api, ok, pages } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { expected, vaultState } from '@/chain/vault';
import { core, isRefused } from '@/core';
import type { RpcAccount } from '@/core/pkg/aegle_web';
import { givePending } from '@/patient/people/keys';
import {
  findMintPda,
  findTokenPda,
  getExecuteRecoveryInstruction,
  getRecordDecoder,
  getReissueRecordInstruction,
  RecordStatus,
} from '@/program/generated';
import { SITE } from '@/session/sign-in';
import { change, type Person } from '@/session/state';
import type { KeptRoot } from './cards';
import { keyringsOf } from './data';
import { confirmed } from './guardians';

/** What somebody does who lost a wallet, or whose wallet does not open the records. */

/** Records whose tokens are issued anew by one signature: more do not fit a transaction. */
const REISSUED_AT_ONCE = 3;

async function accountOf({ chain }: Person, vault: string): Promise<RpcAccount> {
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know these records');
  return account;
}

/** The vault at an address, or that of a wallet; undefined where there is none. */
export async function findVault(text: string): Promise<string | undefined> {
  const [at, query] = [{ vault: text }, { commitment: 'confirmed' as const }];
  try {
    return (await ok(api.GET('/v1/chain/vaults/{vault}', { params: { path: at, query } }))).data.vault;
  } catch (error) {
    if (!isRefused(error, 'not_found')) throw error;
  }
  const { data } = await ok(api.GET('/v1/chain/vaults', { params: { query: { ...query, owner: text } } }));
  return [...data].sort((left, right) => left.created.slot - right.created.slot)[0]?.vault;
}

/** Makes the new wallet's key for a vault; the file to keep it in, locked with the wallet, and its public half, hex. */
export async function prepare(person: Person, vault: string): Promise<{ kept: KeptRoot; encryptionKey: string }> {
  const { signer } = person;
  const encryptionKey = await core().prepare(vault, await accountOf(person, vault));
  const message = await core().messageToKeep(SITE, signer.address);
  const [first, second] = [await signer.signMessage(message), await signer.signMessage(message)];
  const kept = await core().keepPrepared(SITE, signer.address, first, second);
  return { kept: { kind: 'aegle:kept-root:v1', ...kept }, encryptionKey };
}

/** Takes the new wallet's key from its file; its public half, hex. */
export async function openKept({ signer }: Person, kept: KeptRoot): Promise<string> {
  const message = await core().messageToKeep(SITE, signer.address, kept);
  return core().openPrepared(kept, SITE, signer.address, await signer.signMessage(message));
}

/** Makes the vault the new wallet's. */
export async function execute(person: Person, vault: string, recovery: string): Promise<void> {
  const instruction = getExecuteRecoveryInstruction({
    ...(await fixed()),
    newOwner: createNoopSigner(address(person.signer.address)),
    vault: address(vault),
    recovery: address(recovery),
  });
  await confirmed(person, [instruction]);
}

/**
 * Joins the guardians' parts and locks the records with the new wallet, once the recovery, which took place in a slot,
 * is final. Gives the new recovery code.
 */
export async function takeOver(person: Person, vault: string, slot: bigint): Promise<string> {
  const { signer, chain } = person;
  await chain.mirrored(slot, 'finalized');
  const [account, keyrings, { data }] = await Promise.all([
    accountOf(person, vault),
    keyringsOf(vault),
    ok(api.GET('/v1/guardian-shares')),
  ]);
  await core().takeOver([...data], signer.address, keyrings, account);
  const message = await core().messageToWrap(SITE, signer.address);
  const [first, second] = [await signer.signMessage(message), await signer.signMessage(message)];
  const { code, body } = await core().wrap(SITE, signer.address, first, second);
  await ok(api.POST('/v1/keyrings', { body }));
  const opened = { ...person, vault, closed: undefined };
  // Keys of what came to the old one are encrypted to the new one; what fails is tried again at the next sign-in.
  await givePending(opened).catch(() => undefined);
  return code;
}

/** Opens a vault of the wallet by its recovery code. */
export async function openWithCode(person: Person, vault: string, code: string): Promise<void> {
  const [account, keyrings] = await Promise.all([accountOf(person, vault), keyringsOf(vault)]);
  await core().unlockWithCode(keyrings, account, vault, code);
}

/** Has this wallet open the vault from now on, on this site. */
export async function lockWithWallet({ signer }: Person, vault: string): Promise<void> {
  const message = await core().messageToWrap(SITE, signer.address);
  const [first, second] = [await signer.signMessage(message), await signer.signMessage(message)];
  const body = await core().withWallet(await keyringsOf(vault), SITE, signer.address, first, second);
  await ok(api.POST('/v1/keyrings', { body }));
}

/** The page goes on with the vault open. */
export function enter(person: Person, vault: string): void {
  change({ person: { ...person, vault, closed: undefined } });
}

/** Records whose tokens are still where the old wallet had them. */
export async function tokensElsewhere({ signer, chain }: Person, vault: string): Promise<string[]> {
  const query = { limit: 200, commitment: 'confirmed' as const };
  const listed = await pages((cursor) => {
    const params = { path: { vault }, query: { ...query, ...(cursor ? { cursor } : {}) } };
    return ok(api.GET('/v1/chain/vaults/{vault}/records', { params }));
  });
  const isElsewhere = await Promise.all(
    listed.map(async ({ record }) => {
      const state = await recordAt(chain, record);
      if (state.status === RecordStatus.Erased) return false;
      return state.token !== (await tokenOf(record, signer.address)).token;
    }),
  );
  return listed.filter((_, index) => isElsewhere[index]).map(({ record }) => record);
}

/** Issues the tokens of records anew to the owner's wallet; `done` is told how many there are. */
export async function reissue(
  { signer, chain }: Person,
  vault: string,
  records: readonly string[],
  done: (count: number) => void,
): Promise<void> {
  const owner = createNoopSigner(address(signer.address));
  const payer = createNoopSigner(await chain.payer());
  for (let at = 0; at < records.length; at += REISSUED_AT_ONCE) {
    const [state, accounts] = [expected(await vaultState(chain, vault)), await fixed()];
    const some = records.slice(at, at + REISSUED_AT_ONCE);
    const instructions = await Promise.all(
      some.map(async (record) => {
        const { rentPayer, token: oldToken } = await recordAt(chain, record);
        const { mint, token } = await tokenOf(record, signer.address);
        const changing = { vault: address(vault), record: address(record), rentPayer, mint, oldToken, token };
        return getReissueRecordInstruction({ ...accounts, owner, payer, ...changing, expected: state });
      }),
    );
    await chain.send(signer, instructions);
    done(at + some.length);
  }
}

async function recordAt(chain: Person['chain'], record: string) {
  const account = await chain.account(record);
  if (!account) throw new Error('the network does not know this record');
  return getRecordDecoder().decode(getBase64Encoder().encode(account.data[0]));
}

async function tokenOf(record: string, owner: string) {
  const [mint] = await findMintPda({ record: address(record) });
  const [token] = await findTokenPda({ mint, owner: address(owner) });
  return { mint, token };
}
