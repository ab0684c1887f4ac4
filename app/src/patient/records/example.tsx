import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LABELS } from '@/api/labels';
import { usePerson } from '@/session/state';
import { Button } from '@/ui/button';
import { ProblemNote } from '@/ui/problem';
import { Steps } from '@/ui/waiting';
import { recordsOf } from './data';
import { addRecord, type Step } from './new-record';

export const STEPS: Step[] = ['lock', 'upload', 'sign', 'chain'];

/** Units as UCUM writes them. */
const UCUM: Record<string, string> = { '10³/µL': '10*3/uL' };

/** A blood count, made up, as a laboratory would send it (FHIR R4). */
function bloodCount(title: string, day: string): Blob {
  const measure = (
    id: string,
    loinc: string,
    text: string,
    value: number,
    unit: string,
    low: number,
    high: number,
  ) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: loinc }], text },
    effectiveDateTime: day,
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: UCUM[unit] ?? unit },
    referenceRange: [{ low: { value: low, unit }, high: { value: high, unit } }],
  });
  const contained = [
    measure('hb', '718-7', 'Hemoglobin', 14.1, 'g/dL', 12, 16),
    measure('wbc', '6690-2', 'Leukocytes', 6.8, '10³/µL', 4, 10),
    measure('plt', '777-3', 'Platelets', 254, '10³/µL', 150, 400),
  ];
  const report = {
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB', display: 'Laboratory' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '58410-2' }], text: title },
    effectiveDateTime: day,
    contained,
    result: contained.map(({ id }) => ({ reference: `#${id}` })),
  };
  return new Blob([JSON.stringify(report)], { type: 'application/fhir+json' });
}

/** Adds a record to try things out with. */
export function AddExample() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [step, reach] = useState<Step>('lock');
  const adding = useMutation({
    mutationFn: () => {
      const day = new Date().toISOString().slice(0, 10);
      const title = t('patient.add.exampleTitle');
      const labels = {
        kind: LABELS,
        categories: ['laboratory'],
        types: ['DiagnosticReport', 'Observation'],
        from: day,
        until: day,
      };
      const draft = { labels, title, media_type: 'application/fhir+json' };
      return addRecord(person, draft, bloodCount(title, day), reach);
    },
    onSuccess: () => queries.invalidateQueries(recordsOf(person)),
  });
  if (adding.isPending) {
    return <Steps steps={STEPS.map((name) => t(`patient.add.steps.${name}`))} at={STEPS.indexOf(step)} />;
  }
  return (
    <>
      <Button onPress={() => adding.mutate()}>{t('patient.records.example')}</Button>
      <ProblemNote error={adding.error} />
    </>
  );
}
