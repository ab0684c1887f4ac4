import { element, openWindow } from './window';

/** What the development wallet is asked to sign. */
export type Request = { kind: 'text'; text: string } | { kind: 'transaction'; count: number };

/** Set to `ask` to be asked for texts too, as another wallet would. */
const STORAGE = 'aegle-development-wallet-texts';

/** Asks in front of the page, as a wallet does in a window of its own. Rejects where the person says no. */
export async function ask(request: Request): Promise<void> {
  if (request.kind === 'text' && localStorage.getItem(STORAGE) !== 'ask') return;
  const window = openWindow(
    { title: 'Development wallet', refuse: 'Reject', accept: 'Approve', className: 'border-wait' },
    ...asked(request),
    element(
      'p',
      'For trying Aegle out only: the key lies unprotected in this page. Use no real health data.',
      'mt-2 text-sm text-wait',
    ),
  );
  const approved = await new Promise<boolean>((resolve) => {
    window.refuse.onclick = () => resolve(false);
    window.accept.onclick = () => resolve(true);
  });
  window.close();
  if (!approved) throw Object.assign(new Error('The request was rejected.'), { code: 4001 });
}

function asked(request: Request): HTMLElement[] {
  if (request.kind === 'text') {
    const text = element(
      'pre',
      request.text,
      'max-h-[40vh] overflow-auto whitespace-pre-wrap rounded bg-sunk p-1 text-sm',
    );
    text.tabIndex = 0;
    return [element('p', 'This page asks you to sign a text:'), text];
  }
  const says =
    request.count === 1
      ? 'This page asks you to sign a transaction. You pay nothing for it.'
      : `This page asks you to sign ${request.count} transactions. You pay nothing for them.`;
  return [element('p', says)];
}
