import type { ReactNode } from 'react';
import { Scroll } from './scroll';

const SPACE = 'px-1 py-1 text-start sm:px-1.5';
const HEAD = `${SPACE} border-line border-b text-soft text-sm`;
const FIRST = `${SPACE} min-w-[5.5rem] align-top font-normal sm:min-w-[8rem]`;
const CELL = `${SPACE} min-w-[4.5rem] align-top sm:min-w-[7rem]`;

/** A table that can be scrolled where it is too wide, with the keyboard too. */
export function Table({
  caption,
  hidesCaption = false,
  columns,
  rows,
}: {
  caption: string;
  hidesCaption?: boolean;
  columns: readonly ReactNode[];
  rows: readonly { id: string | number; cells: readonly ReactNode[] }[];
}) {
  return (
    <Scroll label={caption} className="rounded border border-line bg-sheet">
      <table className="w-full text-start">
        <caption className={hidesCaption ? 'sr-only' : 'p-1.5 text-start font-bold'}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
              <th key={index} scope="col" className={HEAD}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }) => (
            <tr key={id} className="border-line border-b last:border-b-0">
              {cells.map((cell, index) =>
                index === 0 ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: cells do not move
                  <th key={index} scope="row" className={FIRST}>
                    {cell}
                  </th>
                ) : (
                  // biome-ignore lint/suspicious/noArrayIndexKey: cells do not move
                  <td key={index} className={CELL}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
