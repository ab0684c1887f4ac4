import createClient from 'openapi-fetch';
import { core, Refused } from '@/core';
import type { Problem } from '@/core/errors';
import type { components, paths } from './generated/schema';

export type Schema = components['schemas'];
export type Purpose = Schema['PurposeCode'];

/** Statuses whose answers have no body. */
const EMPTY = [204, 205, 304];

/** Sends a request by the worker, which knows who is signed in. */
async function byWorker(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const body = request.body ? await request.text() : undefined;
  const headers = Object.fromEntries(request.headers);
  const answer = await core().ask({ method: request.method, path: url.pathname + url.search, headers, body });
  const { status } = answer;
  return new Response(EMPTY.includes(status) ? null : answer.body, { status, headers: answer.headers });
}

/** The server, as its OpenAPI document describes it. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: byWorker });

/** The answer, or the server's refusal as an error. */
export async function ok<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, undefined>> {
  const { data, error, response } = await asked;
  if (error === undefined && response.ok) return data as Exclude<T, undefined>;
  const problem = isProblem(error)
    ? error
    : {
        code: 'unknown',
        title: 'The server refused',
        detail: `status ${response.status}`,
        status: response.status,
        request_id: '',
      };
  throw new Refused(problem, response.headers.get('aegle-receipt') ?? undefined);
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}

/** Every item of a list, page by page. */
export async function pages<T>(
  page: (cursor: string | undefined) => Promise<{ data: readonly T[]; next?: string | null | undefined }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { data, next } = await page(cursor);
    items.push(...data);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
