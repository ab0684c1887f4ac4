import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card, PageHead } from '@/ui/card';
import { Choice } from '@/ui/choice';
import { isLanguage, LANGUAGES, language, speak } from '@/words';
import { THEMES, type Theme, theme, wear } from './ui/theme';

/** Language and colours, for this browser. */
export function SettingsPage() {
  const { t } = useTranslation();
  const [worn, setWorn] = useState<Theme>(theme());
  const languageId = useId();
  return (
    <>
      <PageHead title={t('common.nav.settings')} />
      <Card className="flex max-w-[480px] flex-col gap-3">
        <div className="flex flex-col gap-0.5">
          <label htmlFor={languageId} className="font-bold">
            {t('common.language')}
          </label>
          <select
            id={languageId}
            value={language()}
            onChange={({ target }) => isLanguage(target.value) && void speak(target.value)}
            className="min-h-[44px] rounded border border-edge bg-sheet px-2"
          >
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Choice
          label={t('common.theme.label')}
          value={worn}
          onChange={(chosen) => {
            const next = THEMES.find((one) => one === chosen) ?? 'system';
            wear(next);
            setWorn(next);
          }}
          options={THEMES.map((id) => ({ id, name: t(`common.theme.${id}`) }))}
        />
      </Card>
    </>
  );
}
