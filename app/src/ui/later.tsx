import { type ComponentType, createElement, use } from 'react';
import { Unreachable } from '@/core';

/** The server has another version of the app than this page is of. */
export class Outdated extends Error {
  override name = 'Outdated';
}

/**
 * A page whose code comes when it is gone to. Unlike the router's own it never loads the whole document anew,
 * which would end the session: where the code does not come the page says why, and trying again asks again.
 */
export function lazyRouteComponent<Module extends Record<string, unknown>, Name extends keyof Module>(
  load: () => Promise<Module>,
  name: Name,
) {
  let page: Module[Name] | undefined;
  let failed: Error | undefined;
  let loading: Promise<void> | undefined;
  const preload = () => {
    if (page) return undefined;
    failed = undefined;
    loading ??= load()
      .then(
        (module) => {
          page = module[name];
        },
        async (error: unknown) => {
          failed = await reason(error);
        },
      )
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  // biome-ignore lint/correctness/noComponentHookFactories: one for each page, made once with its route
  const Later = (props: object) => {
    // Until the router asks again.
    if (failed) throw failed;
    if (!page) use(preload() ?? Promise.resolve());
    return createElement(page as ComponentType, props);
  };
  return Object.assign(Later, { preload });
}

/** Why a part of the app did not come: the network is away, or the server has another version. */
async function reason(error: unknown): Promise<Error> {
  const message = error instanceof Error ? error.message : String(error);
  try {
    const { ok } = await fetch('/', { method: 'HEAD', cache: 'no-store' });
    return ok ? new Outdated(message) : new Unreachable(message);
  } catch {
    return new Unreachable(message);
  }
}
