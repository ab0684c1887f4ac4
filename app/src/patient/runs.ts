/** Items in a row that say the same, together, in their order. */
export function runs<T>(items: readonly T[], said: (item: T) => string): [T, ...T[]][] {
  const made: [T, ...T[]][] = [];
  let before: string | undefined;
  for (const item of items) {
    const now = said(item);
    if (now === before) made.at(-1)?.push(item);
    else made.push([item]);
    before = now;
  }
  return made;
}
