/** What the development wallet is asked to sign. */
export type Request = { kind: 'text'; text: string } | { kind: 'transaction'; count: number };

/** Set to `ask` to be asked for texts too, as another wallet would. */
const STORAGE = 'aegle-development-wallet-texts';

/** Asks in front of the page, as a wallet does in a window of its own. Rejects where the person says no. */
export async function ask(request: Request): Promise<void> {
  if (request.kind === 'text' && localStorage.getItem(STORAGE) !== 'ask') return;
  const dialog = document.createElement('dialog');
  dialog.className = 'm-auto max-w-[480px] rounded border-2 border-wait bg-sheet p-3 text-ink backdrop:bg-ink/50';
  dialog.setAttribute('aria-labelledby', 'development-wallet');
  // In front of the page's own dialogs, as a wallet's window is.
  dialog.dataset.reactAriaTopLayer = 'true';
  const title = element('h2', 'Development wallet');
  title.id = 'development-wallet';
  const says = element(
    'p',
    request.kind === 'text'
      ? 'This page asks you to sign a text:'
      : request.count === 1
        ? 'This page asks you to sign a transaction. You pay nothing for it.'
        : `This page asks you to sign ${request.count} transactions. You pay nothing for them.`,
  );
  dialog.append(title, says);
  if (request.kind === 'text') {
    const text = element('pre', request.text);
    text.className = 'max-h-[40vh] overflow-auto whitespace-pre-wrap rounded bg-sunk p-1 text-sm';
    text.tabIndex = 0;
    dialog.append(text);
  }
  const note = element(
    'p',
    'For trying Aegle out only: the key lies unprotected in this page. Use no real health data.',
  );
  note.className = 'my-2 text-sm text-wait';
  const buttons = element('div');
  buttons.className = 'flex justify-end gap-1';
  const reject = element('button', 'Reject');
  const approve = element('button', 'Approve');
  reject.className = 'min-h-[44px] cursor-pointer rounded border border-edge px-2 font-bold';
  approve.className = 'min-h-[44px] cursor-pointer rounded bg-act px-2 font-bold text-on-act';
  buttons.append(reject, approve);
  dialog.append(note, buttons);
  document.body.append(dialog);
  const approved = await new Promise<boolean>((resolve) => {
    reject.onclick = () => resolve(false);
    approve.onclick = () => resolve(true);
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
    approve.focus();
  });
  dialog.close();
  dialog.remove();
  if (!approved) throw Object.assign(new Error('The request was rejected.'), { code: 4001 });
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text = ''): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
