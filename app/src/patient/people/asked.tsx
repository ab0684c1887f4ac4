import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '@/api/client';
import { core } from '@/core';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card } from '@/ui/card';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Steps, Waiting } from '@/ui/waiting';
import { useWho, Who } from '@/ui/who';
import { chainDay, exactly, list, moment, today } from '@/words/say';
import { dismiss, requestsOf } from '../inbox/data';
import { Check, policyOf } from './check';
import { consentsOf } from './data';
import { grant, PURPOSES, preview, STEPS, type Step } from './grant';

/** Days that are offered to who asks; another time is chosen step by step. */
const DAYS = 30;
/** Everything that is not kept apart. */
const POLICY = policyOf({ scope: 'all', kinds: [], from: '', left: [], apart: false, sensitivities: [] });

type Request = Schema['AccessRequest'];

/** Somebody asks to be allowed: with what they wrote, and exactly what a yes opens. Refusing is as easy. */
export function Asked({
  request,
  isOpen = false,
  onAllowed,
}: {
  request: Request;
  isOpen?: boolean;
  onAllowed: (sentence: string) => void;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const { requester, purposes: bits } = request;
  const { credential, name } = useWho(requester);
  const [isLooking, look] = useState(isOpen);
  const [step, reach] = useState<Step>('store');
  const attested = credential.data?.in_effect ? credential.data : undefined;
  const purposes = list(
    Object.entries(PURPOSES)
      .filter(([, bit]) => bits & bit)
      .map(([purpose]) => t(`patient.purposes.${purpose as keyof typeof PURPOSES}`)),
  );
  const fromDay = today();
  const shown = useQuery({
    queryKey: ['preview', person.vault, bits, POLICY],
    queryFn: () => preview(person, bits, POLICY),
    enabled: isLooking && attested !== undefined,
    retry: false,
  });
  const count = shown.data?.records.length ?? 0;
  const refresh = () => queries.invalidateQueries(requestsOf(person));
  const allowing = useMutation({
    mutationFn: async () => {
      if (!attested || !shown.data) throw new Error(t('patient.allow.who.notFound'));
      const until = { fromDay, untilDay: fromDay + DAYS };
      const choice = { grantee: requester, credential: attested.credential, purposes: bits, policy: POLICY, ...until };
      await grant(person, choice, shown.data, reach);
      // Allowed it is either way; a request that stays can be laid aside.
      await dismiss(person, request).catch(() => undefined);
    },
    onSuccess: async () => {
      onAllowed(t('patient.allow.done', { name, count }));
      await Promise.all([refresh(), queries.invalidateQueries(consentsOf(person))]);
    },
  });
  const refusing = useMutation({ mutationFn: () => dismiss(person, request), onSuccess: refresh });
  const isBusy = allowing.isPending || refusing.isPending;
  return (
    <Card className="flex flex-col gap-1.5">
      <p>
        <Who subject={requester} /> {t('patient.inbox.asks')} {purposes}
      </p>
      <Message request={request} />
      <p className="text-soft text-sm" title={exactly(request.requested_at)}>
        {moment(request.requested_at)}
      </p>
      {credential.isSuccess && !attested && <Note kind="wait">{t('meet.asked.unknown')}</Note>}
      {isLooking && attested && (
        <Check
          sentence={t('patient.allow.check.sentence', {
            name,
            count,
            date: chainDay(fromDay + DAYS),
            purpose: purposes,
          })}
          withheld={shown.data?.withheld ?? 0}
          records={shown.data?.records}
          isLoading={shown.isLoading}
        />
      )}
      <ProblemNote error={shown.error} retry={() => void shown.refetch()} />
      <ProblemNote error={allowing.error ?? refusing.error} />
      {allowing.isPending ? (
        <Steps steps={STEPS.map((one) => t(`patient.allow.steps.${one}`))} at={STEPS.indexOf(step)} />
      ) : (
        <div className="flex flex-wrap gap-1">
          {attested && !isLooking && (
            <Button weight="first" onPress={() => look(true)}>
              {t('meet.asked.look')}
            </Button>
          )}
          {attested && isLooking && shown.data && (
            <Button weight="first" onPress={() => allowing.mutate()} isDisabled={isBusy}>
              {t('meet.asked.allow', { name, purpose: purposes, count, days: DAYS })}
            </Button>
          )}
          <Button onPress={() => refusing.mutate()} isDisabled={isBusy}>
            {t('patient.inbox.refuse')}
          </Button>
          {attested && (
            <Link to="/people/allow" search={{ who: requester }} className={weightClass('quiet')}>
              {t('patient.inbox.choose')}
            </Link>
          )}
        </div>
      )}
    </Card>
  );
}

/** What somebody wrote, opened on this device. */
function Message({ request: { request, message } }: { request: Request }) {
  const { t } = useTranslation();
  const { vault = '' } = usePerson();
  const { data, isError, isPending } = useQuery({
    queryKey: ['access-request', 'message', request],
    queryFn: () => core().openMessage(vault, message ?? ''),
    enabled: typeof message === 'string',
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  if (typeof message !== 'string') return null;
  if (isPending) return <Waiting />;
  if (isError) return <p className="text-soft">{t('meet.asked.unreadable')}</p>;
  return <blockquote className="whitespace-pre-wrap border-line border-s-4 ps-2">{data}</blockquote>;
}
