import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en/index.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** The languages there are, each under its own name. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT_AS = 'waybill.language';

/** Readies the texts. English comes with the page, and any other language when it is wanted. */
export async function initLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    // React escapes.
    interpolation: { escapeValue: false },
  });
  await changeLanguage(preferredLanguage());
}

/** Shows everything in another language from now on, also the next time. */
export async function changeLanguage(language: Language): Promise<void> {
  if (language === 'de' && !i18next.hasResourceBundle('de', 'translation')) {
    const { de } = await import('./de/index.ts');
    i18next.addResourceBundle('de', 'translation', de);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  keep(language);
}

/** A browser may refuse to keep anything, and to be asked. The language then lasts as long as the page. */
function keep(language: Language): void {
  try {
    localStorage.setItem(KEPT_AS, language);
  } catch {}
}

function readKept(): string {
  try {
    return localStorage.getItem(KEPT_AS) ?? '';
  } catch {
    return '';
  }
}

/** What was chosen in this browser, else the first of the browser's own languages that there is, else English. */
function preferredLanguage(): Language {
  const wanted = [readKept(), ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => tag in LANGUAGES) ?? 'en';
}
