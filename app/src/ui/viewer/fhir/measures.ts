import { at, choice, isResource, numberAt, type Resolve, type Resource, textAt } from './json';
import { bounds, chosen, concept, date, instant, quantity, reference, title, unit } from './values';

/** How a result lies to its reference range. */
export type Flag = 'high' | 'low' | 'veryHigh' | 'veryLow' | 'abnormal';

/** One result, as a line of a table. */
export interface Measure {
  name: string;
  /** In words, with its unit; undefined for the heading of a panel. */
  value: string | undefined;
  range: string | undefined;
  flag: Flag | undefined;
  when: string | undefined;
  source: string | undefined;
  note: string | undefined;
  isWrong: boolean;
  isPart: boolean;
  /** What it takes to be a point of a chart. */
  point: Point | undefined;
}

interface Point {
  /** The same for what may be compared: one code and one unit. */
  key: string;
  unit: string | undefined;
  value: number;
  at: number;
  low: number | undefined;
  high: number | undefined;
}

/** Several values of one measure. */
export interface Series {
  name: string;
  unit: string | undefined;
  low: number | undefined;
  high: number | undefined;
  range: string | undefined;
  points: Measure[];
}

const FLAGS: Record<string, Flag | 'normal'> = {
  H: 'high',
  HH: 'veryHigh',
  HU: 'veryHigh',
  L: 'low',
  LL: 'veryLow',
  LU: 'veryLow',
  A: 'abnormal',
  AA: 'abnormal',
  N: 'normal',
};

/** The lines of an observation: its own, and one for each of its parts. */
export function measures(observation: Resource, resolve: Resolve): Measure[] {
  const whole = measure(observation, observation, resolve, false);
  const parts = at(observation, 'component').map((part) => measure(part, observation, resolve, true));
  return [whole, ...parts];
}

function measure(of: unknown, observation: Resource, resolve: Resolve, isPart: boolean): Measure {
  const found = choice(of, 'value');
  const absent = concept(at(of, 'dataAbsentReason'));
  const [reach] = at(of, 'referenceRange').filter(isNormal);
  const low = at(reach, 'low')[0];
  const high = at(reach, 'high')[0];
  const name = concept(at(of, 'code')) ?? title(observation, resolve);
  const value = found?.type === 'Quantity' ? numberAt(found.value, 'value') : undefined;
  const effective = choice(observation, 'effective');
  const time = textAt(effective?.value, 'start') ?? effective?.value ?? observation.issued;
  const instantOf = instant(time);
  const bound = { low: numberAt(low, 'value'), high: numberAt(high, 'value') };
  return {
    name,
    value: chosen(of, 'value', resolve) ?? (at(of, 'component').length > 0 ? undefined : absent),
    range: textAt(reach, 'text') ?? (bounds(bare(low, high), quantity(high)) || undefined),
    flag: flag(of, value, bound),
    when: chosen(observation, 'effective') ?? date(observation.issued),
    source: reference(at(observation, 'performer')[0], resolve),
    note: at(observation, 'note')
      .map((note) => textAt(note, 'text'))
      .find(Boolean),
    isWrong: observation.status === 'entered-in-error',
    isPart,
    point:
      value === undefined || instantOf === undefined || textAt(found?.value, 'comparator')
        ? undefined
        : { key: key(of, observation, found?.value), unit: unit(found?.value), value, at: instantOf, ...bound },
  };
}

/** '12 to 16 g/dl' rather than '12 g/dl to 16 g/dl'. */
function bare(low: unknown, high: unknown): string | undefined {
  const same = high !== undefined && unit(low) === unit(high);
  return quantity(same ? { value: numberAt(low, 'value') } : low);
}

/** A range may also be that of a therapy or of a sex; the one that counts has no such type, or says so. */
function isNormal(of: unknown): boolean {
  const type = textAt(of, 'type.coding.code');
  return type === undefined || type === 'normal';
}

function flag(
  of: unknown,
  value: number | undefined,
  { low, high }: { low?: number | undefined; high?: number | undefined },
) {
  for (const code of at(of, 'interpretation.coding.code')) {
    const said = typeof code === 'string' ? FLAGS[code] : undefined;
    if (said) return said === 'normal' ? undefined : said;
  }
  if (value === undefined) return undefined;
  if (low !== undefined && value < low) return 'low';
  return high !== undefined && value > high ? 'high' : undefined;
}

function key(of: unknown, observation: Resource, value: unknown): string {
  const code = (one: unknown) => {
    const [coding] = at(one, 'code.coding');
    return coding ? `${textAt(coding, 'system')}|${textAt(coding, 'code')}` : concept(at(one, 'code'));
  };
  return JSON.stringify([code(observation), code(of), textAt(value, 'code') ?? unit(value)]);
}

/** What has two values or more, in the order of the first. */
export function series(of: readonly Measure[]): Series[] {
  const sound = of.filter((one) => one.point !== undefined && !one.isWrong);
  const groups = Map.groupBy(sound, ({ point }) => point?.key ?? '');
  return [...groups.values()].flatMap((points) => {
    const ordered = points.toSorted((left, right) => (left.point?.at ?? 0) - (right.point?.at ?? 0));
    const last = ordered.at(-1);
    const times = new Set(ordered.map(({ point }) => point?.at));
    if (!last?.point || times.size < 2) return [];
    const { unit, low, high } = last.point;
    // A laboratory may have changed its range: a band that not all share would say something false.
    const isShared = ordered.every(({ point }) => point?.low === low && point?.high === high);
    const band = isShared ? { low, high, range: last.range } : { low: undefined, high: undefined, range: undefined };
    return [{ name: last.name, unit, ...band, points: ordered }];
  });
}

/** The observations that a report names, those contained in it included. */
export function results(report: Resource, resolve: Resolve): Resource[] {
  return at(report, 'result')
    .map(resolve)
    .filter((found): found is Resource => isResource(found) && found.resourceType === 'Observation');
}
