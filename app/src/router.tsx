import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { Welcome } from './patient/welcome';
import { isReadingPurpose } from './provider/purposes';
import { PROOFS, reachesAnyNode } from './session/document';
import { current } from './session/state';
import { Failure, NotFound, Shell } from './shell';
import { lazyRouteComponent } from './ui/later';
import { Waiting } from './ui/waiting';
import { worded } from './words';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: Failure,
  beforeLoad: ({ location: { pathname, href }, preload }) => {
    // The document of the page of proofs is left for good: no other page stands in one that may reach any host.
    if (!reachesAnyNode || pathname === PROOFS || preload) return undefined;
    location.assign(href);
    return new Promise<never>(() => {});
  },
});

/** Pages for whoever is signed in; others are led to the door, and back afterwards. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: ({ location }) => {
    if (!current().person) throw redirect({ to: '/sign-in', search: { to: location.href } });
  },
});

const patient = createRoute({
  getParentRoute: () => inside,
  id: 'patient',
  beforeLoad: () => {
    const { person } = current();
    if (person && !person.vault) throw redirect({ to: person.closed ? '/recover' : '/set-up' });
  },
});

/** Pages for whoever reads others' records. The purpose is part of the address: it is stated with every read. */
const care = createRoute({
  getParentRoute: () => inside,
  path: '/care',
  validateSearch: (search: Record<string, unknown>) => ({
    purpose: isReadingPurpose(search.purpose) ? search.purpose : ('TREAT' as const),
  }),
  component: lazyRouteComponent(
    worded(() => import('./provider/layout'), 'provider'),
    'CareLayout',
  ),
});

const door = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>) => ({
    // A path of this app and nothing else.
    to: typeof search.to === 'string' && /^\/(?!\/)/.test(search.to) ? search.to : undefined,
  }),
  component: lazyRouteComponent(() => import('./session/sign-in-page'), 'SignInPage'),
});

const routes = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: Welcome,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(
      worded(() => import('./settings'), 'emergency', 'notices', 'safety'),
      'SettingsPage',
    ),
  }),
  door,
  createRoute({
    getParentRoute: () => root,
    path: '/verify',
    validateSearch: (search: Record<string, unknown>): { what?: string } =>
      typeof search.what === 'string' ? { what: search.what } : {},
    component: lazyRouteComponent(
      worded(() => import('./public/verify'), 'open'),
      'VerifyPage',
    ),
  }),
  ...(['/about', '/about/patients', '/about/hospitals', '/about/lawyers'] as const).map((path) =>
    createRoute({
      getParentRoute: () => root,
      path,
      component: lazyRouteComponent(
        worded(() => import('./public/about'), 'open'),
        'AboutPage',
      ),
    }),
  ),
  inside.addChildren([
    createRoute({
      getParentRoute: () => inside,
      path: '/set-up',
      component: lazyRouteComponent(() => import('./patient/set-up-page'), 'SetUpPage'),
    }),
    createRoute({
      getParentRoute: () => inside,
      path: '/guardian',
      component: lazyRouteComponent(
        worded(() => import('./safety/guardian-page'), 'safety'),
        'GuardianPage',
      ),
    }),
    createRoute({
      getParentRoute: () => inside,
      path: '/recover',
      component: lazyRouteComponent(
        worded(() => import('./safety/recover-page'), 'safety'),
        'RecoverPage',
      ),
    }),
    patient.addChildren([
      createRoute({
        getParentRoute: () => patient,
        path: '/records',
        component: lazyRouteComponent(() => import('./patient/records/list'), 'RecordsPage'),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/records/add',
        // The record that is corrected, where it is not a new one.
        validateSearch: (search: Record<string, unknown>): { amends?: string } =>
          typeof search.amends === 'string' ? { amends: search.amends } : {},
        component: lazyRouteComponent(
          worded(() => import('./patient/records/add'), 'records'),
          'AddPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/records/import',
        component: lazyRouteComponent(
          worded(() => import('./patient/records/import/page'), 'records'),
          'ImportPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/records/$record',
        component: lazyRouteComponent(
          worded(() => import('./patient/records/one'), 'records', 'viewer'),
          'RecordPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/people',
        component: lazyRouteComponent(
          worded(() => import('./patient/people/list'), 'meet'),
          'PeoplePage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/people/code',
        component: lazyRouteComponent(
          worded(() => import('./patient/people/code'), 'meet'),
          'CodePage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/people/allow',
        validateSearch: (search: Record<string, unknown>) => ({
          who: typeof search.who === 'string' ? search.who : undefined,
        }),
        component: lazyRouteComponent(
          worded(() => import('./patient/people/allow'), 'meet'),
          'AllowPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/inbox',
        component: lazyRouteComponent(
          worded(() => import('./patient/inbox/page'), 'meet'),
          'InboxPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/notifications',
        component: lazyRouteComponent(
          worded(() => import('./patient/notifications/page'), 'notices'),
          'NotificationsPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/activity',
        component: lazyRouteComponent(() => import('./patient/activity'), 'ActivityPage'),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/guardians',
        component: lazyRouteComponent(
          worded(() => import('./safety/guardians-page'), 'safety'),
          'GuardiansPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/delegates',
        component: lazyRouteComponent(
          worded(() => import('./safety/delegates-page'), 'safety'),
          'DelegatesPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/code',
        component: lazyRouteComponent(
          worded(() => import('./safety/code-page'), 'safety'),
          'CodePage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/emergency',
        component: lazyRouteComponent(
          worded(() => import('./emergency/page'), 'emergency'),
          'EmergencyPage',
        ),
      }),
      createRoute({
        getParentRoute: () => patient,
        path: '/safety/card',
        component: lazyRouteComponent(
          worded(() => import('./emergency/card'), 'emergency'),
          'CardPage',
        ),
      }),
    ]),
    care.addChildren([
      createRoute({
        getParentRoute: () => care,
        path: '/',
        component: lazyRouteComponent(
          worded(() => import('./provider/patients'), 'provider'),
          'PatientsPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/issue',
        component: lazyRouteComponent(
          worded(() => import('./provider/issue-page'), 'provider'),
          'IssuePage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/access',
        // Whom the scanned code is of.
        validateSearch: (search: Record<string, unknown>): { patient?: string } =>
          typeof search.patient === 'string' ? { patient: search.patient } : {},
        component: lazyRouteComponent(
          worded(() => import('./provider/access'), 'provider'),
          'AccessPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/emergency',
        component: lazyRouteComponent(
          worded(() => import('./provider/emergency'), 'provider', 'emergency'),
          'EmergencyPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/emergency/$opening',
        component: lazyRouteComponent(
          worded(() => import('./provider/emergency-opening'), 'provider', 'emergency'),
          'OpeningPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/emergency/$opening/$record',
        component: lazyRouteComponent(
          worded(() => import('./provider/emergency-opening'), 'provider', 'emergency', 'viewer'),
          'EmergencyRecordPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/$vault',
        component: lazyRouteComponent(
          worded(() => import('./provider/records'), 'provider'),
          'RecordsPage',
        ),
      }),
      createRoute({
        getParentRoute: () => care,
        path: '/$vault/$record',
        component: lazyRouteComponent(
          worded(() => import('./provider/record'), 'provider', 'records', 'viewer'),
          'RecordPage',
        ),
      }),
    ]),
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Failure,
  defaultPendingMs: 200,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
