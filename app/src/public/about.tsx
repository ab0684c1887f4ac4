import { Link, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/session/state';
import { PageHead } from '@/ui/card';
import openWords from '@/words/en/open.json';

const PAGES = [
  { to: '/about', name: 'about', area: 'short' },
  { to: '/about/patients', name: 'patients', area: 'patients' },
  { to: '/about/hospitals', name: 'hospitals', area: 'hospitals' },
  { to: '/about/lawyers', name: 'lawyers', area: 'lawyers' },
] as const;

type Area = (typeof PAGES)[number]['area'];
interface Section {
  title: string;
  p: string[];
}

/** What Aegle is and is not, for one kind of reader. */
export function AboutPage() {
  const { t } = useTranslation();
  const path = useRouterState({ select: ({ location }) => location.pathname.replace(/\/$/, '') });
  const { person } = useSession();
  const page = PAGES.find(({ to }) => to === path) ?? PAGES[0];
  const title = page.area === 'short' ? t('open.about.title') : t(`open.about.for.${page.name}`);
  return (
    <>
      <nav aria-label={t('open.about.nav')}>
        <ul className="flex flex-wrap gap-1">
          {PAGES.map(({ to, name }) => (
            <li key={to}>
              <Link
                to={to}
                activeOptions={{ exact: true }}
                activeProps={{ className: 'border-act text-act', 'aria-current': 'page' }}
                inactiveProps={{ className: 'border-transparent text-soft' }}
                className="inline-flex min-h-[44px] items-center border-b-3 px-1.5 font-bold no-underline"
              >
                {t(`open.about.for.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <PageHead title={title} lead={page.area === 'short' ? t('open.about.lead') : undefined} />
      <div className="flex max-w-[68ch] flex-col gap-3">
        {sectionsOf(page.area).map((section) => (
          <Text key={section} area={page.area} section={section} />
        ))}
        <p>
          <Link to="/verify" reloadDocument={!person} className="inline-flex min-h-[44px] items-center">
            {t('common.nav.verify')}
          </Link>
        </p>
      </div>
    </>
  );
}

function sectionsOf(area: Area): string[] {
  return Object.keys(openWords.about[area]);
}

function Text({ area, section }: { area: Area; section: string }) {
  const { t } = useTranslation();
  const { title, p } = t(`open.about.${area}.${section}` as 'open.about.short.what', {
    returnObjects: true,
  }) as Section;
  return (
    <section className="flex flex-col gap-1">
      <h2>{title}</h2>
      {p.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </section>
  );
}
