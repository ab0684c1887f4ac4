import { useTranslation } from 'react-i18next';
import { Disclosure } from '../disclosure';
import { MeasureTable } from './fhir/measure-table';
import type { Series } from './fhir/measures';
import { number } from './fhir/values';

/** Room above and below the outermost values, as a part of the height. */
const ROOM = 0.12;

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}

/** One measure over time: its reference range as a band, a point for each value, and a table behind it. */
export function Chart({ series }: { series: Series }) {
  const { t } = useTranslation();
  const { name, unit, low, high, range } = series;
  const points = series.points.flatMap((measure) => (measure.point ? [{ measure, ...measure.point }] : []));
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bounds = [...values, low ?? least, high ?? most];
  const [bottom, top] = [Math.min(...bounds), Math.max(...bounds)];
  const span = top - bottom || Math.abs(top) || 1;
  const across = (at: number) => 0.03 + (0.94 * (at - first.at)) / (last.at - first.at);
  const up = (value: number) => 1 - ROOM - ((value - bottom) / span) * (1 - 2 * ROOM);
  const said = (value: number) => [number(value), unit].filter(Boolean).join(' ');
  const outside = points.filter(({ measure }) => measure.flag !== undefined).length;
  const label = [
    t('viewer.chart.label', {
      name,
      count: points.length,
      from: first.measure.when,
      until: last.measure.when,
      low: said(least),
      high: said(most),
    }),
    range && t('viewer.chart.range', { range }),
    outside > 0 && t('viewer.chart.outside', { count: outside }),
  ];
  const [ceiling, floor] = [high === undefined ? 0 : up(high), low === undefined ? 1 : up(low)];
  const hasBand = low !== undefined || high !== undefined;
  return (
    <figure className="flex flex-col gap-1 rounded border border-line bg-sheet p-2">
      <figcaption>
        <h3>
          {name}
          {unit && <span className="font-normal text-soft"> ({unit})</span>}
        </h3>
        {range && <p className="text-soft text-sm">{t('viewer.chart.band', { range })}</p>}
      </figcaption>
      {/* Time runs from left to right in every script. */}
      <div dir="ltr" className="flex gap-1 text-soft text-sm">
        <div aria-hidden className="relative w-6 shrink-0">
          {[...new Set([top, bottom])].map((value) => (
            <span key={value} className="-translate-y-1/2 absolute end-0" style={{ top: percent(up(value)) }}>
              {number(value)}
            </span>
          ))}
        </div>
        <div className="min-w-0 flex-1">
          <svg role="img" aria-label={label.filter(Boolean).join(' ')} className="h-[176px] w-full overflow-visible">
            <rect width="100%" height="100%" rx="4" className="fill-sunk" />
            {hasBand && (
              <rect
                data-band=""
                y={percent(ceiling)}
                width="100%"
                height={percent(floor - ceiling)}
                className="fill-act-tint"
              />
            )}
            {points.slice(1).map((point, index) => {
              const before = points[index] ?? point;
              return (
                <line
                  key={`${point.at} ${point.value}`}
                  x1={percent(across(before.at))}
                  y1={percent(up(before.value))}
                  x2={percent(across(point.at))}
                  y2={percent(up(point.value))}
                  className="stroke-2 stroke-act"
                />
              );
            })}
            {points.map(({ measure, at, value }) => {
              const [x, y] = [percent(across(at)), percent(up(value))];
              const text = [measure.when, measure.value, measure.source].filter(Boolean).join(', ');
              return (
                <g key={`${at} ${value}`}>
                  <title>{text}</title>
                  {/* A ring around what is outside, so that colour is not all that tells. */}
                  {measure.flag && <circle cx={x} cy={y} r="10" className="fill-none stroke-2 stroke-wait" />}
                  <circle cx={x} cy={y} r="5" className={measure.flag ? 'fill-wait' : 'fill-act'} />
                </g>
              );
            })}
          </svg>
          <p aria-hidden className="flex justify-between gap-2 pt-0.5">
            <span>{first.measure.when}</span>
            <span className="text-end">{last.measure.when}</span>
          </p>
        </div>
      </div>
      <Disclosure label={t('viewer.chart.table')}>
        {() => <MeasureTable caption={name} measures={series.points.toReversed()} hidesCaption />}
      </Disclosure>
    </figure>
  );
}
