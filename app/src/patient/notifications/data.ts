import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schema } from '@/api/client';
import type { Person } from '@/session/state';

export type Subscription = Schema['Subscription'];
export type Topic = Schema['Topic'];
export type Target = Schema['Target'];

export const TOPICS = [
  'disclosures',
  'emergencies',
  'grants',
  'revocations',
  'storage',
] as const satisfies readonly Topic[];

/** Where else the patient is told. */
export function subscriptionsOf({ vault = '' }: Person) {
  return queryOptions({
    queryKey: ['subscriptions', vault],
    queryFn: async () => (await ok(api.GET('/v1/subscriptions', { params: { query: { patient: vault } } }))).data,
  });
}

export async function subscribe({ vault = '' }: Person, target: Target, kinds: readonly Topic[]) {
  return (await ok(api.POST('/v1/subscriptions', { body: { vault, target, kinds: [...kinds] } }))).data;
}

export async function confirm({ vault = '' }: Person, subscription: string, code: string): Promise<void> {
  const params = { path: { vault, subscription } };
  await ok(api.POST('/v1/subscriptions/{vault}/{subscription}/confirmation', { params, body: { code } }));
}

export async function unsubscribe({ vault = '' }: Person, { subscription }: Subscription): Promise<void> {
  await ok(api.DELETE('/v1/subscriptions/{vault}/{subscription}', { params: { path: { vault, subscription } } }));
}

/** The address of a target, as it was typed. */
export function addressOf(target: Target): string {
  return 'email' in target ? target.email.address : target.webhook.url;
}
