import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { Eye, FileText, Inbox, KeyRound, Lock, Settings, Stethoscope } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { EmergencyStrip } from '@/emergency/strip';
import { following } from '@/patient/inbox/following';
import { PROOFS } from '@/session/document';
import { lock, useSession } from '@/session/state';
import { watchIdle } from '@/session/watch';
import { Button, weightClass } from '@/ui/button';
import { PageHead } from '@/ui/card';
import { useKeptFocus } from '@/ui/focus';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { worded } from '@/words';

const Alarm = lazy(worded(() => import('@/safety/alarm'), 'safety'));

const patientPages = [
  { to: '/records', name: 'common.nav.records', Icon: FileText },
  { to: '/people', name: 'common.nav.people', Icon: KeyRound },
  { to: '/activity', name: 'common.nav.activity', Icon: Eye },
  { to: '/inbox', name: 'common.nav.inbox', Icon: Inbox },
] as const;

/** Pages for everybody. */
const openPages = [
  { to: '/about', name: 'common.nav.about' },
  { to: '/verify', name: 'common.nav.verify' },
] as const;

/** How often the page asks whether the server follows the network. */
const LOOK = 10_000;

/** What every page stands in. */
export function Shell() {
  const { t } = useTranslation();
  const { person } = useSession();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(() => (person ? watchIdle() : undefined), [person]);
  const queries = useQueryClient();
  useEffect(() => (person?.vault ? following(queries, person.vault) : undefined), [queries, person?.vault]);
  useKeptFocus();
  useTitle(path);
  // A page that was gone to is read from its heading on; the first one from its beginning.
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-sheet focus:p-2">
        {t('common.skip')}
      </a>
      <header className="border-line border-b bg-sheet print:hidden">
        <div className="mx-auto flex max-w-[1080px] items-center gap-2 px-2 py-1">
          <Link to="/" className="flex min-h-[44px] items-center gap-1 font-bold text-ink no-underline">
            <img src="/key.svg" alt="" className="size-4" />
            {t('common.name')}
          </Link>
          {person?.vault && (
            <nav aria-label={t('common.menu')} className="hidden sm:block">
              <ul className="flex gap-1">
                {patientPages.map((page) => (
                  <Page key={page.to} {...page} />
                ))}
              </ul>
            </nav>
          )}
          {person?.credential && (
            <Link to="/care" className={`${weightClass('quiet')} ${person.vault ? '' : 'ms-1'}`}>
              <Stethoscope aria-hidden className="size-2.5" />
              {t('common.nav.care')}
            </Link>
          )}
          <Link to="/settings" className={`${weightClass('quiet')} ms-auto`} aria-label={t('common.nav.settings')}>
            <Settings aria-hidden className="size-2.5" />
          </Link>
          {person && (
            <Button weight="quiet" onPress={() => lock()}>
              <Lock aria-hidden className="size-2.5" />
              {t('common.lock')}
            </Button>
          )}
        </div>
      </header>
      <Connection />
      {person?.vault && <EmergencyStrip person={person} />}
      <main id="content" className="mx-auto flex w-full max-w-[1080px] flex-1 flex-col gap-3 px-2 py-3 pb-4">
        {person?.vault && <Watch vault={person.vault} />}
        <Outlet />
      </main>
      <footer className={`border-line border-t print:hidden ${person?.vault ? 'pb-[64px] sm:pb-0' : ''}`}>
        <ul className="mx-auto flex w-full max-w-[1080px] flex-wrap gap-x-2 px-2">
          {openPages.map(({ to, name }) => (
            <li key={to}>
              <Link
                to={to}
                // Whoever has nothing open here gets the document in which any node can be asked.
                reloadDocument={to === PROOFS && !person}
                className="inline-flex min-h-[44px] items-center"
              >
                {t(name)}
              </Link>
            </li>
          ))}
        </ul>
      </footer>
      {person?.vault && (
        <nav
          aria-label={t('common.menu')}
          className="fixed inset-x-0 bottom-0 border-line border-t bg-sheet sm:hidden print:hidden"
        >
          <ul className="flex justify-around">
            {patientPages.map((page) => (
              <Page key={page.to} {...page} />
            ))}
          </ul>
        </nav>
      )}
    </div>
  );
}

/** Names of the parts of the app, by the first part of their paths. */
const titles = {
  records: 'common.nav.records',
  people: 'common.nav.people',
  activity: 'common.nav.activity',
  inbox: 'common.nav.inbox',
  care: 'common.nav.care',
  settings: 'common.nav.settings',
  safety: 'common.safety',
  about: 'common.nav.about',
  verify: 'common.nav.verify',
  'sign-in': 'common.signIn.title',
  'set-up': 'patient.setup.title',
} as const;

/** Names the tab. Browsers keep titles with the addresses, so that none says more than which part of the app it is. */
function useTitle(path: string): void {
  const { t } = useTranslation();
  const part = path.split('/')[1] ?? '';
  const title = part in titles ? titles[part as keyof typeof titles] : undefined;
  useEffect(() => {
    document.title = title ? `${t(title)} · ${t('common.name')}` : t('common.name');
  }, [t, title]);
}

function Page({ to, name, Icon }: (typeof patientPages)[number]) {
  const { t } = useTranslation();
  return (
    <li>
      <Link
        to={to}
        activeProps={{ className: 'border-act text-act', 'aria-current': 'page' }}
        inactiveProps={{ className: 'border-transparent text-soft' }}
        className="flex min-h-[52px] flex-col items-center justify-center gap-0.5 border-b-3 px-1.5 font-bold text-sm no-underline sm:min-h-[44px] sm:flex-row sm:text-base"
      >
        <Icon aria-hidden className="size-2.5" />
        {t(name)}
      </Link>
    </li>
  );
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      addEventListener('online', changed);
      addEventListener('offline', changed);
      return () => {
        removeEventListener('online', changed);
        removeEventListener('offline', changed);
      };
    },
    () => navigator.onLine,
  );
}

/** Says that the network is away, or that the server waits for it. */
function Connection() {
  const { t } = useTranslation();
  const { person } = useSession();
  const online = useOnline();
  const { data } = useQuery({
    queryKey: ['status'],
    queryFn: () => ok(api.GET('/v1/chain/status')),
    enabled: person !== undefined && online,
    refetchInterval: LOOK,
  });
  const behind = data?.ready === false;
  if (online && !behind) return null;
  const state = online ? 'behind' : 'offline';
  return (
    <div className="mx-auto w-full max-w-[1080px] px-2 pt-2">
      <Note kind="wait" title={t(`common.network.${state}`)}>
        <p>{t(`common.network.${state}Hint`)}</p>
      </Note>
    </div>
  );
}

/** Looks whether the records are about to go to another wallet, and whether others added some for the patient. */
function Watch({ vault }: { vault: string }) {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: ['vault', vault],
    queryFn: async () => {
      const params = { path: { vault }, query: { commitment: 'confirmed' as const } };
      return (await ok(api.GET('/v1/chain/vaults/{vault}', { params }))).data;
    },
    refetchInterval: LOOK,
  });
  const added = data?.delegate_mints;
  const before = useRef(added);
  useEffect(() => {
    if (before.current !== undefined && before.current !== added) {
      for (const list of ['records', 'mailbox']) void queries.invalidateQueries({ queryKey: [list, vault] });
    }
    before.current = added;
  }, [added, queries, vault]);
  if (!data?.pending_recovery) return null;
  return (
    <Suspense>
      <Alarm />
    </Suspense>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t('common.notFound.title')} lead={t('common.notFound.text')} />
      <Link to="/" className={`${weightClass('second')} self-start`}>
        {t('common.notFound.home')}
      </Link>
    </>
  );
}

/** A page that failed: what happened, and a way on. */
export function Failure({ error }: { error: unknown }) {
  const router = useRouter();
  return <ProblemNote error={error} retry={() => void router.invalidate()} />;
}
