/** Waits, in milliseconds. It needs nothing else, so that pages without a session load nothing for it. */
export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
