import { Chart } from '../chart';
import type { Resolve, Resource } from './json';
import { MeasureTable } from './measure-table';
import { measures, series } from './measures';

/** Results: a chart of each measure that has several values, and all of them as a table. */
export function Observations({ caption, of, resolve }: { caption: string; of: readonly Resource[]; resolve: Resolve }) {
  const lines = of.flatMap((observation) => measures(observation, resolve));
  const charts = series(lines);
  return (
    <>
      {charts.map((one) => (
        <Chart key={one.points[0]?.point?.key} series={one} />
      ))}
      {lines.length > 0 && <MeasureTable caption={caption} measures={lines} />}
    </>
  );
}
