import { current, listen, lock } from './state';

/** Minutes without a touch after which everything is closed. */
const IDLE_MINUTES = 15;

/** Calls back when somebody else, or nobody, is signed in. */
export function onChange(changed: () => void): void {
  let before = current().person?.signer.address;
  listen(() => {
    const now = current().person?.signer.address;
    if (now === before) return;
    before = now;
    changed();
  });
}

/** Closes everything after a while without a touch. Gives what ends the watch. */
export function watchIdle(): () => void {
  let timer = 0;
  const touched = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => current().person && lock('expired'), IDLE_MINUTES * 60_000);
  };
  const touches = ['pointerdown', 'keydown', 'scroll', 'visibilitychange'] as const;
  for (const touch of touches) document.addEventListener(touch, touched, { passive: true });
  touched();
  return () => {
    clearTimeout(timer);
    for (const touch of touches) document.removeEventListener(touch, touched);
  };
}
