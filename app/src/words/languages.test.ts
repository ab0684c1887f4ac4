import { expect, test } from 'vitest';

type Words = { [key: string]: Words | string | string[] };

const files = import.meta.glob<{ default: Words }>('./{en,de,ar}/*.json', { eager: true });
const areas = Object.keys(files)
  .filter((path) => path.startsWith('./en/'))
  .map((path) => path.slice('./en/'.length));

/** Forms of a number beside the usual one (CLDR). */
const FORMS = /_(zero|one|two|few|many)$/;

/** Every text of an area, by its path. */
function texts(words: Words, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') found.set(path + key, value);
    else if (Array.isArray(value))
      for (const [index, text] of value.entries()) found.set(`${path}${key}.${index}`, text);
    else for (const [inner, text] of texts(value, `${path}${key}.`)) found.set(inner, text);
  }
  return found;
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').sort();
}

const words = (language: string, area: string) => texts(files[`./${language}/${area}`]?.default ?? {});

for (const language of ['de', 'ar']) {
  for (const area of areas) {
    test(`${language}/${area} says all that English says, and nothing else`, () => {
      const [english, other] = [words('en', area), words(language, area)];
      const usual = ([key]: [string, string]) => !FORMS.test(key);
      const keys = (of: Map<string, string>) =>
        [...of]
          .filter(usual)
          .map(([key]) => key)
          .sort();
      expect(keys(other)).toEqual(keys(english));
      for (const [key, text] of other) {
        const like = english.get(key) ?? english.get(key.replace(FORMS, ''));
        expect(like, `${key} is not in English`).toBeDefined();
        expect(text.trim(), key).not.toBe('');
        // A form such as 'one record' may leave the number out.
        const wanted = placeholders(like ?? '').filter((name) => name !== 'count' || !FORMS.test(key));
        const said = placeholders(text).filter((name) => name !== 'count' || !FORMS.test(key));
        expect(said, key).toEqual(wanted);
      }
    });
  }

  test(`${language} has a form for every number that it tells apart`, () => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((one) => one !== 'other');
    for (const area of areas) {
      const [english, other] = [words('en', area), words(language, area)];
      for (const key of english.keys()) {
        if (!key.endsWith('_one')) continue;
        const base = key.slice(0, -'_one'.length);
        const missing = needed.filter((form) => form !== 'zero' && !other.has(`${base}_${form}`));
        expect(missing, `${area} ${base}`).toEqual([]);
      }
    }
  });
}

test('every area is in every language', () => {
  expect(Object.keys(files)).toHaveLength(3 * areas.length);
});
