import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import common from './en/common.json';
import type emergency from './en/emergency.json';
import type meet from './en/meet.json';
import type notices from './en/notices.json';
import type open from './en/open.json';
import patient from './en/patient.json';
import type provider from './en/provider.json';
import type records from './en/records.json';
import type safety from './en/safety.json';
import type viewer from './en/viewer.json';

/** Words of pages that not everybody goes to; each comes with the first of them. */
const LATER = {
  emergency: () => import('./en/emergency.json'),
  meet: () => import('./en/meet.json'),
  notices: () => import('./en/notices.json'),
  open: () => import('./en/open.json'),
  provider: () => import('./en/provider.json'),
  records: () => import('./en/records.json'),
  safety: () => import('./en/safety.json'),
  viewer: () => import('./en/viewer.json'),
};
export type Area = keyof typeof LATER;
type English = {
  common: typeof common;
  patient: typeof patient;
  emergency: typeof emergency;
  meet: typeof meet;
  notices: typeof notices;
  open: typeof open;
  provider: typeof provider;
  records: typeof records;
  safety: typeof safety;
  viewer: typeof viewer;
};

/** Languages, by their own names. What is not translated yet is in English. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const STORAGE = 'aegle-language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: English };
  }
}

const others = import.meta.glob<{ default: Record<string, unknown> }>('./{de,ar}/*.json');

/** Has the English words of an area at hand, whatever the language: they stand in for what is missing. */
export async function need(area: Area): Promise<void> {
  if (i18next.getResource('en', 'words', area) !== undefined) return;
  i18next.addResourceBundle('en', 'words', { [area]: (await LATER[area]()).default }, true);
}

/** A page that comes with the words it needs. */
export function worded<Page>(page: () => Promise<Page>, ...areas: Area[]): () => Promise<Page> {
  return async () => {
    const [module] = await Promise.all([page(), ...areas.map(need)]);
    return module;
  };
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'words')) return;
  const areas = ['common', 'patient', ...Object.keys(LATER)];
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
    resources: { en: { words: { common, patient } } },
    interpolation: { escapeValue: false },
    returnNull: false,
    showSupportNotice: false,
  });
  const wanted = [localStorage.getItem(STORAGE) ?? '', ...navigator.languages].map((tag) => tag.split('-')[0] ?? '');
  const chosen = wanted.find(isLanguage) ?? 'en';
  if (chosen !== 'en') await speak(chosen);
}
