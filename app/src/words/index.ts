import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import common from './en/common.json';
import open from './en/open.json';
import patient from './en/patient.json';
import provider from './en/provider.json';
import viewer from './en/viewer.json';

const english = { common, patient, provider, open, viewer };

/** Languages, by their own names. What is not translated yet is in English. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const STORAGE = 'aegle-language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof english };
  }
}

const others = import.meta.glob<{ default: Record<string, unknown> }>('./{de,ar}/*.json');

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'words')) return;
  const areas = Object.keys(english);
  const files = await Promise.all(areas.map((area) => others[`./${language}/${area}.json`]?.()));
  const words = Object.fromEntries(areas.map((area, index) => [area, files[index]?.default ?? {}]));
  i18next.addResourceBundle(language, 'words', words);
}

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** The language in use. */
export function language(): Language {
  return isLanguage(i18next.language) ? i18next.language : 'en';
}

/** Changes the language of everything, its direction included. */
export async function speak(chosen: Language): Promise<void> {
  await load(chosen);
  await i18next.changeLanguage(chosen);
  localStorage.setItem(STORAGE, chosen);
  document.documentElement.lang = chosen;
  document.documentElement.dir = i18next.dir(chosen);
}

/** Begins in the language chosen before, or the browser's. */
export async function begin(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: ['words'],
    defaultNS: 'words',
    resources: { en: { words: english } },
    interpolation: { escapeValue: false },
    returnNull: false,
    showSupportNotice: false,
  });
  const wanted = [localStorage.getItem(STORAGE) ?? '', ...navigator.languages].map((tag) => tag.split('-')[0] ?? '');
  const chosen = wanted.find(isLanguage) ?? 'en';
  if (chosen !== 'en') await speak(chosen);
}
