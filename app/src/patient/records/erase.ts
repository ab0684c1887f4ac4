import { address, createNoopSigner, getBase64Encoder } from '@solana/kit';
import { api, ok } from '@/api/client';
import { fixed } from '@/chain/addresses';
import { patiently } from '@/chain/patience';
import { sleep } from '@/chain/sleep';
import { findMintPda, getEraseRecordInstruction, getRecordDecoder } from '@/program/generated';
import type { Person } from '@/session/state';

const POLL = 400;

/** States in which nothing of the record can be opened any more, and nothing more happens by itself. */
const OVER = ['destroyed', 'nothing_kept', 'held', 'storage_ended'];

/** Erases a record on chain and waits until the server has destroyed its keys, or holds them for a court. */
export async function erase({ signer, chain }: Person, record: string): Promise<void> {
  const account = await chain.account(record);
  if (!account) throw new Error('the network does not know this record');
  const state = getRecordDecoder().decode(getBase64Encoder().encode(account.data[0]));
  const [mint] = await findMintPda({ record: address(record) });
  const instruction = getEraseRecordInstruction({
    ...(await fixed()),
    owner: createNoopSigner(address(signer.address)),
    vault: state.vault,
    record: address(record),
    rentPayer: state.rentPayer,
    mint,
    token: state.token,
  });
  const { slot } = await chain.send(signer, [instruction]);
  await chain.mirrored(slot, 'confirmed');
  for (;;) {
    const asked = () => ok(api.GET('/v1/records/{record}/erasure', { params: { path: { record } } }));
    const { data } = await patiently(asked);
    if (OVER.includes(data.state)) return;
    await sleep(POLL);
  }
}
