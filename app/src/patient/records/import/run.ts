import type { QueryClient } from '@tanstack/react-query';
import { isOpen } from '@/chain/patience';
import { core } from '@/core';
import type { Plan } from '@/core/fhir';
import type { Mint, RecordDraft } from '@/core/pkg/aegle_web';
import type { Person } from '@/session/state';
import { detailsOf, recordsOf } from '../data';
import { BATCH, mintAll } from '../mint-all';

/** Records whose description is opened at a time. */
const LANES = 6;

export type Step = 'store' | 'sign' | 'chain';

/** Hashes of the contents that the vault has, by what each record says of itself. */
export async function contentsOf(person: Person, queries: QueryClient): Promise<Set<string>> {
  const records = await queries.fetchQuery(recordsOf(person));
  const queue = records.filter(({ status }) => status !== 'erased');
  const found = new Set<string>();
  const lane = async () => {
    for (let held = queue.shift(); held; held = queue.shift()) {
      const details = await queries.fetchQuery(detailsOf(person, held)).catch((error: unknown) => {
        // What nobody answers now may be there all the same, and would be added twice.
        if (isOpen(error)) throw error;
        // What cannot be opened here is nothing to compare with.
        return undefined;
      });
      if (details) found.add(details.content_sha256);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}

/** What is on its way in. It goes on after any failure, and stores nothing twice. */
export class Import {
  readonly #person: Person;
  readonly #drafts: readonly { draft: RecordDraft; place: number }[];
  /** Stored at the server and not yet on chain, by place. */
  readonly #stored = new Map<number, Mint>();
  readonly #done = new Set<number>();
  /** Whether something was sent whose answer did not come. */
  #isUncertain = false;
  #isStopped = false;

  /** Of the records of a plan at these places. `change` is told each one's draft. */
  constructor(person: Person, plan: Plan, places: readonly number[], change: (draft: RecordDraft) => RecordDraft) {
    this.#person = person;
    this.#drafts = places.flatMap((place) => {
      const record = plan.records[place];
      return record ? [{ place, draft: change(record.draft) }] : [];
    });
  }

  get size(): number {
    return this.#drafts.length;
  }

  /** Records that are added. */
  get done(): number {
    return this.#done.size;
  }

  /** Ends [`run`] once what it began is on chain. */
  stop(): void {
    this.#isStopped = true;
  }

  async run(progress: (step: Step, done: number) => void): Promise<void> {
    this.#isStopped = false;
    while (this.done < this.size && !this.#isStopped) {
      const batch = this.#drafts.filter(({ place }) => !this.#done.has(place)).slice(0, BATCH);
      await this.#store(batch, () => progress('store', this.done));
      progress('sign', this.done);
      await this.#mint(batch, () => progress('chain', this.done));
    }
  }

  async #store(batch: readonly { draft: RecordDraft; place: number }[], progress: () => void): Promise<void> {
    const { chain, vault = '', signer } = this.#person;
    const account = await chain.account(vault);
    if (!account) throw new Error('the network does not know your records yet');
    for (const { draft, place } of batch) {
      progress();
      if (this.#stored.has(place)) continue;
      this.#stored.set(place, await core().storeFhir(vault, account, signer.address, draft, place));
    }
  }

  async #mint(batch: readonly { place: number }[], progress: () => void): Promise<void> {
    const waiting = new Map(
      batch.flatMap(({ place }) => {
        const stored = this.#stored.get(place);
        return stored ? [[stored, place] as const] : [];
      }),
    );
    if (this.#isUncertain) {
      for (const [stored, place] of waiting) {
        if (!(await this.#person.chain.account(stored.record))) continue;
        this.#done.add(place);
        waiting.delete(stored);
      }
    }
    this.#isUncertain = true;
    await mintAll(this.#person, [...waiting.keys()], (minted) => {
      for (const stored of minted) this.#done.add(waiting.get(stored) ?? -1);
      progress();
    });
    this.#isUncertain = false;
  }
}
