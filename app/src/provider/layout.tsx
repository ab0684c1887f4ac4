import { getRouteApi, Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
// Receipts are kept from the first request on.
import '@/receipts/kept';
import { usePerson } from '@/session/state';
import { Note } from '@/ui/note';
import { Select } from '@/ui/select';
import { PURPOSES, type ReadingPurpose } from './purposes';
import { Register } from './register';

const route = getRouteApi('/inside/care');

/** The purpose that is stated with every read. */
export function usePurpose(): ReadingPurpose {
  return route.useSearch().purpose;
}

/** What all pages of whoever reads have: the purpose, stated at the top, and the way between them. */
export function CareLayout() {
  const { t } = useTranslation();
  const person = usePerson();
  const purpose = usePurpose();
  const navigate = useNavigate();
  // An emergency is a purpose of its own, which nobody chooses for something else.
  const isEmergency = useRouterState({ select: ({ location }) => location.pathname.startsWith('/care/emergency') });
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2 border-line border-b pb-2">
        <div className="flex flex-col gap-0.5">
          {isEmergency ? (
            <p>
              <span className="font-bold">{t('provider.purpose')}</span> {t('provider.purposes.ETREAT')}
            </p>
          ) : (
            <Select
              label={t('provider.purpose')}
              value={purpose}
              onChange={(chosen) => void navigate({ to: '.', search: { purpose: chosen } })}
              options={PURPOSES.map((id) => ({ id, name: t(`provider.purposes.${id}`) }))}
            />
          )}
          <p className="text-soft text-sm">{t('provider.purposeHint')}</p>
        </div>
        <nav aria-label={t('common.nav.care')}>
          <ul className="flex flex-wrap gap-1">
            <Tab to="/care" name={t('provider.nav.patients')} />
            <Tab to="/care/issue" name={t('provider.nav.issue')} />
            <Tab to="/care/access" name={t('provider.nav.access')} />
          </ul>
        </nav>
      </div>
      {person.credential === undefined && (
        <>
          <Note kind="wait" title={t('provider.noCredential.title')}>
            {t('provider.noCredential.text')}
          </Note>
          <Register />
        </>
      )}
      <Outlet />
    </>
  );
}

function Tab({ to, name }: { to: '/care' | '/care/issue' | '/care/access'; name: string }) {
  const purpose = usePurpose();
  return (
    <li>
      <Link
        to={to}
        search={{ purpose }}
        activeOptions={{ exact: true }}
        activeProps={{ className: 'border-act text-act', 'aria-current': 'page' }}
        inactiveProps={{ className: 'border-transparent text-soft' }}
        className="inline-flex min-h-[44px] items-center border-b-3 px-1.5 font-bold no-underline"
      >
        {name}
      </Link>
    </li>
  );
}
