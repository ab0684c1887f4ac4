import { isAddress } from '@solana/kit';
import { useMutation } from '@tanstack/react-query';
import { FileUp } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CATEGORIES, type Category } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { DayField } from '@/ui/day-field';
import { TextField } from '@/ui/field';
import { FileTrigger } from '@/ui/file-trigger';
import { useKinds } from '@/ui/kinds';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Select } from '@/ui/select';
import { Steps } from '@/ui/waiting';
import { size } from '@/words/say';
import { issue, STEPS, type Step } from './issue';
import { PatientField } from './patient-field';

/** Specially protected information (HL7 v3 ActCode), where no more is said. */
const APART = 'SPI';

/** Sends a patient a result, signed by whoever answers for it. */
export function IssuePage() {
  const { t } = useTranslation();
  const person = usePerson();
  const kinds = useKinds();
  const [patient, setPatient] = useState('');
  const [file, setFile] = useState<File>();
  const [text, setText] = useState('');
  const [title, setTitle] = useState('');
  const [category, setCategory] = useState<Category>('document');
  const [day, setDay] = useState(() => new Date().toISOString().slice(0, 10));
  const [apart, setApart] = useState(false);
  const [at, reach] = useState<{ step: Step; part: number | undefined }>({ step: 'sign', part: undefined });
  const vault = patient.trim();
  const sending = useMutation({
    mutationFn: () => {
      const content = file ?? new Blob([text], { type: 'text/plain;charset=utf-8' });
      const described = { title: title.trim(), category, day, sensitivity: apart ? [APART] : [] };
      return issue(person, vault, described, content, (step, part) => reach({ step, part }));
    },
    onSuccess: () => {
      setFile(undefined);
      setText('');
      setTitle('');
    },
  });
  const isReady = isAddress(vault) && (file !== undefined || text.trim() !== '') && person.credential !== undefined;
  const part = at.part === undefined ? '' : ` ${Math.round(at.part * 100)} %`;
  return (
    <>
      <PageHead title={t('provider.issue.title')} lead={t('provider.issue.lead')} />
      <div className="flex max-w-[640px] flex-col gap-2">
        <PatientField value={patient} onChange={setPatient} isDisabled={sending.isPending} />
        <div className="flex flex-wrap items-center gap-1">
          <FileTrigger onSelect={(files) => setFile(files?.[0])}>
            <Button>
              <FileUp aria-hidden className="size-2.5" />
              {t('provider.issue.file')}
            </Button>
          </FileTrigger>
          {file && (
            <span className="text-soft">
              <bdi>{file.name}</bdi>, {size(file.size)}
            </span>
          )}
        </div>
        {!file && <TextField label={t('provider.issue.text')} lines={6} value={text} onChange={setText} />}
        <TextField
          label={t('provider.issue.name')}
          hint={t('provider.issue.nameHint')}
          value={title}
          onChange={setTitle}
        />
        <Select
          label={t('provider.record.kind')}
          value={category}
          onChange={setCategory}
          options={CATEGORIES.map((id) => ({ id, name: kinds(id) }))}
        />
        <DayField label={t('provider.record.date')} value={day} onChange={setDay} />
        <Checkbox isSelected={apart} onChange={setApart} hint={t('provider.issue.apartHint')}>
          {t('provider.issue.apart')}
        </Checkbox>
        <p className="text-soft">{t('provider.issue.signs')}</p>
        <ProblemNote error={sending.error} />
        {sending.isSuccess && !isReady && <Note kind="done">{t('provider.issue.sent')}</Note>}
        {sending.isPending ? (
          <Card>
            <Steps
              steps={STEPS.map((step) => t(`provider.issue.steps.${step}`) + (step === 'lock' ? part : ''))}
              at={STEPS.indexOf(at.step)}
            />
          </Card>
        ) : (
          <Button weight="first" className="self-start" isDisabled={!isReady} onPress={() => sending.mutate()}>
            {t('provider.issue.send')}
          </Button>
        )}
      </div>
    </>
  );
}
