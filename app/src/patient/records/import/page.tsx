import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FileUp, FolderUp } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Broken, core, isRefused } from '@/core';
import type { Chosen, Plan } from '@/core/fhir';
import type { RecordDraft } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { Disclosure } from '@/ui/disclosure';
import { FileTrigger } from '@/ui/file-trigger';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Table } from '@/ui/table';
import { Steps, Waiting } from '@/ui/waiting';
import { calendarDay, list } from '@/words/say';
import { APART } from '../add';
import { recordsOf } from '../data';
import { BATCH } from '../mint-all';
import { contentsOf, Import, type Step } from './run';
import { whyOf } from './whys';

type People = Awaited<ReturnType<ReturnType<typeof core>['readFhir']>>;

/** FHIR files become records: read here, shown, then stored. */
export function ImportPage() {
  const { t } = useTranslation();
  const [people, setPeople] = useState<People>();
  const reading = useMutation({
    mutationFn: (files: File[]) =>
      core().readFhir(files.map((file): Chosen => ({ name: file.webkitRelativePath || file.name, content: file }))),
    onSuccess: setPeople,
  });
  // What was read is gone with the page.
  useEffect(() => () => void core().dropFhir(), []);
  const choose = (files: FileList | null) => {
    if (!files?.length) return;
    setPeople(undefined);
    reading.mutate([...files]);
  };
  return (
    <>
      <PageHead title={t('records.import.title')} lead={t('records.import.lead')} />
      <Card className="flex max-w-[640px] flex-wrap items-center gap-1">
        <FileTrigger allowsMultiple onSelect={choose}>
          <Button weight={people ? 'second' : 'first'} isDisabled={reading.isPending}>
            <FileUp aria-hidden className="size-2.5" />
            {t(people ? 'records.import.other' : 'records.import.files')}
          </Button>
        </FileTrigger>
        <FileTrigger acceptDirectory onSelect={choose}>
          <Button isDisabled={reading.isPending}>
            <FolderUp aria-hidden className="size-2.5" />
            {t('records.import.folder')}
          </Button>
        </FileTrigger>
        <p className="text-soft text-sm">{t('records.import.takes')}</p>
      </Card>
      <FileProblem error={reading.error} />
      {reading.isPending && <Waiting for={t('records.import.reading')} />}
      {people?.length === 0 && (
        <Note kind="wait" title={t('records.import.nobody')}>
          {t('records.import.nobodyHint')}
        </Note>
      )}
      {people && people.length > 0 && <Choosing key={reading.submittedAt} people={people} />}
    </>
  );
}

/** What the core says of files is a sentence of its own. */
function FileProblem({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  if (!(error instanceof Broken)) return <ProblemNote error={error} />;
  return <Note kind="harm" title={t('records.import.unreadable', { reason: error.message })} />;
}

/** Which people of the files are meant, and what would come of it. */
function Choosing({ people }: { people: People }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [chosen, choose] = useState<readonly number[]>(people.length === 1 ? [0] : []);
  const planning = useMutation({
    mutationFn: async () => {
      const [plan, there] = await Promise.all([core().planFhir(chosen), contentsOf(person, queries)]);
      return { plan, there };
    },
  });
  return (
    <>
      <fieldset className="flex max-w-[640px] flex-col gap-1">
        <legend className="pb-1 font-bold">{t('records.import.who')}</legend>
        <p className="text-soft text-sm">{t('records.import.whoHint')}</p>
        {people.map(({ name, birthDate }, place) => (
          <Checkbox
            // biome-ignore lint/suspicious/noArrayIndexKey: places in the files do not move
            key={place}
            isSelected={chosen.includes(place)}
            onChange={(isChosen) => {
              planning.reset();
              choose(isChosen ? [...chosen, place] : chosen.filter((one) => one !== place));
            }}
            hint={birthDate && t('records.import.born', { date: day(birthDate) })}
          >
            <bdi>{name ?? t('records.import.unnamed')}</bdi>
          </Checkbox>
        ))}
      </fieldset>
      {!planning.data && (
        <Button
          weight="first"
          className="self-start"
          isDisabled={chosen.length === 0 || planning.isPending}
          onPress={() => planning.mutate()}
        >
          {t('records.import.show')}
        </Button>
      )}
      <FileProblem error={planning.error} />
      {planning.isPending && <Waiting for={t('records.import.planning')} />}
      {planning.data && <Planned key={planning.submittedAt} {...planning.data} />}
    </>
  );
}

/** A date as FHIR has it: perhaps a year or a month alone. */
function day(date: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(date) ? calendarDay(date) : date;
}

/** What would be added, exactly, and the adding. */
function Planned({ plan, there }: { plan: Plan; there: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const [apart, setApart] = useState(false);
  const places = plan.records.flatMap(({ sha256 }, place) => (there.has(sha256) ? [] : [place]));
  const known = plan.records.length - places.length;
  const { read, left, problems } = plan.report;
  const leftOut = left.reduce((sum, { count }) => sum + count, 0);
  const kept = (draft: RecordDraft): RecordDraft => {
    const { sensitivity = [] } = draft.labels;
    if (!apart || sensitivity.length > 0) return draft;
    return { ...draft, labels: { ...draft.labels, sensitivity: [APART] } };
  };
  return (
    <section className="flex flex-col gap-2">
      <Note kind={places.length ? 'plain' : 'done'}>
        <p className="font-bold">{t('records.import.sum', { resources: read, count: plan.records.length })}</p>
        {known > 0 && <p>{places.length ? t('records.import.known', { count: known }) : t('records.import.all')}</p>}
      </Note>
      {leftOut + problems.length > 0 && (
        <Disclosure label={t('records.import.left', { count: leftOut })}>
          {() => (
            <>
              <Table
                caption={t('records.import.left', { count: leftOut })}
                hidesCaption
                columns={[t('records.import.why'), t('records.import.what'), t('records.import.count')]}
                rows={left.map(({ why, what, count }) => ({
                  id: `${why} ${what}`,
                  cells: [whyOf(why, t), <bdi key="what">{what}</bdi>, count],
                }))}
              />
              <ul lang="en" dir="ltr" className="text-soft text-sm">
                {problems.map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            </>
          )}
        </Disclosure>
      )}
      {places.length > 0 && (
        <>
          <Disclosure label={t('records.import.exactly')}>{() => <Exactly plan={plan} places={places} />}</Disclosure>
          <Checkbox isSelected={apart} onChange={setApart} hint={t('patient.add.sensitiveHint')}>
            {t('records.import.keepApart')}
          </Checkbox>
          <Adding plan={plan} places={places} change={kept} />
        </>
      )}
    </section>
  );
}

function Exactly({ plan, places }: { plan: Plan; places: readonly number[] }) {
  const { t } = useTranslation();
  const kinds = useKinds();
  return (
    <ul className="flex flex-col gap-0.5">
      {places.map((place) => {
        const { title, labels } = plan.records[place]?.draft ?? {};
        const { categories = [], from, sensitivity = [] } = labels ?? {};
        const facts = [
          kinds(...categories),
          from && calendarDay(from),
          sensitivity.length > 0 && t('records.import.apart'),
        ];
        return (
          <li key={place} className="flex flex-wrap gap-x-1">
            <bdi>{title}</bdi>
            <span className="text-soft">{list(facts.filter((fact) => typeof fact === 'string'))}</span>
          </li>
        );
      })}
    </ul>
  );
}

const STEPS: readonly Step[] = ['store', 'sign', 'chain'];

/** Stores and mints. After a failure it goes on where it was. */
function Adding({
  plan,
  places,
  change,
}: {
  plan: Plan;
  places: readonly number[];
  change: (draft: RecordDraft) => RecordDraft;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const running = useRef<Import>(undefined);
  const [{ step, done }, reach] = useState<{ step: Step; done: number }>({ step: 'store', done: 0 });
  const adding = useMutation({
    mutationFn: async () => {
      running.current ??= new Import(person, plan, places, change);
      await running.current.run((step, done) => reach({ step, done }));
    },
    onSettled: () => {
      reach(({ step }) => ({ step, done: running.current?.done ?? 0 }));
      return queries.invalidateQueries(recordsOf(person));
    },
  });
  const all = places.length;
  if (adding.isPending) {
    return (
      <Card className="flex flex-col gap-1.5">
        <label className="flex flex-col gap-0.5">
          <span className="font-bold">{t('records.import.progress', { done, count: all })}</span>
          <progress max={all} value={done} className="h-1 w-full accent-act" />
        </label>
        <Steps steps={STEPS.map((name) => t(`records.import.step.${name}`))} at={STEPS.indexOf(step)} />
        <Button className="self-start" onPress={() => running.current?.stop()}>
          {t('records.import.stop')}
        </Button>
      </Card>
    );
  }
  if (done === all) {
    return (
      <Note
        kind="done"
        title={t('records.import.done', { count: all })}
        actions={
          <Link to="/records" className={weightClass('first')}>
            {t('records.import.toRecords')}
          </Link>
        }
      />
    );
  }
  const isBegun = running.current !== undefined;
  return (
    <>
      {isRefused(adding.error, 'relay_limit') ? (
        <Note kind="wait">{t('records.import.limit')}</Note>
      ) : (
        <ProblemNote error={adding.error} />
      )}
      {isBegun && <Note>{t('records.import.part', { count: done })}</Note>}
      <div className="flex flex-wrap items-center gap-1">
        <Button weight="first" onPress={() => adding.mutate()}>
          {isBegun ? t('records.import.continue') : t('records.import.store', { count: all })}
        </Button>
        <p className="text-soft text-sm">{t('records.import.approvals', { count: Math.ceil((all - done) / BATCH) })}</p>
      </div>
    </>
  );
}
