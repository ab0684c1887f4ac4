import bs58 from 'bs58';
import wasmUrl from '@/core/pkg/aegle_web_bg.wasm?url';
import { AEGLE_PROGRAM_ADDRESS, REGISTRAR_DISCRIMINATOR } from '@/program/generated';
import type { Node, Told } from './node';

/** What takes cryptography, by the core that the command line is made of too. Nothing here is secret. */

async function load() {
  const wasm = await import('@/core/pkg/aegle_web');
  await wasm.default({ module_or_path: wasmUrl });
  return wasm;
}

export type Found = 'holds' | 'contradicts' | 'not_checked';

export interface Report {
  holds: boolean;
  replayed: boolean;
  checks: { found: Found; what: string }[];
  /** Why the node was not believed, or not asked to the end: what was checked is what needs none. */
  trouble?: Error;
}

interface Listed {
  signature: string;
  slot: number;
  err: unknown;
}

/** Signatures in one page of a node's answer. */
const PAGE = 1000;

/**
 * Checks a receipt: first by itself, then against what a node tells of the decision's time. `log` is the key of the
 * log for a receipt without one, `trusted` the one that the reader knows. `reached` is told how many transactions
 * were read.
 */
export async function checkReceipt(
  text: string,
  log: string | undefined,
  trusted: string | undefined,
  node: Node,
  reached: (transactions: number) => void,
): Promise<Report> {
  const { Receipt, LedgerReading } = await load();
  const receipt = new Receipt(text, log);
  try {
    const alone: Report & { entry: unknown } = receipt.verify(trusted);
    if (!alone.entry) return alone;
    const registrars = await node
      .accountsOf(AEGLE_PROGRAM_ADDRESS, bs58.encode(REGISTRAR_DISCRIMINATOR as Uint8Array))
      .catch(() => undefined);
    const reading = new LedgerReading(receipt, registrars);
    try {
      try {
        await gather(node, reading, reached);
      } catch (error) {
        return { ...alone, trouble: error instanceof Error ? error : new Error(String(error)) };
      }
      const block = await node
        .ask<{ blockhash: string; blockTime: number | null } | null>('getBlock', [
          reading.slot,
          { transactionDetails: 'none', rewards: false, maxSupportedTransactionVersion: 1, commitment: 'confirmed' },
        ])
        .catch(() => null);
      return reading.verify(receipt, block, trusted);
    } finally {
      reading.free();
    }
  } finally {
    receipt.free();
  }
}

/** What `LedgerReading` of the core takes. */
interface Reading {
  slot: number;
  credentials(): string[];
  accounts(existing: string[]): string[];
  addTransaction(told: object): void;
  registrarsMissing(): string[];
  addRegistrar(address: string, account: Told): void;
  vaultMissing(): string | undefined;
  checkVault(account: Told | null): void;
}

async function gather(node: Node, reading: Reading, reached: (transactions: number) => void): Promise<void> {
  const existing: string[] = [];
  for (const address of reading.credentials()) {
    const { account } = await node.account(address, 'confirmed');
    if (account) existing.push(address);
  }
  const signatures = new Set<string>();
  for (const address of reading.accounts(existing)) {
    for await (const { signature, slot, err } of history(node, address)) {
      if (err === null && slot <= reading.slot) signatures.add(signature);
    }
  }
  let read = 0;
  for (const signature of signatures) {
    const told = await node.ask<object | null>('getTransaction', [
      signature,
      { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 1 },
    ]);
    if (told) reading.addTransaction(told);
    reached(++read);
  }
  for (const registrar of reading.registrarsMissing()) {
    const { account } = await node.account(registrar, 'confirmed');
    if (account) reading.addRegistrar(registrar, account);
  }
  const vault = reading.vaultMissing();
  if (vault !== undefined) reading.checkVault((await node.account(vault, 'confirmed')).account);
}

/** Transactions of an account, the newest first. */
async function* history(node: Node, address: string): AsyncGenerator<Listed> {
  let before: string | undefined;
  for (;;) {
    const page = await node.ask<Listed[]>('getSignaturesForAddress', [
      address,
      { limit: PAGE, commitment: 'confirmed', ...(before ? { before } : {}) },
    ]);
    yield* page;
    before = page.at(-1)?.signature;
    if (page.length < PAGE || before === undefined) return;
  }
}

/** What a checkpoint says, signed by the key `verifier`, or why it is not. */
export async function readCheckpoint(
  verifier: string,
  note: string,
): Promise<{ log: string; tree: { size: number; root: string }; heads: string } | { fault: string }> {
  const { readCheckpoint } = await load();
  try {
    return readCheckpoint(verifier, note);
  } catch (error) {
    if (error instanceof Error && (error as { code?: unknown }).code === 'log_fault') return { fault: error.message };
    throw error;
  }
}
