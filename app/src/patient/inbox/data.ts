import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schema } from '@/api/client';
import type { Person } from '@/session/state';
import { isFollowing } from './following';

const EVERY = 15_000;

/** Not asked where the server tells it by itself. */
export function unlessTold(milliseconds: number): () => number | false {
  return () => (isFollowing() ? false : milliseconds);
}

/** Who asks to be allowed. */
export function requestsOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['access-requests', vault],
    queryFn: async () => (await ok(api.GET('/v1/access-requests', { params: { query: { patient: vault } } }))).data,
    refetchInterval: EVERY,
  });
}

/** Results that wait to become records. */
export function mailOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['mailbox', vault],
    queryFn: async () => (await ok(api.GET('/v1/mailbox', { params: { query: { patient: vault } } }))).data,
    refetchInterval: EVERY,
  });
}

/** What happened, newest first. */
export function noticesOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['inbox', vault],
    queryFn: async () => (await ok(api.GET('/v1/inbox', { params: { query: { patient: vault } } }))).data,
    refetchInterval: unlessTold(EVERY),
  });
}

export async function markRead({ vault = '' }: Person, until: number): Promise<void> {
  await ok(api.POST('/v1/inbox/read', { body: { vault, until } }));
}

/** Refuses a request: it is gone, and nobody is told why. */
export async function dismiss({ vault = '' }: Person, { request }: Schema['AccessRequest']): Promise<void> {
  await ok(api.DELETE('/v1/access-requests/{vault}/{request}', { params: { path: { vault, request } } }));
}

export async function discard({ vault = '' }: Person, { item }: Schema['MailboxItem']): Promise<void> {
  await ok(api.DELETE('/v1/mailbox/{vault}/{item}', { params: { path: { vault, item } } }));
}
