import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { router } from '@/router';
import { change, type Person } from '@/session/state';

/** Somebody who is signed in with a wallet of this address. */
export function person(more: Partial<Person> = {}): Person {
  return {
    signer: { address: WALLET } as Person['signer'],
    chain: {
      account: async () => ({ owner: PROGRAM, data: ['', 'base64'] }),
      deployment: {},
    } as unknown as Person['chain'],
    vault: undefined,
    credential: undefined,
    ...more,
  };
}

export const WALLET = 'WaLLet1111111111111111111111111111111111111';
const PROGRAM = 'Program111111111111111111111111111111111111';

/** Opens the app on a page, as a browser would. */
export function open(path: string, who?: Person) {
  // Whoever was here before is gone with everything of theirs.
  change({ person: undefined, because: 'begin' });
  if (who) change({ person: who });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const history = createMemoryHistory({ initialEntries: [path] });
  const { routeTree } = router;
  const here = createRouter({ routeTree, history });
  const shown = render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={here as unknown as typeof router} />
    </QueryClientProvider>,
  );
  return { ...shown, history, queries };
}
