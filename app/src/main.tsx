import './index.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { Refused } from './core';
import { router } from './router';
import { onChange } from './session/watch';
import { theme, wear } from './ui/theme';
import { begin, language } from './words';

/** Refusals that pass: the server is behind, or away for a moment. */
const PASSING = ['behind', 'not_ready', 'unavailable', 'timeout', 'store_unavailable'];

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 3 && error instanceof Refused && PASSING.includes(error.problem.code),
    },
    // Nothing is signed later than it was asked for: without a network it fails, and says so.
    mutations: { networkMode: 'always' },
  },
});

// What was opened is gone with the session: no page keeps it, and going back shows the door.
onChange(() => {
  queries.clear();
  void router.invalidate();
});

async function start(): Promise<void> {
  wear(theme());
  await begin();
  const root = document.getElementById('app');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <I18nProvider locale={language()}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
}

void start();
