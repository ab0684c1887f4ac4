import axe from 'axe-core';

/** Rules that need a layout or a whole page, which there is none of here. */
const OFF = ['color-contrast', 'region', 'page-has-heading-one', 'heading-order'];

/** What axe finds wrong with an element, in words. */
export async function barriers(element: Element): Promise<string[]> {
  const rules = Object.fromEntries(OFF.map((rule) => [rule, { enabled: false }]));
  const { violations } = await axe.run(element as HTMLElement, { rules, resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
