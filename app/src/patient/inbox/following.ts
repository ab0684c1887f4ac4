import type { QueryClient } from '@tanstack/react-query';
import * as Comlink from 'comlink';
import { sleep } from '@/chain/sleep';
import { core } from '@/core';
import type { Message } from '@/core/events';

/** Milliseconds until a stream that ended is asked for again: first, and at most. */
const AGAIN = 2_000;
const LATEST = 60_000;
/** Lists that change with what the patient is told. */
const TOLD = ['inbox', 'consents', 'break-glass'];

let isOpen = false;

/** Whether the server tells what happens by itself, so that nobody needs to ask. */
export function isFollowing(): boolean {
  return isOpen;
}

/**
 * Has the server tell what happens to a vault, and the lists that show it ask anew. While there is no stream they ask
 * by themselves. Gives what ends it.
 */
export function following(queries: QueryClient, vault: string): () => void {
  let isEnded = false;
  let last: string | undefined;
  const refresh = () => {
    for (const list of TOLD) void queries.invalidateQueries({ queryKey: [list, vault] });
  };
  const told = ({ id, data }: Message) => {
    if (isEnded) return;
    last = id ?? last;
    // The first message says that the stream is open: what came before it is asked for once.
    if (data !== undefined || !isOpen) refresh();
    isOpen = true;
  };
  const follow = async () => {
    for (let wait = AGAIN; !isEnded; wait = Math.min(2 * wait, LATEST)) {
      try {
        await core().follow(vault, last, Comlink.proxy(told));
      } catch {
        // Whatever the reason, it is asked for again; until then the lists ask.
      }
      if (isEnded) return;
      if (isOpen) {
        isOpen = false;
        wait = AGAIN;
        refresh();
      }
      await sleep(wait);
    }
  };
  void follow();
  return () => {
    isEnded = true;
    isOpen = false;
  };
}
