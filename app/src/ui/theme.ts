/** Colours of the page: as the device has it, or the person's choice for this browser. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE = 'aegle-theme';

export function theme(): Theme {
  const kept = localStorage.getItem(STORAGE);
  return THEMES.find((one) => one === kept) ?? 'system';
}

export function wear(chosen: Theme): void {
  localStorage.setItem(STORAGE, chosen);
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
