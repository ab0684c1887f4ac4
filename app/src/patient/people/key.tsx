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
export function Key({ state, teeth }: { state: Allowed['state']; teeth: string[] | undefined }) {
  const cut = new Set(teeth?.filter(isCategory) ?? CATEGORIES);
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 104 44"
      className={`h-6 w-[104px] transition-colors duration-200 ${colours[state]}`}
    >
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
    </svg>
  );
}
