import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Plus, X } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ok } from '@/api/client';
import { Unconfirmed } from '@/chain/errors';
import type { GuardianList } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Disclosure } from '@/ui/disclosure';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Qr } from '@/ui/qr';
import { save } from '@/ui/save';
import { ScanButton } from '@/ui/scan';
import { Select } from '@/ui/select';
import { Steps, Waiting } from '@/ui/waiting';
import { duration } from '@/words/say';
import { type GuardianCard, jsonFile, readAddress, readGuardianCard } from './cards';
import { boundsOf, seenOf } from './data';
import { applyChange, change, listOf, lockWith, NOBODY, nameGuardians } from './guardians';
import { isChangeDue } from './standing';
import { At, useGuardianSentence } from './words';

const DAY = 86_400;
const DELAYS = [1, 3, 7, 14, 30].map((days) => days * DAY);
const USUAL_DELAY = 7 * DAY;
const MOST = 10;

/** Who together can give the records to a new wallet of the patient. */
export function GuardiansPage() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const says = useGuardianSentence();
  const seen = useQuery(seenOf(person, person.vault ?? ''));
  const [isNaming, setNaming] = useState(false);
  const refresh = () => queries.invalidateQueries(seenOf(person, person.vault ?? ''));
  const changing = useMutation({
    mutationFn: async (what: 'keep' | 'apply' | 'none') => {
      if (what === 'apply') return applyChange(person);
      return change(person, what === 'none' ? NOBODY : (seen.data?.vault.guardians ?? NOBODY));
    },
    onSuccess: refresh,
  });
  const vault = seen.data?.vault;
  const isDue = seen.data !== undefined && isChangeDue(seen.data.vault, seen.data.now);
  const hasSome = (vault?.guardians.count ?? 0) > 0;
  return (
    <>
      <PageHead title={t('safety.guardians.title')} lead={t('safety.guardians.lead')} />
      <div className="flex max-w-[640px] flex-col gap-3">
        <p>{t('safety.guardians.cannot')}</p>
        <ProblemNote error={seen.error ?? changing.error} retry={seen.error ? () => void seen.refetch() : undefined} />
        {seen.isPending && <Waiting />}
        {vault && (
          <Card className="flex flex-col gap-1.5">
            <h2>{t('safety.guardians.now')}</h2>
            <p>{says(vault.guardians)}</p>
          </Card>
        )}
        {vault && vault.guardiansDueAt !== 0n && (
          <Note
            kind="wait"
            title={
              <>
                {t(isDue ? 'safety.guardians.due' : 'safety.guardians.pending')} <At seconds={vault.guardiansDueAt} />
              </>
            }
            actions={
              <Button onPress={() => changing.mutate(isDue ? 'apply' : 'keep')} isDisabled={changing.isPending}>
                {t(isDue ? 'safety.guardians.apply' : 'safety.guardians.keep')}
              </Button>
            }
          >
            <p>{says(vault.pendingGuardians)}</p>
          </Note>
        )}
        {changing.isPending && <Waiting for={t('common.signIn.waiting')} />}
        {vault && !isDue && !isNaming && (
          <div className="flex flex-wrap gap-1">
            <Button weight="first" onPress={() => setNaming(true)}>
              {t(hasSome ? 'safety.guardians.change' : 'safety.guardians.begin')}
            </Button>
            {hasSome && vault.guardiansDueAt === 0n && (
              <Button onPress={() => changing.mutate('none')} isDisabled={changing.isPending}>
                {t('safety.guardians.remove')}
              </Button>
            )}
          </div>
        )}
        {isNaming && (
          <Naming
            hadSome={hasSome}
            onEnd={() => {
              setNaming(false);
              void refresh();
            }}
          />
        )}
      </div>
    </>
  );
}

interface Row {
  id: number;
  name: string;
  given: string;
}

/** The key that a registrar attests for an address; null where none does. */
function attestedOf(subject: string) {
  return queryOptions({
    queryKey: ['safety', 'attested', subject],
    queryFn: async () => {
      const query = { subject, commitment: 'confirmed' as const };
      const { data } = await ok(api.GET('/v1/chain/credentials', { params: { query } }));
      return data.find(({ in_effect }) => in_effect)?.encryption_key ?? null;
    },
  });
}

interface Named extends Row {
  card: GuardianCard | undefined;
  problem: 'cardWrong' | 'cardUnknown' | undefined;
}

/** Whom rows name: by their card, or by an address that a registrar attests a key for. */
function useNamed(rows: readonly Row[]): Named[] {
  const addresses = new Set(rows.flatMap(({ given }) => (readGuardianCard(given) ? [] : (readAddress(given) ?? []))));
  const answers = useQueries({ queries: [...addresses].map(attestedOf) });
  const attested = new Map([...addresses].map((address, index) => [address, answers[index]]));
  return rows.map((row) => {
    const guardian = readAddress(row.given);
    const answer = attested.get(guardian ?? '');
    const encryptionKey = answer?.data;
    const card = readGuardianCard(row.given) ?? (guardian && encryptionKey ? { guardian, encryptionKey } : undefined);
    const isEmpty = row.given.trim() === '' || card !== undefined;
    const problem = isEmpty ? undefined : guardian === undefined ? 'cardWrong' : 'cardUnknown';
    return { ...row, card, problem: answer?.isLoading ? undefined : problem };
  });
}

type Step = 'sign' | 'lock';
const STEPS: Step[] = ['sign', 'lock'];

/** Names people, then gives what to hand each of them. */
function Naming({ hadSome, onEnd }: { hadSome: boolean; onEnd: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const bounds = useQuery(boundsOf(person));
  const [rows, setRows] = useState<Row[]>([0, 1, 2].map((id) => ({ id, name: '', given: '' })));
  const [threshold, setThreshold] = useState(2);
  const [delay, setDelay] = useState(USUAL_DELAY);
  const [step, reach] = useState<Step>('sign');
  // What the chain has, or may have: a second attempt goes on from there, since no other files fit it.
  const [list, setList] = useState<GuardianList>();

  const people = useNamed(rows);
  const guardians = people.flatMap(({ card }) => card ?? []);
  const isTwice = new Set(guardians.map(({ guardian }) => guardian)).size < guardians.length;
  const isOwn = guardians.some(({ guardian }) => guardian === person.signer.address);
  // Before any card is there, as many as there is room for.
  const count = guardians.length || rows.length;
  const needed = Math.min(threshold, count);
  const { least = DAY, most = 30 * DAY } = bounds.data ?? {};
  const offered = DELAYS.filter((one) => least <= one && one <= most);
  // Networks for trying Aegle out wait for less.
  const delays = least < DAY || offered.length === 0 ? [least, ...offered] : offered;
  const chosenDelay = delays.includes(delay) ? delay : (delays[0] ?? least);

  const naming = useMutation({
    mutationFn: async () => {
      const choice = { guardians, threshold: needed, delay: chosenDelay };
      reach('sign');
      const named = list ?? (await listOf(person, choice));
      await nameGuardians(person, named, choice).catch((error: unknown) => {
        if (error instanceof Unconfirmed) setList(named);
        throw error;
      });
      setList(named);
      reach('lock');
      await lockWith(person, choice);
      return named;
    },
  });
  if (naming.isSuccess) {
    const names = people.filter(({ card }) => card).map(({ name }) => name.trim());
    return <HandOut list={naming.data} names={names} onEnd={onEnd} />;
  }
  const isFixed = naming.isPending || list !== undefined;
  return (
    <section className="flex flex-col gap-2" aria-label={t('safety.guardians.begin')}>
      {people.map((one, index) => (
        <Person
          key={one.id}
          person={one}
          number={index + 1}
          isFixed={isFixed}
          onChange={(more) => setRows(rows.map((row) => (row.id === one.id ? { ...row, ...more } : row)))}
          onRemove={rows.length > 1 ? () => setRows(rows.filter(({ id }) => id !== one.id)) : undefined}
        />
      ))}
      {rows.length < MOST && !isFixed && (
        <Button
          className="self-start"
          onPress={() => setRows([...rows, { id: Math.max(...rows.map(({ id }) => id)) + 1, name: '', given: '' }])}
        >
          <Plus aria-hidden className="size-2.5" />
          {t('safety.guardians.another')}
        </Button>
      )}
      <Select
        label={t('safety.guardians.threshold')}
        value={String(needed)}
        onChange={(chosen) => setThreshold(Number(chosen))}
        options={Array.from({ length: count }, (_, index) => ({
          id: String(index + 1),
          name: t('safety.guardians.ofAll', { threshold: index + 1, count }),
        }))}
      />
      <Select
        label={t('safety.guardians.delay')}
        value={String(chosenDelay)}
        onChange={(chosen) => setDelay(Number(chosen))}
        options={delays.map((seconds) => ({ id: String(seconds), name: duration(seconds) }))}
      />
      <p className="text-soft">{t('safety.guardians.delayHint')}</p>
      {guardians.length === 1 && <Note kind="wait">{t('safety.guardians.onlyOne')}</Note>}
      {guardians.length > 1 && needed === 1 && <Note kind="wait">{t('safety.guardians.anyOne')}</Note>}
      {guardians.length > 1 && needed === guardians.length && <Note kind="wait">{t('safety.guardians.noVeto')}</Note>}
      {hadSome && <Note>{t('safety.guardians.waits')}</Note>}
      {isTwice && <Note kind="harm">{t('safety.guardians.twice')}</Note>}
      {isOwn && <Note kind="harm">{t('safety.guardians.own')}</Note>}
      <ProblemNote error={naming.error} />
      {list && naming.error && !(naming.error instanceof Unconfirmed) && <p>{t('safety.guardians.half')}</p>}
      {naming.isPending ? (
        <Card>
          <Steps steps={STEPS.map((one) => t(`safety.guardians.steps.${one}`))} at={STEPS.indexOf(step)} />
        </Card>
      ) : (
        <div className="flex flex-wrap gap-1">
          <Button onPress={onEnd}>{t('common.cancel')}</Button>
          <Button
            weight="first"
            isDisabled={guardians.length === 0 || isTwice || isOwn}
            onPress={() => naming.mutate()}
          >
            {list
              ? t('common.retry')
              : t(guardians.length ? 'safety.guardians.sign' : 'safety.guardians.begin', { count })}
          </Button>
        </div>
      )}
    </section>
  );
}

function Person({
  person: { name, given, card, problem },
  number,
  isFixed,
  onChange,
  onRemove,
}: {
  person: Named;
  number: number;
  isFixed: boolean;
  onChange: (more: Partial<Row>) => void;
  onRemove: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const heading = useId();
  return (
    <Card>
      <section aria-labelledby={heading} className="flex flex-col gap-1.5">
        <div className="flex items-center justify-between gap-1">
          <h3 id={heading}>{name.trim() || t('safety.guardians.person', { number })}</h3>
          {onRemove && !isFixed && (
            <Button
              weight="quiet"
              onPress={onRemove}
              aria-label={t('safety.guardians.without', { name: name.trim() || number })}
            >
              <X aria-hidden className="size-2.5" />
            </Button>
          )}
        </div>
        <TextField
          label={t('safety.guardians.name')}
          hint={t('safety.guardians.nameHint')}
          value={name}
          onChange={(name) => onChange({ name })}
        />
        <TextField
          label={t('safety.guardians.card')}
          hint={t(card ? 'safety.guardians.cardFound' : 'safety.guardians.cardHint')}
          error={problem && t(`safety.guardians.${problem}`)}
          value={given}
          onChange={(given) => onChange({ given })}
          isDisabled={isFixed}
        />
        {!isFixed && (
          <div className="self-start">
            <ScanButton label={t('safety.guardians.scan')} onFound={(given) => onChange({ given })} />
          </div>
        )}
      </section>
    </Card>
  );
}

/** What each guardian is handed. It is nowhere else. */
function HandOut({ list, names, onEnd }: { list: GuardianList; names: readonly string[]; onEnd: () => void }) {
  const { t } = useTranslation();
  const [handed, setHanded] = useState<readonly number[]>([]);
  const hand = (index: number) => setHanded([...new Set([...handed, index])]);
  const titles = list.each.map((_, index) => names[index] || t('safety.guardians.person', { number: index + 1 }));
  return (
    <section className="flex flex-col gap-2">
      <Note kind="done" title={t('safety.guardians.named')}>
        <p>{t('safety.guardians.handOut')}</p>
      </Note>
      {list.each.map((file, index) => (
        <Card key={file.guardian} className="flex flex-col items-start gap-1">
          <h3>{titles[index]}</h3>
          <Button
            onPress={() => {
              save(
                jsonFile(file),
                `aegle-guardian-${(names[index] || String(index + 1)).replace(/[^\p{L}\p{N}]+/gu, '-')}.json`,
              );
              hand(index);
            }}
          >
            <Download aria-hidden className="size-2.5" />
            {t('safety.guardians.saveFor', { name: titles[index] })}
          </Button>
          <Disclosure label={t('safety.guardians.showCode')}>
            {() => <Qr text={JSON.stringify(file)} label={t('safety.guardians.codeFor', { name: titles[index] })} />}
          </Disclosure>
          {handed.includes(index) && <p className="text-soft text-sm">{t('safety.guardians.saved')}</p>}
        </Card>
      ))}
      <Button className="self-start" onPress={() => save(jsonFile(list.all), 'aegle-guardians.json')}>
        <Download aria-hidden className="size-2.5" />
        {t('safety.guardians.saveAll')}
      </Button>
      <Note kind="wait">{t('safety.guardians.onlyNow')}</Note>
      <Button weight="first" className="self-start" onPress={onEnd}>
        {t('safety.guardians.allHanded')}
      </Button>
    </section>
  );
}
