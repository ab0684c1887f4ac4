import i18next from 'i18next';
import viewerWords from '@/words/en/viewer.json';
import { locale } from '@/words/say';
import { at, choice, numberAt, type Resolve, type Resource, textAt } from './json';

/** FHIR's data types in words. Undefined where there is nothing to say. */

type Said = string | undefined;

function join(parts: Iterable<Said>, by = ', '): Said {
  const said = [...new Set([...parts].filter((part): part is string => part !== undefined && part !== ''))];
  return said.length > 0 ? said.join(by) : undefined;
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale(), {
    maximumFractionDigits: 10,
    useGrouping: Math.abs(value) >= 10_000,
  }).format(value);
}

/** A date as precise as it was written, `2020` to `2020-05-04T10:30:00+02:00`, at the time of day that was written. */
export function date(text: unknown): Said {
  if (typeof text !== 'string') return undefined;
  const [, year, month, day, hour, minute] = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d))?)?)?/.exec(text) ?? [];
  if (year === undefined) return text;
  if (month === undefined) return year;
  const written = Date.UTC(+year, +month - 1, +(day ?? 1), +(hour ?? 0), +(minute ?? 0));
  if (Number.isNaN(written)) return text;
  const form: Intl.DateTimeFormatOptions =
    day === undefined
      ? { year: 'numeric', month: 'long' }
      : hour === undefined
        ? { dateStyle: 'long' }
        : { dateStyle: 'long', timeStyle: 'short' };
  return new Intl.DateTimeFormat(locale(), { ...form, timeZone: 'UTC' }).format(written);
}

/** A moment to put on an axis, in milliseconds. */
export function instant(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

export function period(value: unknown): Said {
  const [from, until] = [date(textAt(value, 'start')), date(textAt(value, 'end'))];
  if (from && until) return from === until ? from : i18next.t('viewer.period.between', { from, until });
  if (from) return i18next.t('viewer.period.from', { from });
  return until && i18next.t('viewer.period.until', { until });
}

/** A CodeableConcept, a Coding, or several. */
export function concept(value: unknown): Said {
  return join([value].flat().map((one) => oneConcept(one)));
}

function oneConcept(value: unknown): Said {
  if (typeof value === 'string') return value;
  return (
    textAt(value, 'text') ??
    textAt(value, 'coding.display') ??
    textAt(value, 'display') ??
    textAt(value, 'coding.code') ??
    textAt(value, 'code')
  );
}

/** Keeps '16 g/dl' in its order within a text that is read from right to left. */
function ltr(text: Said): Said {
  return text && i18next.dir() === 'rtl' ? `\u2066${text}\u2069` : text;
}

export function quantity(value: unknown): Said {
  const amount = numberAt(value, 'value');
  if (amount === undefined) return undefined;
  const comparator = textAt(value, 'comparator');
  return ltr(join([comparator, number(amount), unit(value)], ' '));
}

export function unit(value: unknown): Said {
  const said = textAt(value, 'unit') ?? textAt(value, 'code');
  // UCUM's unit of what has none.
  return said === '1' ? undefined : said;
}

export function range(value: unknown): Said {
  return bounds(quantity(at(value, 'low')[0]), quantity(at(value, 'high')[0]));
}

export function bounds(low: Said, high: Said): Said {
  if (low && high) return i18next.t('viewer.ranges.between', { low, high });
  if (low) return i18next.t('viewer.ranges.from', { low });
  return high && i18next.t('viewer.ranges.until', { high });
}

function ratio(value: unknown): Said {
  const [above, below] = [quantity(at(value, 'numerator')[0]), quantity(at(value, 'denominator')[0])];
  return above && below ? `${above} / ${below}` : above;
}

function personName(value: unknown): Said {
  const whole = textAt(value, 'text');
  if (whole) return whole;
  const parts = ['prefix', 'given', 'family', 'suffix'].flatMap((part) => at(value, part));
  return join(
    parts.map((part) => (typeof part === 'string' ? part : undefined)),
    ' ',
  );
}

function address(value: unknown): Said {
  const parts = ['line', 'postalCode', 'city', 'state', 'country'].flatMap((part) => at(value, part));
  return textAt(value, 'text') ?? join(parts.map((part) => (typeof part === 'string' ? part : undefined)));
}

function dosage(value: unknown): Said {
  const text = textAt(value, 'text') ?? textAt(value, 'patientInstruction');
  if (text) return text;
  const dose = at(value, 'doseAndRate').map((one) => chosen(one, 'dose')) as Said[];
  const repeat = at(value, 'timing.repeat')[0];
  const [frequency, of, every] = [
    numberAt(repeat, 'frequency'),
    numberAt(repeat, 'period'),
    textAt(repeat, 'periodUnit'),
  ];
  const times =
    frequency && of && every ? `${number(frequency)} × / ${of === 1 ? '' : `${number(of)} `}${every}` : undefined;
  return join([
    ...dose,
    quantity(at(value, 'dose')[0]),
    concept(at(value, 'timing.code')),
    times,
    concept(at(value, 'route')),
  ]);
}

/** Whom or what a reference names, by its words or by the resource that came along. */
export function reference(value: unknown, resolve: Resolve): Said {
  const said = textAt(value, 'display');
  if (said) return said;
  const found = resolve(value);
  // What is named there by yet another reference may name this one.
  return found && title(found, () => undefined);
}

/** What a member such as `value[x]` says. */
export function chosen(of: unknown, name: string, resolve: Resolve = () => undefined): Said {
  const found = choice(of, name);
  if (!found) return undefined;
  const { type, value } = found;
  switch (type) {
    case 'Quantity':
    case 'SimpleQuantity':
    case 'Age':
    case 'Duration':
    case 'Count':
    case 'Money':
      return quantity(value);
    case 'CodeableConcept':
    case 'Coding':
    case 'Code':
      return concept(value);
    case 'Range':
      return range(value);
    case 'Ratio':
      return ratio(value);
    case 'Period':
      return period(value);
    case 'Date':
    case 'DateTime':
    case 'Instant':
      return date(value);
    case 'Timing':
      return join(at(value, 'event').map(date)) ?? period(at(value, 'repeat.boundsPeriod')[0]);
    case 'Reference':
      return reference(value, resolve);
    case 'Boolean':
      return value === true ? i18next.t('viewer.yes') : i18next.t('viewer.no');
    default:
      if (typeof value === 'number') return number(value);
      return typeof value === 'string' ? value : undefined;
  }
}

/** What kinds of values fields have. */
export type Form =
  | 'concept'
  | 'date'
  | 'period'
  | 'text'
  | 'quantity'
  | 'reference'
  | 'name'
  | 'address'
  | 'dosage'
  | 'count';

export function said(form: Form, value: unknown, resolve: Resolve): Said {
  switch (form) {
    case 'concept':
      return oneConcept(value);
    case 'date':
      return date(value);
    case 'period':
      return period(value);
    case 'quantity':
      return quantity(value) ?? money(value);
    case 'reference':
      return reference(value, resolve);
    case 'name':
      return typeof value === 'string' ? value : personName(value);
    case 'address':
      return address(value);
    case 'dosage':
      return dosage(value);
    case 'count':
      return typeof value === 'number' ? number(value) : undefined;
    case 'text':
      return typeof value === 'string' ? value : (textAt(value, 'text') ?? textAt(value, 'value'));
  }
}

function money(value: unknown): Said {
  const [amount, currency] = [numberAt(value, 'value'), textAt(value, 'currency')];
  if (amount === undefined || currency === undefined || !/^[A-Z]{3}$/.test(currency)) return undefined;
  return new Intl.NumberFormat(locale(), { style: 'currency', currency }).format(amount);
}

/** The word for a type of resource; an unusual one by FHIR's own name. */
export function typeName(type: string): string {
  return isNamed(type) ? i18next.t(`viewer.types.${type}`) : type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
}

function isNamed(type: string): type is keyof typeof viewerWords.types {
  return Object.hasOwn(viewerWords.types, type);
}

/** What to call a resource. */
export function title(resource: Resource, resolve: Resolve): string {
  const named =
    textAt(resource, 'title') ??
    (Array.isArray(resource.name) ? personName(resource.name[0]) : textAt(resource, 'name')) ??
    concept(at(resource, 'code')) ??
    concept(at(resource, 'vaccineCode')) ??
    chosen(resource, 'medication', resolve) ??
    concept(at(resource, 'type')) ??
    concept(at(resource, 'category')) ??
    textAt(resource, 'description');
  return named ?? typeName(resource.resourceType);
}
