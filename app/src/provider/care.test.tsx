import { address, getBase64Decoder } from '@solana/kit';
import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialKind, CredentialStatus, getCredentialEncoder } from '@/program/generated';
import { open, person } from '@/test/app';
import { barriers } from '@/test/axe';
import { asked, mailed, serve } from '@/test/core';

vi.mock('@/core', async () => (await import('@/test/core')).fakeCore());

const { takeKey } = await import('./key');

const VAULT = 'VauLt11111111111111111111111111111111111111';
const RECORD = 'Record1111111111111111111111111111111111111';
const CONSENT = 'Consent111111111111111111111111111111111111';
const doctor = () => person({ credential: 'Credentia1111111111111111111111111111111111' });

const granted = { at: '2026-11-01T10:00:00Z', slot: 1 };
let inEffect = true;
const consent = () => ({
  body: { data: { consent: CONSENT, vault: VAULT, in_effect: inEffect, until: '2027-03-04', granted } },
});

const held = (more: object = {}) => ({
  record: RECORD,
  vault: VAULT,
  consent: CONSENT,
  minted_at: '2026-10-01T10:00:00Z',
  minted_slot: 5,
  size: 1000,
  status: 'active',
  version: 1,
  key: { state: 'wrapped', recipient: 'aa', wrapped_key: '', mail: false },
  opening: { labels: JSON.stringify({ categories: ['laboratory'], from: '2026-09-08' }) },
  ...more,
});

const basic = {
  'GET /v1/chain/status': { body: { ready: true } },
  'GET /v1/patients': { body: { data: [{ patient: VAULT, consents: [CONSENT] }] } },
  [`GET /v1/chain/consents/${CONSENT}`]: consent,
  'GET /v1/chain/credentials': { body: { data: [] } },
  'GET /v1/records': { body: { data: [held()] } },
};

const letter = () => ({
  details: { title: 'Blood count', media_type: 'text/plain', author: 'Dr Example', issued: '2026-09-09' },
  content: new TextEncoder().encode('All is well.'),
  issuance: { state: 'false', reason: 'x' },
});

/** A credential as a node tells it, in base64. */
function attesting(encryptionKey: Uint8Array): string {
  const somebody = address('11111111111111111111111111111111');
  const bytes = getCredentialEncoder().encode({
    version: 1,
    bump: 255,
    kind: CredentialKind.Practitioner,
    status: CredentialStatus.Active,
    emergency: false,
    rentPayer: somebody,
    registrar: somebody,
    subject: somebody,
    encryptionKey,
    profileCommitment: new Uint8Array(32),
    fromDay: 0,
    untilDay: 1,
    revision: 0,
    issuedSlot: 0,
    issuedAt: 0,
    changedSlot: 0,
    changedAt: 0,
  });
  return getBase64Decoder().decode(bytes);
}

beforeEach(() => {
  inEffect = true;
  serve(basic, letter);
});

describe('patients', () => {
  test('who allowed the reader stands there, with until when, for the purpose stated', async () => {
    const { container } = open('/care', doctor());
    expect(await screen.findByRole('link', { name: 'Patient VauL…1111' })).toBeTruthy();
    expect(await screen.findByText('until March 4, 2027')).toBeTruthy();
    const request = asked.find(({ path }) => path.startsWith('/v1/patients'));
    expect(request?.headers['aegle-purpose']).toBe('TREAT');
    expect(await barriers(container)).toEqual([]);
  });

  test('another purpose asks anew, for that purpose', async () => {
    const { history } = open('/care', doctor());
    await userEvent.selectOptions(await screen.findByLabelText('You are reading for'), 'billing');
    await waitFor(() => expect(asked.some(({ headers }) => headers['aegle-purpose'] === 'HPAYMT')).toBe(true));
    expect(history.location.search).toContain('HPAYMT');
  });

  test('nobody yet says why, and offers to ask', async () => {
    serve({ ...basic, 'GET /v1/patients': { body: { data: [] } } });
    open('/care', doctor());
    expect(await screen.findByText('Nobody has allowed you yet')).toBeTruthy();
    expect(screen.getAllByRole('link', { name: 'Ask for access' }).length).toBeGreaterThan(0);
  });

  describe('who allowed the reader meanwhile', () => {
    const OTHER = 'Vau2t11111111111111111111111111111111111111';
    const patients = (...vaults: string[]) => {
      const data = vaults.map((patient) => ({ patient, consents: [CONSENT] }));
      serve({ ...basic, 'GET /v1/patients': { body: { data } } });
    };
    const looks = () => asked.filter(({ path }) => path.startsWith('/v1/patients')).length;

    beforeEach(() => {
      vi.useFakeTimers({ shouldAdvanceTime: true });
      return () => vi.useRealTimers();
    });

    test('stands there when the window is chosen, once the list is a while old', async () => {
      patients(VAULT);
      open('/care', doctor());
      await screen.findByText('Patient VauL…1111');
      patients(VAULT, OTHER);
      window.dispatchEvent(new Event('focus'));
      await act(() => vi.advanceTimersByTimeAsync(16_000));
      // Every look stands in the log of those who are listed.
      expect(looks()).toBe(0);
      window.dispatchEvent(new Event('focus'));
      window.dispatchEvent(new Event('focus'));
      expect(await screen.findByText('Patient Vau2…1111')).toBeTruthy();
      expect(looks()).toBe(1);
    });

    test('stands there when that is asked for', async () => {
      patients(VAULT);
      open('/care', doctor());
      await screen.findByText('Patient VauL…1111');
      patients(VAULT, OTHER);
      screen.getByRole('button', { name: 'Look again' }).click();
      expect(await screen.findByText('Patient Vau2…1111')).toBeTruthy();
    });

    test('stands there by itself where there was nobody before', async () => {
      patients();
      open('/care', doctor());
      await screen.findByText('Nobody has allowed you yet');
      expect(screen.queryByRole('button', { name: 'Look again' })).toBeNull();
      patients(VAULT);
      await act(() => vi.advanceTimersByTimeAsync(16_000));
      expect(await screen.findByText('Patient VauL…1111')).toBeTruthy();
    });
  });

  test('a server that is away is said in a sentence, with a way on', async () => {
    const { 'GET /v1/patients': _, ...away } = basic;
    serve(away);
    open('/care', doctor());
    expect(await screen.findByText(/server does not answer/)).toBeTruthy();
    serve(basic);
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Patient VauL…1111')).toBeTruthy();
  });

  test('without a credential it says what that means', async () => {
    open('/care', person());
    expect(await screen.findByText('No registrar vouches for this wallet')).toBeTruthy();
  });

  test('without a credential the wallet makes the key that a registrar is to attest, signing twice', async () => {
    const who = person();
    let signed = 0;
    const signMessage = async () => {
      signed += 1;
      return new Uint8Array(2).fill(7);
    };
    open('/care', { ...who, signer: { ...who.signer, signMessage } });
    await userEvent.click(await screen.findByRole('button', { name: 'Make my reading key' }));
    expect(await screen.findByText('0707')).toBeTruthy();
    expect(signed).toBe(2);
    expect(await barriers(screen.getByRole('main'))).toEqual([]);
  });
});

describe('records', () => {
  test('are listed by what their labels say, and nothing is opened for it', async () => {
    const { container } = open(`/care/${VAULT}`, doctor());
    expect(await screen.findByRole('link', { name: 'Laboratory results' })).toBeTruthy();
    expect(screen.getByText('September 8, 2026')).toBeTruthy();
    expect(asked.some(({ path }) => path.includes('/content'))).toBe(false);
    await userEvent.click(screen.getByRole('radio', { name: 'By kind' }));
    expect(screen.getByRole('heading', { name: 'Laboratory results' })).toBeTruthy();
    expect(await barriers(container)).toEqual([]);
  });

  test('of a permission that ended leave the list, and those of another stay', async () => {
    const other = 'Consent211111111111111111111111111111111111';
    const imaging = { labels: JSON.stringify({ categories: ['imaging'] }) };
    const second = held({ record: other, consent: other, opening: imaging });
    const stands = { body: { data: { consent: other, in_effect: true, until: '2027-03-04', granted } } };
    serve({
      ...basic,
      [`GET /v1/chain/consents/${other}`]: stands,
      'GET /v1/records': () => ({ body: { data: inEffect ? [held(), second] : [second] } }),
    });
    const { queries } = open(`/care/${VAULT}`, doctor());
    expect(await screen.findByRole('link', { name: 'Laboratory results' })).toBeTruthy();
    inEffect = false;
    await act(() => queries.invalidateQueries({ queryKey: ['care', 'consent'] }));
    await waitFor(() => expect(screen.queryByRole('link', { name: 'Laboratory results' })).toBeNull());
    expect(screen.getByRole('link', { name: 'Images' })).toBeTruthy();
  });

  test('none says what it may mean', async () => {
    serve({ ...basic, 'GET /v1/records': { body: { data: [] } } });
    open(`/care/${VAULT}`, doctor());
    expect(await screen.findByText('No record is open to you for treatment')).toBeTruthy();
  });

  test('a refusal is told as one', async () => {
    serve({ ...basic, 'GET /v1/records': { status: 403, code: 'not_permitted' } });
    open(`/care/${VAULT}`, doctor());
    expect(await screen.findByText(/This is not open to you/)).toBeTruthy();
  });
});

describe('a record', () => {
  const at = `/care/${VAULT}/${RECORD}`;
  const whole = { ...basic, [`GET /v1/records/${RECORD}`]: { body: { data: held() } } };

  /** A doctor whose wallet signs by `sign`, and whose credential names the key 07…07. */
  const withWallet = (sign: (text: string) => Uint8Array) => {
    const who = doctor();
    const signMessage = async (text: string | Uint8Array) => sign(text as string);
    const data = [attesting(new Uint8Array(32).fill(7)), 'base64'];
    const chain = { account: async () => ({ owner: '', data }) };
    return { ...who, signer: { ...who.signer, signMessage }, chain: chain as unknown as typeof who.chain };
  };

  test('opens by one signature of the wallet', async () => {
    serve(whole, letter);
    const signed: string[] = [];
    const sign = (text: string) => {
      signed.push(text);
      return new Uint8Array(32).fill(7);
    };
    open(at, withWallet(sign));
    expect(await screen.findByText('All is well.')).toBeTruthy();
    expect(signed).toEqual([`reading key of ${doctor().signer.address}`]);
    expect(screen.queryByText('Your reading key')).toBeNull();
  });

  test('says why the key of the wallet is not the one, and takes a file', async () => {
    serve(whole, letter);
    const { container } = open(
      at,
      withWallet(() => new Uint8Array(32)),
    );
    expect(await screen.findByText(/is not the one that your credential names/)).toBeTruthy();
    expect(await barriers(container)).toEqual([]);
    await act(() => takeKey(new Blob(['{}'])));
    expect(await screen.findByText('All is well.')).toBeTruthy();
  });

  test('asks the wallet again after a no, or takes a file', async () => {
    const { Declined } = await import('@/wallet');
    serve(whole, letter);
    let isWilling = false;
    const sign = () => {
      if (!isWilling) throw new Declined('no');
      return new Uint8Array(32).fill(7);
    };
    open(at, withWallet(sign));
    expect(await screen.findByText(/You said no in your wallet/)).toBeTruthy();
    expect(screen.getByText('Your reading key')).toBeTruthy();
    isWilling = true;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('All is well.')).toBeTruthy();
  });

  test('opens with a file where there is no wallet that signs', async () => {
    serve(whole, letter);
    const { container } = open(at, doctor());
    expect(await screen.findByText('Your reading key')).toBeTruthy();
    await act(() => takeKey(new Blob(['{}'])));
    expect(await screen.findByRole('heading', { name: 'Blood count' })).toBeTruthy();
    expect(screen.getByText('All is well.')).toBeTruthy();
    expect(screen.getByText(/the signature it carries is false/)).toBeTruthy();
    expect(await barriers(container)).toEqual([]);
  });

  test('whose key is not there yet says so', async () => {
    const pending = { body: { data: held({ key: { state: 'key_pending' } }) } };
    serve({ ...whole, [`GET /v1/records/${RECORD}`]: pending });
    open(at, doctor());
    expect(await screen.findByText('Its key is not there yet')).toBeTruthy();
  });

  test('that does not open says so, and shows nothing', async () => {
    const { Broken } = await import('@/core/errors');
    serve(whole, () => {
      throw new Broken('content_altered', 'the content is not that of the record');
    });
    open(at, doctor());
    await act(() => takeKey(new Blob(['{}'])));
    expect(await screen.findByText(/Aegle did not open it/)).toBeTruthy();
  });

  test('is closed as soon as the chain says that the permission ended', async () => {
    serve(whole, letter);
    const { container, queries } = open(at, doctor());
    await screen.findByText('Your reading key');
    await act(() => takeKey(new Blob(['{}'])));
    await screen.findByText('All is well.');
    inEffect = false;
    await act(() => queries.invalidateQueries({ queryKey: ['care', 'consent'] }));
    expect(await screen.findByRole('heading', { name: 'The permission has ended' })).toBeTruthy();
    expect(container.textContent).not.toContain('All is well.');
    expect(container.textContent).not.toContain('Blood count');
    const kept = queries
      .getQueryCache()
      .getAll()
      .map(({ state }) => state.data);
    expect(JSON.stringify(kept)).not.toContain('Blood count');
  });
});

describe('access', () => {
  test('an address that is none is refused before anything is sent', async () => {
    serve({ ...basic, 'GET /v1/access-requests': { body: { data: [] } } });
    open('/care/access', doctor());
    await userEvent.type(await screen.findByLabelText("The patient's address"), 'nobody');
    expect(screen.getByText('This is not an address.')).toBeTruthy();
    expect((screen.getByRole('button', { name: 'Send the request' }) as HTMLButtonElement).disabled).toBe(true);
  });

  test('a request is sent for the purpose stated, and waits in the list', async () => {
    const patient = 'So11111111111111111111111111111111111111112';
    const request = { vault: patient, request: '00', purposes: 1, actions: 1, requested_at: '2026-11-20T10:00:00Z' };
    let requests: unknown[] = [];
    serve({
      ...basic,
      'GET /v1/access-requests': () => ({ body: { data: requests } }),
      'POST /v1/access-requests': () => {
        requests = [request];
        return { body: { data: request } };
      },
    });
    const { container } = open('/care/access', doctor());
    await userEvent.type(await screen.findByLabelText("The patient's address"), patient);
    await userEvent.click(screen.getByRole('button', { name: 'Send the request' }));
    expect(await screen.findByText(/^Sent\./)).toBeTruthy();
    expect(await screen.findByText(/for treatment/)).toBeTruthy();
    const sent = asked.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ vault: patient, purposes: 1, actions: 1 });
    expect(await barriers(container)).toEqual([]);
  });

  test('a code that was scanned names the patient, and what is written goes encrypted to them', async () => {
    const patient = 'So11111111111111111111111111111111111111112';
    const request = { vault: patient, request: '00', purposes: 1, actions: 1, requested_at: '2026-11-20T10:00:00Z' };
    serve({
      ...basic,
      'GET /v1/access-requests': { body: { data: [] } },
      'POST /v1/access-requests': { body: { data: request } },
    });
    open(`/care/access?patient=${patient}`, doctor());
    const field = await screen.findByLabelText<HTMLInputElement>("The patient's address");
    expect(field.value).toBe(patient);
    await userEvent.type(screen.getByLabelText(/A few words/), 'For Friday');
    await userEvent.click(screen.getByRole('button', { name: 'Send the request' }));
    expect(await screen.findByText(/^Sent\./)).toBeTruthy();
    const sent = JSON.parse(asked.find(({ method }) => method === 'POST')?.body ?? '');
    expect(sent.message).toBe(btoa(`${patient} For Friday`));
  });

  test('every request of the session is listed with its receipt', async () => {
    const receipt = btoa('\0\0\0\0\0\0\0\u0007rest');
    const patients = { ...basic['GET /v1/patients'], receipt };
    serve({ ...basic, 'GET /v1/patients': patients, 'GET /v1/access-requests': { body: { data: [] } } });
    open('/care', doctor());
    await screen.findByText('Patient VauL…1111');
    await userEvent.click(screen.getByRole('link', { name: 'Access and receipts' }));
    const table = await screen.findByRole('table');
    const row = within(table).getAllByRole('row')[1];
    expect(row?.textContent).toContain('your patients, for treatment');
    expect(row?.textContent).toContain('permitted');
  });

  test('a content that was given out or refused is listed too', async () => {
    const { Refused } = await import('@/core');
    const problem = { code: 'not_permitted', title: '', detail: '', status: 403, request_id: '', sealed: 'sealed' };
    let isRefused = false;
    serve({ ...basic, 'GET /v1/access-requests': { body: { data: [] } } }, () => {
      if (isRefused) throw new Refused(problem, btoa('\0\0\0\0\0\0\0\u0009rest'));
      return { ...letter(), receipt: btoa('\0\0\0\0\0\0\0\u0008rest') };
    });
    const { openRecord } = await import('./reading');
    const who = doctor();
    open('/care/access', who);
    await screen.findByText('Access and receipts', { selector: 'a' });
    const read = () => openRecord(who, held() as unknown as Parameters<typeof openRecord>[1], 'TREAT');
    await act(read);
    isRefused = true;
    await act(() => expect(read()).rejects.toThrow(Refused));
    const rows = within(await screen.findByRole('table'))
      .getAllByRole('row')
      .slice(1);
    expect(rows.map(({ textContent }) => /permitted|refused/.exec(textContent ?? '')?.[0])).toEqual([
      'refused',
      'permitted',
    ]);
    expect(rows[0]?.textContent).toContain('a record, for treatment');
  });
});

describe('sending a result', () => {
  const patient = 'So11111111111111111111111111111111111111112';

  test('has the wallet sign for this patient, and names who signs in the labels', async () => {
    const who = doctor();
    const signed: Uint8Array[] = [];
    const signMessage = async (message: string | Uint8Array) => {
      signed.push(message as Uint8Array);
      return new Uint8Array(64);
    };
    const { container } = open('/care/issue', { ...who, signer: { ...who.signer, signMessage } });
    await userEvent.type(await screen.findByLabelText("The patient's address"), patient);
    await userEvent.type(screen.getByLabelText('or write a text'), 'All is well.');
    await userEvent.selectOptions(screen.getByLabelText('Kind'), 'Laboratory results');
    expect(await barriers(container)).toEqual([]);
    await userEvent.click(screen.getByRole('button', { name: 'Sign and send' }));
    expect(await screen.findByText(/waits in the patient's mailbox/)).toBeTruthy();
    expect(signed).toEqual([new Uint8Array([1, 2, 3])]);
    const labels = { categories: ['laboratory'], author: who.signer.address, sensitivity: [] };
    expect(mailed).toMatchObject([{ vault: patient, issuer: who.signer.address, draft: { labels } }]);
  });

  test('is not offered without a credential', async () => {
    open('/care/issue', person());
    await userEvent.type(await screen.findByLabelText("The patient's address"), patient);
    await userEvent.type(screen.getByLabelText('or write a text'), 'All is well.');
    expect((screen.getByRole('button', { name: 'Sign and send' }) as HTMLButtonElement).disabled).toBe(true);
  });
});
