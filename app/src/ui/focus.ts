import { useEffect } from 'react';

/**
 * Keeps the keyboard's place. Where what had the focus goes away, as a button does once it was pressed, the focus
 * goes to what came in its place: the same button, or the page's heading; never back to the top of the document.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    let last: Element | null = null;
    let [name, frame] = ['', 0];
    const remember = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement)) return;
      last = target;
      name = target.textContent ?? '';
    };
    const look = () => {
      if (document.activeElement !== document.body || !last || last.isConnected) return;
      const buttons = document.querySelectorAll<HTMLElement>('main button:not([disabled])');
      const same = last instanceof HTMLButtonElement && [...buttons].find(({ textContent }) => textContent === name);
      const next = same || document.querySelector<HTMLElement>('main h1');
      next?.focus({ preventScroll: next !== same });
    };
    // Behind what dialogs do of their own when they close.
    const observer = new MutationObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(look);
      });
    });
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener('focusin', remember);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      document.removeEventListener('focusin', remember);
    };
  }, []);
}
