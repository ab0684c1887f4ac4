import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/button';
import { Table } from '@/ui/table';
import type { Measure } from './measures';

/** Lines of a table that are shown at first. */
const FIRST = 100;

/** A line for each result. Columns that say nothing are left out. */
export function MeasureTable({
  caption,
  measures: all,
  hidesCaption = false,
}: {
  caption: string;
  measures: readonly Measure[];
  hidesCaption?: boolean;
}) {
  const { t } = useTranslation();
  const [isWhole, showWhole] = useState(false);
  const shown = isWhole ? all : all.slice(0, FIRST);
  const optional = (['range', 'when', 'source'] as const).filter((column) => all.some((line) => line[column]));
  const cells = (line: Measure) => [
    <Name key="name" line={line} />,
    <Value key="value" line={line} />,
    ...optional.map((column) => line[column] && <bdi key={column}>{line[column]}</bdi>),
  ];
  return (
    <>
      <Table
        caption={caption}
        hidesCaption={hidesCaption}
        columns={(['measure', 'value', ...optional] as const).map((column) => t(`viewer.columns.${column}`))}
        rows={shown.map((line, index) => ({ id: index, cells: cells(line) }))}
      />
      {shown.length < all.length && (
        <Button className="self-start" onPress={() => showWhole(true)}>
          {t('viewer.showAll', { count: all.length })}
        </Button>
      )}
    </>
  );
}

function Name({ line }: { line: Measure }) {
  return (
    <span className={line.isPart ? 'ps-2' : ''}>
      <bdi>{line.name}</bdi>
      {line.note && <span className="block text-soft text-sm">{line.note}</span>}
    </span>
  );
}

function Value({ line }: { line: Measure }) {
  const { t } = useTranslation();
  if (line.value === undefined) return null;
  return (
    <>
      {line.isWrong ? (
        <s>
          <bdi>{line.value}</bdi>
        </s>
      ) : (
        <bdi className={line.flag ? 'font-bold' : ''}>{line.value}</bdi>
      )}
      {line.flag && !line.isWrong && (
        <span className="ms-1 whitespace-nowrap text-sm text-wait">{t(`viewer.flags.${line.flag}`)}</span>
      )}
      {line.isWrong && <span className="block text-harm text-sm">{t('viewer.wrong')}</span>}
    </>
  );
}
