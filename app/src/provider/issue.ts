import * as Comlink from 'comlink';
import { LABELS } from '@/api/labels';
import { core } from '@/core';
import type { Person } from '@/session/state';

/** Steps of sending, in their order. */
export type Step = 'sign' | 'lock';
export const STEPS: readonly Step[] = ['sign', 'lock'];

/** What is said of a result; only kind, day and how sensitive it is reach the server. */
export interface Described {
  title: string;
  category: string;
  /** Day of care, `2026-11-22`. */
  day: string;
  /** HL7 sensitivity codes. */
  sensitivity: readonly string[];
}

/** Signs a result for a patient, encrypts it to them and leaves it in their mailbox. */
export async function issue(
  { signer, chain, credential }: Person,
  vault: string,
  { title, category, day, sensitivity }: Described,
  content: Blob,
  progress: (step: Step, part?: number) => void,
): Promise<void> {
  if (!credential) throw new Error('no registrar vouches for this wallet');
  progress('sign');
  const account = await chain.account(vault);
  if (!account) throw new Error('the network does not know this patient');
  const labels = {
    kind: LABELS,
    categories: [category],
    types: [],
    ...(day ? { from: day, until: day } : {}),
    sensitivity: [...sensitivity],
    author: signer.address,
  };
  const media_type = content.type || 'application/octet-stream';
  const draft = { labels, media_type, ...(title ? { title } : {}), ...(day ? { issued: day } : {}) };
  // On its way through the worker a refusal of the wallet would no longer be one.
  let refusal: unknown;
  const sign = (message: Uint8Array) =>
    signer.signMessage(message).catch((error: unknown) => {
      refusal = error;
      throw error;
    });
  const sending = core().mail(
    vault,
    account,
    { issuer: signer.address, credential },
    Comlink.proxy(sign),
    draft,
    content,
    Comlink.proxy((part: number) => progress('lock', part)),
  );
  await sending.catch((error: unknown) => {
    throw refusal ?? error;
  });
}
