import { api, ok, type Schema } from '@/api/client';
import { patiently } from '@/chain/patience';
import { core } from '@/core';
import type { Person } from '@/session/state';
import { mintAll } from '../records/mint-all';

/**
 * Makes records of items: minted first, with one approval for many, then taken in. Where one was minted before, that
 * is not done again.
 */
export async function accept(person: Person, items: readonly Schema['MailboxItem'][]): Promise<void> {
  const { vault = '' } = person;
  const records = await Promise.all(
    items.map(async (item) => {
      const record = await core().mailedRecord(item);
      return { item: item.item, record, isMinted: (await person.chain.account(record.record)) !== undefined };
    }),
  );
  await mintAll(
    person,
    records.flatMap(({ record, isMinted }) => (isMinted ? [] : [record])),
  );
  for (const { item, record } of records) {
    const params = { path: { vault, item } };
    const body = { record_id: record.recordId };
    await patiently(() => ok(api.POST('/v1/mailbox/{vault}/{item}/accept', { params, body })));
  }
}
