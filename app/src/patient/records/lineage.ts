import type { HeldRecord } from '@/api/labels';

type Version = Pick<HeldRecord, 'record' | 'previous'>;

/** Every version of a record that is at hand, the newest first. */
export function versionsOf<V extends Version>(record: string, all: readonly V[]): V[] {
  const byRecord = new Map(all.map((one) => [one.record, one]));
  const later = new Map(all.flatMap((one) => (one.previous ? [[one.previous, one] as const] : [])));
  const newer = walk(byRecord.get(record), (one) => later.get(one.record));
  return walk(newer.at(-1), (one) => (one.previous ? byRecord.get(one.previous) : undefined));
}

/** Everything that is led to, each once, whatever a server makes of it. */
function walk<V>(from: V | undefined, onward: (one: V) => V | undefined): V[] {
  const passed = new Set<V>();
  for (let one = from; one && !passed.has(one); one = onward(one)) passed.add(one);
  return [...passed];
}

/** Records of which no newer version is at hand, each with how many came before it. */
export function newestOf(all: readonly Version[]): Map<string, number> {
  const replaced = new Set(all.map(({ previous }) => previous));
  const newest = all.filter(({ record }) => !replaced.has(record));
  return new Map(newest.map(({ record }) => [record, versionsOf(record, all).length - 1]));
}
