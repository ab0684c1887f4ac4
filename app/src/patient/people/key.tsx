import { CATEGORIES, isCategory } from '@/api/labels';
import type { Allowed } from './data';

const colours: Record<Allowed['state'], string> = {
  waiting: 'text-wait',
  later: 'text-wait',
  effect: 'text-act',
  ended: 'text-line',
};

/** Widths of teeth: as many as there are kinds, each of its own depth, so that two keys look alike only if they open alike. */
const TOOTH = 3.2;

/**
 * A permission as a key: its teeth are the kinds of record it opens, its colour the state. Everything it shows
 * stands beside it in words.
 */
export function Key({ state, policy, hangs = false }: Pick<Allowed, 'state' | 'policy'> & { hangs?: boolean }) {
  const teeth = policy.base === 'deny' ? policy.permit.flatMap(({ categories = [] }) => categories) : CATEGORIES;
  const cut = new Set(teeth.filter(isCategory));
  // One that hangs turns as it comes into effect.
  const turned = hangs && state !== 'effect' ? 'rotate-12' : '';
  return (
    <svg
      aria-hidden="true"
      viewBox={hangs ? '0 0 44 104' : '0 0 104 44'}
      className={`${hangs ? 'h-[156px] w-[66px] origin-top' : 'h-6 w-[104px]'} transition duration-200 ${turned} ${colours[state]}`}
    >
      <g transform={hangs ? 'translate(44 0) rotate(90)' : undefined}>
        <g fill="none" stroke="currentColor" strokeWidth="4">
          <circle cx="16" cy="18" r="11" />
          <path d="M27 18h72" strokeLinecap="round" />
        </g>
        <g fill="currentColor">
          {CATEGORIES.map(
            (category, index) =>
              cut.has(category) && (
                <rect
                  key={category}
                  x={38 + index * TOOTH}
                  y="18"
                  width={TOOTH - 0.6}
                  height={8 + ((index * 5) % 12)}
                  rx="0.8"
                />
              ),
          )}
        </g>
      </g>
    </svg>
  );
}
