import { api, ok, type Purpose, pages, type Schema } from '@/api/client';
import { hexText } from '@/chain/bytes';
import { sleep } from '@/chain/sleep';
import { isRefused } from '@/core';

/** Milliseconds until the log has signed an entry, at most; and between two looks. */
const CHECKPOINT = 20_000;
const POLL = 500;

/** As much of an entry of the log as says what opens it; `docs/disclosures.md`. */
interface Entry {
  vault: string;
  caller: { key: string };
  purpose?: Purpose;
  operation: string;
  record?: string;
  outcome: { decision: 'permit'; records: { record: string }[] } | { decision: 'deny' };
  signed?: { sign_in: string };
}

const NOBODYS = '11111111111111111111111111111111';

/** Place in the log, which a receipt begins with: 8 bytes, big-endian. */
export function placeOf(receipt: string): number {
  const bytes = bytesOf(receipt.replace(/-/g, '+').replace(/_/g, '/'));
  return Number(new DataView(bytes.buffer).getBigUint64(0));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The receipt of a refusal, which nobody but the patient opens, with what the patient can read of it. */
export async function refusalBundle(receipt: string, sealed: string | undefined): Promise<string> {
  const { verifier } = await ok(api.GET('/v1/log'));
  return JSON.stringify({ kind: 'aegle:receipt:v1', log: verifier, receipt, ...(sealed ? { sealed } : {}) });
}

/**
 * A receipt of the caller's own request with everything that opens it, to be checked without the server, as
 * `aegle receipt save` keeps it.
 */
export async function bundleOf(receipt: string): Promise<string> {
  const { entry, salt, link, inclusion } = await opened(placeOf(receipt));
  const read = JSON.parse(entry) as Entry;
  const size = inclusion?.size;
  const query = size === undefined ? {} : { size };
  const [{ verifier, checkpoint }, sign_in, openings] = await Promise.all([
    ok(api.GET('/v1/log', { params: { query } })),
    signIn(read),
    openingsOf(read),
  ]);
  const proof = inclusion ? { inclusion, checkpoint } : {};
  const bundle = { kind: 'aegle:receipt:v1', log: verifier, receipt, entry, salt, link, ...proof, sign_in };
  return JSON.stringify({ ...bundle, ...openings });
}

/** What the log keeps of an entry, as soon as a checkpoint has it. */
async function opened(index: number) {
  const deadline = Date.now() + CHECKPOINT;
  for (;;) {
    const told = await ok(api.GET('/v1/receipts/{index}', { params: { path: { index } } }));
    const inclusion = (told.inclusion ?? undefined) as { size: number } | undefined;
    if (inclusion || Date.now() > deadline) return { ...told, inclusion };
    await sleep(POLL);
  }
}

/** What who asked had signed to sign in; undefined where the log does not keep it. */
async function signIn({ signed }: Entry) {
  if (!signed) return undefined;
  const path = { digest: signed.sign_in };
  return orUndefined(ok(api.GET('/v1/log/sign-ins/{digest}', { params: { path } })), 'not_found');
}

/** What opens the consents, emergencies and records of an entry, as far as the caller may have it. */
async function openingsOf(entry: Entry) {
  if (entry.vault === NOBODYS) return {};
  const [held, emergencies, records] = await Promise.all([
    ok(api.GET('/v1/consents', { params: { query: { patient: entry.vault } } })),
    emergenciesOf(entry),
    recordsOf(entry),
  ]);
  const consents = held.data
    .filter(({ grantee }) => grantee === entry.caller.key)
    .map(({ consent, grantee, salt, policy, policy_salt }) => ({ consent, grantee, salt, policy, policy_salt }));
  return { consents, emergencies, records: records.map(({ record, opening }) => ({ record, opening })) };
}

async function emergenciesOf({ purpose, vault, caller }: Entry) {
  if (purpose !== 'ETREAT') return [];
  const all = await pages((cursor) =>
    ok(api.GET('/v1/emergencies', { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  return all
    .filter((opened) => opened.vault === vault && opened.clinician === caller.key)
    .map(({ break_glass, statement, signature, salt }) => ({
      break_glass,
      statement,
      signature: hexText(bytesOf(signature)),
      salt,
    }));
}

async function recordsOf(entry: Entry): Promise<Schema['HeldRecord'][]> {
  const { purpose = 'PATRQT', vault, outcome, record } = entry;
  const header = { 'aegle-purpose': purpose };
  if (entry.operation === 'list_records') {
    const released = new Set(outcome.decision === 'permit' ? outcome.records.map(({ record }) => record) : []);
    if (released.size === 0) return [];
    const all = await pages((cursor) => {
      const query = { patient: vault, limit: 200, ...(cursor ? { cursor } : {}) };
      return ok(api.GET('/v1/records', { params: { query, header } }));
    });
    return all.filter(({ record }) => released.has(record));
  }
  if (record === undefined) return [];
  const one = await orUndefined(
    ok(api.GET('/v1/records/{record}', { params: { path: { record }, header } })),
    'not_permitted',
  );
  return one ? [one.data] : [];
}

async function orUndefined<T>(asked: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isRefused(error, code)) return undefined;
    throw error;
  }
}
