import { useTranslation } from 'react-i18next';
import { Chart } from '../chart';
import type { Resolve, Resource } from './json';
import { MeasureTable } from './measure-table';
import { measures, series } from './measures';

/** Results as a table. */
export function Observations({ caption, of, resolve }: { caption: string; of: readonly Resource[]; resolve: Resolve }) {
  const lines = of.flatMap((observation) => measures(observation, resolve));
  return lines.length > 0 ? <MeasureTable caption={caption} measures={lines} /> : null;
}

/** A chart of each measure that has several values, wherever in a document they stand. */
export function Charts({ of, resolve }: { of: readonly Resource[]; resolve: Resolve }) {
  const { t } = useTranslation();
  const charts = series(of.flatMap((observation) => measures(observation, resolve)));
  if (charts.length === 0) return null;
  return (
    <>
      <h2>{t('viewer.over')}</h2>
      {charts.map((one) => (
        <Chart key={one.points[0]?.point?.key} series={one} />
      ))}
    </>
  );
}
