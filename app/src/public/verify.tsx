import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleCheck, CircleHelp, CircleX, FileUp } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { useTranslation } from 'react-i18next';
import { PROOFS, reachesAnyNode } from '@/session/document';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Disclosure } from '@/ui/disclosure';
import { TextField } from '@/ui/field';
import { FileTrigger } from '@/ui/file-trigger';
import { Note } from '@/ui/note';
import { addressIn, ScanButton } from '@/ui/scan';
import { Waiting } from '@/ui/waiting';
import type { Said } from './accounts';
import { brought, check, kindName, type Result, type Step } from './check';
import { Forbidden, Node, NodeError } from './node';
import type { Found } from './proofs';

const route = getRouteApi('/verify');

/** What the server says of itself; a page without it asks for a node's address all the same. */
async function ofServer<T>(path: string): Promise<T | null> {
  const response = await fetch(path).catch(() => undefined);
  return response?.ok ? ((await response.json()) as T) : null;
}

const serverOf = queryOptions({
  queryKey: ['open', 'server'],
  queryFn: async () => {
    const [app, log] = await Promise.all([
      ofServer<{ rpc_url: string | null }>('/v1/app'),
      ofServer<{ verifier: string }>('/v1/log'),
    ]);
    return { node: app?.rpc_url ?? '', verifier: log?.verifier };
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Checks a proof in the browser, for anybody. */
export function VerifyPage() {
  const { t } = useTranslation();
  const { what: linked = '' } = route.useSearch();
  const [text, setText] = useState(linked);
  const [node, setNode] = useState<string>();
  const [trusted, setTrusted] = useState('');
  const [transactions, reach] = useState(0);
  const queries = useQueryClient();
  const server = useQuery(serverOf);
  const checking = useMutation({
    mutationFn: async (text: string) => {
      const found = brought(text);
      if (!found) return { unknown: true as const };
      reach(0);
      // A file may be chosen before the server has said which node to ask.
      const there = await queries.ensureQueryData(serverOf);
      const asked = (node ?? there.node).trim();
      const against = { node: new Node(asked), trusted: trusted.trim() || undefined, named: there.verifier };
      return check(found, against, t, reach);
    },
  });
  const begin = (text: string) => {
    setText(text);
    checking.mutate(text);
  };
  // What a link names is checked at once.
  const first = useRef('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each link
  useEffect(() => {
    if (!linked || !server.data || first.current === linked) return;
    first.current = linked;
    begin(linked);
  }, [linked, server.data]);
  const { data } = checking;
  const hasNode = URL.canParse((node ?? server.data?.node ?? '').trim());
  return (
    <>
      <PageHead title={t('open.verify.title')} lead={t('open.verify.lead')} />
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '' && hasNode && !checking.isPending) checking.mutate(text);
        }}
      >
        <TextField
          label={t('open.verify.what')}
          hint={t('open.verify.whatHint')}
          lines={4}
          value={text}
          onChange={setText}
        />
        <div className="flex flex-wrap gap-1">
          <Button
            type="submit"
            weight="first"
            isDisabled={text.trim() === '' || !hasNode}
            isPending={checking.isPending}
          >
            {t('open.verify.begin')}
          </Button>
          <FileTrigger onSelect={async (files) => files?.[0] && begin(await files[0].text())}>
            <Button>
              <FileUp aria-hidden className="size-2.5" />
              {t('open.verify.file')}
            </Button>
          </FileTrigger>
          <ScanButton label={t('open.verify.scan')} onFound={begin} />
        </div>
        {server.isSuccess && !hasNode && <Note kind="wait">{t('open.verify.noNode')}</Note>}
        <Disclosure label={t('open.verify.against')}>
          {() => (
            <div className="flex flex-col gap-2">
              <TextField
                label={t('open.verify.node')}
                hint={t('open.verify.nodeHint')}
                value={node ?? server.data?.node ?? ''}
                onChange={setNode}
                type="url"
              />
              {!reachesAnyNode && (
                <p className="text-soft text-sm">
                  {t('open.verify.apartHint')} <Apart what={text} />
                </p>
              )}
              <TextField
                label={t('open.verify.log')}
                hint={t('open.verify.logHint')}
                value={trusted}
                onChange={setTrusted}
              />
            </div>
          )}
        </Disclosure>
      </form>
      <div aria-live="polite" className="flex flex-col gap-2">
        {checking.isPending && (
          <Waiting
            for={transactions > 0 ? t('open.verify.reading', { count: transactions }) : t('open.verify.checking')}
          />
        )}
        {checking.error && !checking.isPending && <Trouble error={checking.error} what={text} />}
        {data && !checking.isPending && ('unknown' in data ? <Unknown /> : <Shown result={data} what={text} />)}
      </div>
      <Note title={t('open.verify.own.title')}>{t('open.verify.own.text')}</Note>
    </>
  );
}

function Unknown() {
  const { t } = useTranslation();
  return (
    <Note kind="wait" title={t('open.verify.unknown')}>
      {t('open.verify.unknownHint')}
    </Note>
  );
}

/** A tab of its own, whose document may ask any node and holds nothing of whoever is signed in here. */
function Apart({ what }: { what: string }) {
  const { t } = useTranslation();
  // Only an address is short enough for a link.
  const address = addressIn(what);
  return (
    <a
      href={address ? `${PROOFS}?${new URLSearchParams({ what: address })}` : PROOFS}
      target="_blank"
      rel="noopener"
      className="inline-flex min-h-[44px] items-center"
    >
      {t('open.verify.apart')}
    </a>
  );
}

function Trouble({ error, what }: { error: Error; what: string }) {
  const { t } = useTranslation();
  const isForbidden = error instanceof Forbidden;
  const text = isForbidden
    ? t('open.verify.forbidden')
    : error instanceof NodeError
      ? t('open.verify.away', { reason: error.message })
      : error.message;
  return (
    <Note kind="wait" title={t('open.verify.trouble')}>
      <p>{text}</p>
      {isForbidden && (
        <p>
          <Apart what={what} />
        </p>
      )}
    </Note>
  );
}

const LOOKS = {
  holds: { Icon: CircleCheck, color: 'text-well' },
  contradicts: { Icon: CircleX, color: 'text-harm' },
  not_checked: { Icon: CircleHelp, color: 'text-soft' },
} as const satisfies Record<Found, unknown>;

function Shown({ result: { steps, said, trouble }, what }: { result: Result; what: string }) {
  const { t } = useTranslation();
  const isFalse = steps.some(({ found }) => found === 'contradicts');
  const isWhole = steps.every(({ found }) => found === 'holds');
  const verdict = isFalse ? 'false' : isWhole ? 'whole' : 'part';
  return (
    <>
      <Note kind={isFalse ? 'harm' : 'done'} title={t(`open.verify.verdict.${verdict}`)} />
      <ol aria-label={t('open.verify.steps')} className="flex flex-col gap-1">
        {steps.map((step) => (
          <Line key={step.what} step={step} />
        ))}
      </ol>
      {trouble && <Trouble error={trouble} what={what} />}
      {said && <Account said={said} />}
    </>
  );
}

function Line({ step: { found, what, isEnglish } }: { step: Step }) {
  const { t } = useTranslation();
  const { Icon, color } = LOOKS[found];
  return (
    <li className="flex items-start gap-1.5">
      <Icon aria-hidden className={`mt-0.5 size-3 shrink-0 ${color}`} />
      <p className="min-w-0">
        <span className={`font-bold ${color}`}>{t(`open.verify.found.${found}`)}</span>{' '}
        <span lang={isEnglish ? 'en' : undefined} dir={isEnglish ? 'ltr' : undefined}>
          <bdi>{what}</bdi>
        </span>
      </p>
    </li>
  );
}

function Account({ said: { kind, facts, details } }: { said: Said }) {
  const { t } = useTranslation();
  return (
    <Card className="flex flex-col gap-1.5">
      <h2>{t('open.verify.chainSays', { kind: t(`open.verify.kind.${kindName(kind)}`) })}</h2>
      <dl className="grid gap-x-2 gap-y-0.5 sm:grid-cols-[max-content_1fr]">
        {facts.map(({ name, value }) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <Disclosure label={t('common.details')}>
        {() => (
          <dl className="grid gap-x-2 gap-y-0.5 sm:grid-cols-[max-content_1fr]">
            {details.map(({ name, value, isAddress }) => (
              <div key={name} className="contents">
                <dt className="text-soft">{name}</dt>
                <dd className="min-w-0">
                  <Address of={value} />
                  {isAddress && (
                    <Link
                      to="/verify"
                      search={{ what: value }}
                      className="inline-flex min-h-[44px] items-center"
                      aria-label={`${t('open.verify.look')}: ${name}`}
                    >
                      {t('open.verify.look')}
                    </Link>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Disclosure>
    </Card>
  );
}
