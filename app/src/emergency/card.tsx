import { useQueries, useQuery } from '@tanstack/react-query';
import { Printer } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { labelsOf } from '@/api/labels';
import { detailsOf, recordsOf } from '@/patient/records/data';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { PageHead } from '@/ui/card';
import { DayField } from '@/ui/day-field';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { Select } from '@/ui/select';
import { BLANK, bytesIn, type CardFields, cardLines, cardText, type Field, MOST } from './card-text';

const BLOOD_GROUPS = ['', 'A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-'] as const;

/** Kinds of records whose titles are entries of the card. */
const OFFERED = { allergies: 'allergy', medication: 'medication', conditions: 'condition' } as const;

/** A card on paper for the day when nothing answers. What is typed is neither stored nor sent. */
export function CardPage() {
  const { t } = useTranslation();
  const [fields, setFields] = useState<CardFields>(BLANK);
  const set = (field: Field) => (value: string) => setFields((before) => ({ ...before, [field]: value }));
  const lines = cardLines(fields, (field) => t(`emergency.card.fields.${field}`));
  const written = t('emergency.card.written', { day: new Date().toISOString().slice(0, 10) });
  const text = cardText(t('emergency.card.title'), lines, written);
  const length = bytesIn(text);
  const lists = ['allergies', 'medication', 'conditions', 'call'] as const;
  return (
    <>
      <div className="print:hidden">
        <PageHead title={t('emergency.card.title')} lead={t('emergency.card.lead')} />
      </div>
      <div className="print:hidden">
        <Note kind="wait" title={t('emergency.card.warning')}>
          {t('emergency.card.warningHint')}
        </Note>
      </div>
      <div className="grid gap-3 md:grid-cols-2 print:hidden">
        <div className="flex flex-col gap-2">
          <TextField label={t('emergency.card.fields.name')} value={fields.name} onChange={set('name')} />
          <DayField label={t('emergency.card.fields.born')} value={fields.born} onChange={set('born')} />
          <Select
            label={t('emergency.card.fields.bloodGroup')}
            value={fields.bloodGroup}
            onChange={set('bloodGroup')}
            options={BLOOD_GROUPS.map((id) => ({ id, name: id || t('emergency.card.noGroup') }))}
          />
          {lists.map((field) => (
            <div key={field} className="flex flex-col gap-1">
              <TextField
                label={t(`emergency.card.fields.${field}`)}
                hint={t(field === 'call' ? 'emergency.card.callHint' : 'emergency.card.listHint')}
                lines={2}
                value={fields[field]}
                onChange={set(field)}
              />
              {field !== 'call' && <Offers field={field} value={fields[field]} onChange={set(field)} />}
            </div>
          ))}
        </div>
        <div className="flex flex-col items-start gap-1.5">
          <h2>{t('emergency.card.preview')}</h2>
          {length > MOST && <Note kind="harm">{t('emergency.card.tooLong', { most: MOST, length })}</Note>}
          {lines.length === 0 && <p className="text-soft">{t('emergency.card.empty')}</p>}
          <Button weight="first" isDisabled={lines.length === 0 || length > MOST} onPress={() => print()}>
            <Printer aria-hidden className="size-2.5" />
            {t('emergency.card.print')}
          </Button>
        </div>
      </div>
      {lines.length > 0 && length <= MOST && <Paper lines={[...lines, written]} text={text} />}
    </>
  );
}

/** The card itself: black on white, whatever the theme, and all that is printed. */
function Paper({ lines, text }: { lines: readonly string[]; text: string }) {
  const { t } = useTranslation();
  return (
    <section
      aria-label={t('emergency.card.preview')}
      className="grid max-w-[170mm] grid-cols-[40mm_1fr] gap-x-2 gap-y-1 rounded border-2 border-[#000] bg-[#fff] p-2 text-[#000]"
    >
      <h2 className="col-span-2">{t('emergency.card.title')}</h2>
      <Code text={text} label={t('emergency.card.code')} />
      <div className="min-w-0 text-sm">
        <p>{t('emergency.card.warning')}</p>
        <p className="mb-1">{t('emergency.card.opensNothing')}</p>
        {lines.map((line) => (
          <p key={line} className="font-bold">
            <bdi>{line}</bdi>
          </p>
        ))}
      </div>
    </section>
  );
}

/** A QR code, with the light edge that readers need (ISO/IEC 18004, section 6.3.8). */
function Code({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { data, size } = encode(text, { ecc: 'M', border: 4 });
    const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x},${y}h1v1h-1z`] : [])));
    return { size, path: dark.join('') };
  }, [text]);
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" className="w-full">
      <path d={path} />
    </svg>
  );
}

/** Entries that the own records offer, by their titles. */
function Offers({
  field,
  value,
  onChange,
}: {
  field: keyof typeof OFFERED;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const { data = [] } = useQuery(recordsOf(person));
  const fitting = data.filter((held) => held.status === 'active' && labelsOf(held).categories.includes(OFFERED[field]));
  const details = useQueries({ queries: fitting.map((held) => detailsOf(person, held)) });
  const titles = new Set(details.flatMap(({ data }) => data?.title ?? []));
  const taken = value.split('\n').map((entry) => entry.trim());
  const offered = [...titles].filter((title) => !taken.includes(title));
  if (offered.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-0.5">
      <span className="text-soft text-sm">{t('emergency.card.fromRecords')}</span>
      {offered.map((title) => (
        <Button
          key={title}
          weight="quiet"
          onPress={() => onChange([...taken.filter((entry) => entry !== ''), title].join('\n'))}
        >
          {title}
        </Button>
      ))}
    </div>
  );
}
