/** What one code holds so that an old phone reads it off a worn card, in bytes; as `aegle card` has it. */
export const MOST = 600;

/** What a card may say, in its order. Lists have one entry a line. */
export const FIELDS = ['name', 'born', 'bloodGroup', 'allergies', 'medication', 'conditions', 'call'] as const;
export type Field = (typeof FIELDS)[number];
export type CardFields = Record<Field, string>;

export const BLANK: CardFields = {
  name: '',
  born: '',
  bloodGroup: '',
  allergies: '',
  medication: '',
  conditions: '',
  call: '',
};

/** Letters that would break a line of the card. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

/** What the card says, a line for each kind: nothing that was left empty. `named` gives the words for a kind. */
export function cardLines(fields: CardFields, named: (field: Field) => string): string[] {
  return FIELDS.flatMap((field) => {
    const entries = fields[field].split('\n').map((entry) => entry.replace(CONTROL, ' ').trim());
    const said = entries.filter((entry) => entry !== '').join('; ');
    return said === '' ? [] : [`${named(field)}: ${said}`];
  });
}

/** What the code holds: plain text that any phone shows without network. */
export function cardText(title: string, lines: readonly string[], written: string): string {
  return [title.toUpperCase(), ...lines, written].join('\n');
}

/** Bytes of a text as a code has it. */
export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
