/** A window in front of the page, and of the page's own dialogs, as a wallet's is. */
export interface Window {
  refuse: HTMLButtonElement;
  accept: HTMLButtonElement;
  close(): void;
}

/** Opens a window that asks one thing. Escape refuses. */
export function openWindow(
  { title, refuse, accept, className = '' }: { title: string; refuse: string; accept: string; className?: string },
  ...says: HTMLElement[]
): Window {
  const dialog = document.createElement('dialog');
  dialog.className = `m-auto max-w-[480px] rounded border-2 bg-sheet p-3 text-ink backdrop:bg-ink/50 ${className}`;
  dialog.setAttribute('aria-labelledby', 'wallet-window');
  dialog.dataset.reactAriaTopLayer = 'true';
  const heading = element('h2', title);
  heading.id = 'wallet-window';
  const buttons = element('div', '', 'mt-2 flex flex-wrap justify-end gap-1');
  const no = element('button', refuse, 'min-h-[44px] cursor-pointer rounded border border-edge px-2 font-bold');
  const yes = element('button', accept, 'min-h-[44px] cursor-pointer rounded bg-act px-2 font-bold text-on-act');
  buttons.append(no, yes);
  dialog.append(heading, ...says, buttons);
  dialog.oncancel = (event) => {
    event.preventDefault();
    no.click();
  };
  document.body.append(dialog);
  dialog.showModal();
  yes.focus();
  return {
    refuse: no,
    accept: yes,
    close() {
      dialog.close();
      dialog.remove();
    },
  };
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text: string,
  className = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}
