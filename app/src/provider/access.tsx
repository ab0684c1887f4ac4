import { isAddress } from '@solana/kit';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ok, pages } from '@/api/client';
import { core } from '@/core';
import { bundleOf, placeOf, refusalBundle } from '@/receipts/bundle';
import { type Receipt, useReceipts } from '@/receipts/kept';
import { type Person, usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { save } from '@/ui/save';
import { Table } from '@/ui/table';
import { Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { exactly, list, moment } from '@/words/say';
import { usePurpose } from './layout';
import { PatientField } from './patient-field';
import { isReadingPurpose, PURPOSE_BITS, usePurposes } from './purposes';

/** The bit of reading among actions. */
const READ = 1;
/** Characters of a message at most. */
const MOST = 800;
const route = getRouteApi('/inside/care/access');

function requestsOf({ signer }: Person) {
  return queryOptions({
    queryKey: ['care', 'requests', signer.address],
    queryFn: () =>
      pages((cursor) => ok(api.GET('/v1/access-requests', { params: { query: cursor ? { cursor } : {} } }))),
  });
}

/** Asking patients for access, and what one did with it. */
export function AccessPage() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t('provider.access.title')} />
      <Ask />
      <Waits />
      <Receipts />
    </>
  );
}

/** What is written to a patient, encrypted to the key of the vault's account. */
async function sealed({ chain }: Person, vault: string, text: string, otherwise: string): Promise<string> {
  const account = await chain.account(vault);
  if (!account) throw new Error(otherwise);
  return core().sealMessage(vault, account, text);
}

function Ask() {
  const { t } = useTranslation();
  const person = usePerson();
  const purpose = usePurpose();
  const queries = useQueryClient();
  const { patient: scanned = '' } = route.useSearch();
  const [patient, setPatient] = useState(scanned);
  const [message, write] = useState('');
  const vault = patient.trim();
  const asking = useMutation({
    mutationFn: async () => {
      const body = { vault, purposes: PURPOSE_BITS[purpose], actions: READ };
      const text = message.trim();
      const said = text ? { message: await sealed(person, vault, text, t('provider.access.ask.nobody')) } : {};
      return ok(api.POST('/v1/access-requests', { body: { ...body, ...said } }));
    },
    onSuccess: () => {
      setPatient('');
      write('');
      return queries.invalidateQueries(requestsOf(person));
    },
  });
  return (
    <Card className="flex flex-col gap-2">
      <div>
        <h2>{t('provider.access.ask.title')}</h2>
        <p className="text-soft">{t('provider.access.ask.lead')}</p>
      </div>
      <PatientField
        value={patient}
        onChange={(typed) => {
          asking.reset();
          setPatient(typed);
        }}
        isDisabled={asking.isPending}
      />
      <TextField
        label={t('provider.access.ask.message')}
        hint={t('provider.access.ask.messageHint')}
        lines={3}
        maxLength={MOST}
        value={message}
        onChange={write}
        isDisabled={asking.isPending}
      />
      <ProblemNote error={asking.error} />
      {asking.isSuccess && vault === '' && <Note kind="done">{t('provider.access.ask.sent')}</Note>}
      <Button
        weight="first"
        className="self-start"
        isDisabled={!isAddress(vault)}
        isPending={asking.isPending}
        onPress={() => asking.mutate()}
      >
        {t('provider.access.ask.send')}
      </Button>
    </Card>
  );
}

function Waits() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const purposes = usePurposes();
  const { data, error, isPending, refetch } = useQuery(requestsOf(person));
  const withdrawing = useMutation({
    mutationFn: (path: { vault: string; request: string }) =>
      ok(api.DELETE('/v1/access-requests/{vault}/{request}', { params: { path } })),
    onSettled: () => queries.invalidateQueries(requestsOf(person)),
  });
  return (
    <section className="flex flex-col gap-1.5">
      <h2>{t('provider.access.open.title')}</h2>
      <ProblemNote error={error ?? withdrawing.error} retry={error ? () => void refetch() : undefined} />
      {isPending && <Waiting />}
      {data?.length === 0 && <p className="text-soft">{t('provider.access.open.empty')}</p>}
      <ul className="flex flex-col gap-1">
        {data?.map(({ vault, request, requested_at: at, purposes: bits }) => (
          <li key={request}>
            <Card className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
              <span className="font-bold" title={vault}>
                {t('provider.patients.one', { address: shortened(vault) })}
              </span>
              <span className="text-soft text-sm" title={exactly(at)}>
                {t('provider.access.open.asked', { when: moment(at), purposes: list(purposes(bits)) })}
              </span>
              <Button
                className="ms-auto"
                isDisabled={withdrawing.isPending}
                onPress={() => withdrawing.mutate({ vault, request })}
              >
                {t('provider.access.open.withdraw')}
              </Button>
            </Card>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Receipts() {
  const { t } = useTranslation();
  const receipts = useReceipts();
  const saving = useMutation({
    mutationFn: async (receipt: Receipt) => {
      const { text, sealed } = receipt;
      const bundle = receipt.isRefused ? await refusalBundle(text, sealed) : await bundleOf(text);
      save(new Blob([bundle], { type: 'application/json' }), `receipt-${placeOf(text)}.json`);
    },
  });
  const what = ({ operation, purpose }: Receipt) =>
    t('provider.access.receipts.for', {
      what: t(`provider.access.receipts.operations.${operation}`),
      purpose: isReadingPurpose(purpose) ? t(`provider.purposes.${purpose}`) : purpose,
    });
  return (
    <section className="flex flex-col gap-1.5">
      <div>
        <h2>{t('provider.access.receipts.title')}</h2>
        <p className="text-soft">{t('provider.access.receipts.lead')}</p>
      </div>
      <ProblemNote error={saving.error} />
      {receipts.length === 0 ? (
        <Empty title={t('provider.access.receipts.empty')} />
      ) : (
        <Table
          caption={t('provider.access.receipts.title')}
          hidesCaption
          columns={[
            t('provider.access.receipts.when'),
            t('provider.access.receipts.what'),
            t('provider.access.receipts.answer'),
            <span key="save" className="sr-only">
              {t('provider.access.receipts.save')}
            </span>,
          ]}
          rows={receipts.map((receipt) => ({
            id: receipt.text,
            cells: [
              <span key="when" title={exactly(receipt.at)}>
                {moment(receipt.at)}
              </span>,
              what(receipt),
              t(receipt.isRefused ? 'provider.access.receipts.refused' : 'provider.access.receipts.permitted'),
              <Button key="save" weight="quiet" onPress={() => saving.mutate(receipt)} isDisabled={saving.isPending}>
                <Download aria-hidden className="size-2.5" />
                {t('provider.access.receipts.save')}
              </Button>,
            ],
          }))}
        />
      )}
    </section>
  );
}
