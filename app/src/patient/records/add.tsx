import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Camera, ClipboardPaste, FolderInput, Upload } from 'lucide-react';
import { useState } from 'react';
import { DropZone, type DropZoneProps } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { CATEGORIES, type Category, isCategory, LABELS, type Labels, labelsOf } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { DayField } from '@/ui/day-field';
import { TextField } from '@/ui/field';
import { FileTrigger } from '@/ui/file-trigger';
import { useKinds } from '@/ui/kinds';
import { ProblemNote } from '@/ui/problem';
import { Select } from '@/ui/select';
import { Steps, Waiting } from '@/ui/waiting';
import { size } from '@/words/say';
import { detailsOf, recordsOf } from './data';
import { STEPS } from './example';
import { addRecord, type Step } from './new-record';
import { amending } from './versions';

/** Specially protected information (HL7 v3 ActCode), where a person says no more. */
export const APART = 'SPI';

/** The record that a new version is to replace, as it says of itself. */
interface Corrected {
  record: string;
  labels: Labels;
  title: string;
}

const route = getRouteApi('/inside/patient/records/add');

/** Takes a new record, or the next version of one. */
export function AddPage() {
  const { amends } = route.useSearch();
  return amends === undefined ? <Form /> : <Correct key={amends} record={amends} />;
}

function Correct({ record }: { record: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const kind = useKinds();
  const records = useQuery(recordsOf(person));
  const held = records.data?.find((one) => one.record === record);
  const [details] = useQueries({ queries: (held ? [held] : []).map((one) => detailsOf(person, one)) });
  if (records.isPending || details?.isLoading) return <Waiting />;
  if (records.error && !held) return <ProblemNote error={records.error} retry={() => void records.refetch()} />;
  if (!held) return <ProblemNote error={new Error(t('patient.record.gone'))} />;
  const labels = labelsOf(held);
  return <Form corrected={{ record, labels, title: details?.data?.title ?? kind(...labels.categories) }} />;
}

/** Takes a file, a photo or text, and what the server is to know of it. */
function Form({ corrected }: { corrected?: Corrected }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const kind = useKinds();
  const before = corrected?.labels;
  const [content, setContent] = useState<File>();
  const [pasting, setPasting] = useState(false);
  const [text, setText] = useState('');
  const [title, setTitle] = useState(corrected?.title ?? '');
  const [category, setCategory] = useState<Category>(before?.categories.find(isCategory) ?? 'document');
  const [day, setDay] = useState(() => (before ? (before.from ?? '') : new Date().toISOString().slice(0, 10)));
  const [apart, setApart] = useState(!!before?.sensitivity?.length);
  const [at, reach] = useState<{ step: Step; part?: number }>({ step: 'lock' });

  const adding = useMutation({
    mutationFn: () => {
      const body = content ?? new Blob([text], { type: 'text/plain;charset=utf-8' });
      const labels = {
        kind: LABELS,
        // What nobody changed stays as it was, also where it says more than this form.
        categories: before?.categories.includes(category) ? before.categories : [category],
        types: [],
        ...(day ? { from: day, until: (day === before?.from && before.until) || day } : {}),
        sensitivity: apart ? (before?.sensitivity?.length ? before.sensitivity : [APART]) : [],
      };
      const draft = { labels, ...(title ? { title } : {}), media_type: body.type || 'application/octet-stream' };
      const progress = (step: Step, part?: number) => reach({ step, ...(part === undefined ? {} : { part }) });
      return addRecord(person, draft, body, progress, corrected && amending(corrected.record));
    },
    onSuccess: () => queries.invalidateQueries(recordsOf(person)),
  });
  // Whoever went elsewhere meanwhile stays there.
  const add = () =>
    adding.mutate(undefined, {
      onSuccess: (record) => void navigate({ to: '/records/$record', params: { record } }),
    });

  const choose = (file: File | undefined) => {
    if (!file) return;
    setContent(file);
    setPasting(false);
    setTitle((typed) => typed || file.name.replace(/\.[^.]+$/, ''));
  };
  const drop: NonNullable<DropZoneProps['onDrop']> = async ({ items }) => {
    const file = items.find((item) => item.kind === 'file');
    if (file?.kind === 'file') choose(await file.getFile());
  };
  const chosen = content !== undefined || (pasting && text.trim() !== '');
  const steps = STEPS.map((name) =>
    name === 'upload' && at.step === 'upload' && at.part !== undefined
      ? `${t('patient.add.steps.upload')} ${Math.round(at.part * 100)} %`
      : t(`patient.add.steps.${name}`),
  );
  return (
    <>
      {corrected ? (
        <PageHead title={t('records.correct.title')} lead={t('records.correct.lead', { title: corrected.title })} />
      ) : (
        <PageHead
          title={t('patient.add.title')}
          lead={t('patient.add.lead')}
          actions={
            <Link to="/records/import" className={weightClass('second')}>
              <FolderInput aria-hidden className="size-2.5" />
              {t('records.import.link')}
            </Link>
          }
        />
      )}
      <div className="flex max-w-[640px] flex-col gap-3">
        <DropZone
          onDrop={drop}
          className="flex flex-wrap items-center gap-1 rounded border-2 border-line border-dashed bg-sheet p-2 data-[drop-target]:border-act"
        >
          <FileTrigger onSelect={(files) => choose(files?.[0])}>
            <Button weight={chosen ? 'second' : 'first'}>
              <Upload aria-hidden className="size-2.5" />
              {t('patient.add.file')}
            </Button>
          </FileTrigger>
          <FileTrigger
            acceptedFileTypes={['image/*']}
            defaultCamera="environment"
            onSelect={(files) => choose(files?.[0])}
          >
            <Button>
              <Camera aria-hidden className="size-2.5" />
              {t('patient.add.camera')}
            </Button>
          </FileTrigger>
          <Button
            onPress={() => {
              setPasting(true);
              setContent(undefined);
            }}
          >
            <ClipboardPaste aria-hidden className="size-2.5" />
            {t('patient.add.paste')}
          </Button>
          <p className="text-soft text-sm">
            {content ? `${content.name}, ${size(content.size)}` : t('patient.add.drop')}
          </p>
        </DropZone>
        {pasting && <TextField label={t('patient.add.paste')} lines={8} value={text} onChange={setText} autoFocus />}
        {chosen && (
          <>
            <TextField
              label={t('patient.add.name')}
              hint={t('patient.add.nameHint')}
              value={title}
              onChange={setTitle}
            />
            <Select
              label={t('patient.add.kind')}
              value={category}
              onChange={setCategory}
              options={CATEGORIES.map((id) => ({ id, name: kind(id) }))}
            />
            <DayField label={t('patient.add.date')} value={day} onChange={setDay} />
            <Checkbox isSelected={apart} onChange={setApart} hint={t('patient.add.sensitiveHint')}>
              {t('patient.add.sensitive')}
            </Checkbox>
          </>
        )}
        <ProblemNote error={adding.error} />
        {adding.isPending ? (
          <Card>
            <Steps steps={steps} at={STEPS.indexOf(at.step)} />
          </Card>
        ) : (
          chosen && (
            <Button weight="first" className="self-start" onPress={add}>
              {t(corrected ? 'records.correct.save' : 'patient.add.save')}
            </Button>
          )
        )}
      </div>
    </>
  );
}
