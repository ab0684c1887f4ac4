import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/session/state';
import { Card, PageHead } from '@/ui/card';
import { Choice } from '@/ui/choice';
import { Select } from '@/ui/select';
import { isLanguage, LANGUAGES, language, speak } from '@/words';
import { THEMES, type Theme, theme, wear } from './ui/theme';

/** What a patient sees to once, and then rarely. */
const SAFETY = [
  { to: '/safety/guardians', name: 'safety.links.guardians', hint: 'safety.links.guardiansHint' },
  { to: '/safety/delegates', name: 'safety.links.delegates', hint: 'safety.links.delegatesHint' },
  { to: '/safety/code', name: 'safety.links.code', hint: 'safety.links.codeHint' },
  { to: '/safety/emergency', name: 'emergency.links.emergency', hint: 'emergency.links.emergencyHint' },
  { to: '/safety/card', name: 'emergency.links.card', hint: 'emergency.links.cardHint' },
  { to: '/safety/notifications', name: 'notices.link', hint: 'notices.linkHint' },
] as const;

/** What whoever is signed in may need for somebody else, or for a wallet that is lost. */
const HELP = [
  { to: '/guardian', name: 'safety.links.guardian', hint: 'safety.links.guardianHint' },
  { to: '/recover', name: 'safety.links.recover', hint: 'safety.links.recoverHint' },
] as const;

/** Language and colours, for this browser; for whoever is signed in what keeps records safe. */
export function SettingsPage() {
  const { t } = useTranslation();
  const { person } = useSession();
  const [worn, setWorn] = useState<Theme>(theme());
  return (
    <>
      <PageHead title={t('common.nav.settings')} />
      <Card className="flex max-w-[480px] flex-col gap-3">
        <Select
          label={t('common.language')}
          value={language()}
          onChange={(chosen) => void speak(chosen)}
          options={Object.keys(LANGUAGES)
            .filter(isLanguage)
            .map((id) => ({ id, name: LANGUAGES[id], lang: id }))}
        />
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
      {person && (
        <nav aria-labelledby="safety" className="flex max-w-[480px] flex-col gap-1">
          <h2 id="safety">{t('common.safety')}</h2>
          <ul className="flex flex-col gap-1">
            {[...(person.vault ? SAFETY : []), ...HELP].map(({ to, name, hint }) => (
              <li key={to}>
                <Card className="relative flex flex-col hover:border-act">
                  <Link to={to} className="font-bold text-ink no-underline after:absolute after:inset-0">
                    {t(name)}
                  </Link>
                  <span className="text-soft text-sm">{t(hint)}</span>
                </Card>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </>
  );
}
