import { beforeEach, expect, test, vi } from 'vitest';
import { asked, serve } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const { bundleOf, placeOf, refusalBundle } = await import('./bundle');

const KEY = 'Reader1111111111111111111111111111111111111';
const VAULT = 'VauLt11111111111111111111111111111111111111';
const RECORD = 'Record1111111111111111111111111111111111111';
const OTHER = 'Record2222222222222222222222222222222222222';
const VERIFIER = 'aegle.example/disclosures+0123abcd+AA';
/** Place 7 of the log. */
const RECEIPT = btoa('\0\0\0\0\0\0\0\u0007rest');
const CONSENT = { consent: 'C', grantee: KEY, salt: 's', policy: '{}', policy_salt: 'p' };

const held = (record: string) => ({ record, vault: VAULT, opening: { salt: `salt of ${record}` } });
const entry = (more: object) =>
  JSON.stringify({ vault: VAULT, caller: { key: KEY }, purpose: 'TREAT', operation: 'read_content', ...more });

/** A log that keeps an entry, which the newest checkpoint has from the `after`th look on. */
function log(text: string, more = {}, after = 0) {
  let looks = 0;
  serve({
    'GET /v1/log': { body: { verifier: VERIFIER, checkpoint: 'a checkpoint' } },
    'GET /v1/receipts/7': () => ({
      body: { entry: text, salt: 'aa', link: 'bb', inclusion: looks++ < after ? null : { size: 9 } },
    }),
    'GET /v1/consents': {
      body: {
        data: [
          { ...CONSENT, opened: true, encryption_key: 'no matter' },
          { ...CONSENT, grantee: VAULT },
        ],
      },
    },
    'GET /v1/records': { body: { data: [held(RECORD), held(OTHER)] } },
    [`GET /v1/records/${RECORD}`]: { body: { data: held(RECORD) } },
    ...more,
  });
}

const saved = async () => JSON.parse(await bundleOf(RECEIPT));

beforeEach(() => void vi.useRealTimers());

test('a receipt names its place in the log', () => {
  expect(placeOf(RECEIPT)).toBe(7);
});

test('it is saved with the proof, who signed in, and what opens the consents of who asked', async () => {
  const signIn = { message: 'I sign in', signature: 'cc' };
  log(entry({ record: RECORD, outcome: { decision: 'permit', records: [] }, signed: { sign_in: 'dd' } }), {
    'GET /v1/log/sign-ins/dd': { body: signIn },
  });
  expect(await saved()).toEqual({
    kind: 'aegle:receipt:v1',
    log: VERIFIER,
    receipt: RECEIPT,
    entry: expect.stringContaining('read_content'),
    salt: 'aa',
    link: 'bb',
    inclusion: { size: 9 },
    checkpoint: 'a checkpoint',
    sign_in: signIn,
    consents: [CONSENT],
    emergencies: [],
    records: [{ record: RECORD, opening: held(RECORD).opening }],
  });
  expect(asked.some(({ path }) => path === '/v1/log?size=9')).toBe(true);
});

test('of a list what went out is opened, and nothing else', async () => {
  log(entry({ operation: 'list_records', outcome: { decision: 'permit', records: [{ record: OTHER }] } }));
  expect((await saved()).records).toEqual([{ record: OTHER, opening: held(OTHER).opening }]);
});

test('of an emergency the own statement is opened, its signature in hex', async () => {
  const opened = {
    break_glass: 'B',
    clinician: KEY,
    vault: VAULT,
    statement: '{}',
    signature: btoa('\u0001\u00ff'),
    salt: 'ee',
  };
  log(entry({ purpose: 'ETREAT', outcome: { decision: 'permit', records: [] } }), {
    'GET /v1/emergencies': { body: { data: [opened, { ...opened, clinician: VAULT }] } },
  });
  expect((await saved()).emergencies).toEqual([{ break_glass: 'B', statement: '{}', signature: '01ff', salt: 'ee' }]);
});

test('a record that is open no longer is left out', async () => {
  log(entry({ record: RECORD, outcome: { decision: 'permit', records: [] } }), {
    [`GET /v1/records/${RECORD}`]: { status: 403, code: 'not_permitted' },
  });
  expect((await saved()).records).toEqual([]);
});

test('a checkpoint that has the entry is waited for', async () => {
  vi.useFakeTimers();
  log(entry({ outcome: { decision: 'permit', records: [] } }), {}, 3);
  const saving = saved();
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await saving).inclusion).toEqual({ size: 9 });
});

test('a refusal is saved with what the patient can read of it', async () => {
  log('');
  expect(JSON.parse(await refusalBundle(RECEIPT, 'sealed'))).toEqual({
    kind: 'aegle:receipt:v1',
    log: VERIFIER,
    receipt: RECEIPT,
    sealed: 'sealed',
  });
});
