import { isAddress } from '@solana/kit';
import bs58 from 'bs58';
import type { TFunction } from 'i18next';
import { hexText } from '@/chain/bytes';
import {
  AEGLE_PROGRAM_ADDRESS,
  AegleAccount,
  AUDIT_ROOT_DISCRIMINATOR,
  getAuditRootDecoder,
} from '@/program/generated';
import { addressIn } from '@/ui/scan';
import { kindOf, read, type Said, standing } from './accounts';
import { bytesOf, type Node } from './node';
import { checkReceipt, type Found, readCheckpoint } from './proofs';

/** One thing that was looked at, and what came of it. */
export interface Step {
  found: Found;
  what: string;
  /** Said by the core, which speaks English. */
  isEnglish?: boolean;
}

export interface Result {
  steps: Step[];
  /** What the chain says of an account. */
  said?: Said | undefined;
  /** Why not everything could be asked. */
  trouble?: Error | undefined;
}

/** What somebody brought to be checked. */
export type Brought =
  | { kind: 'receipt'; text: string; isBare: boolean }
  | { kind: 'checkpoint'; text: string }
  | { kind: 'address'; address: string };

/** What is wanted beside what was brought. */
export interface Against {
  node: Node;
  /** Key of the log, where the reader knows it from elsewhere. */
  trusted: string | undefined;
  /** Key of the log as this server names it. */
  named: string | undefined;
}

/** Tells by its form what a text is. */
export function brought(text: string): Brought | undefined {
  const bare = text.trim();
  if (bare.startsWith('{')) {
    try {
      const { kind } = JSON.parse(bare) as { kind?: unknown };
      if (kind === 'aegle:receipt:v1') return { kind: 'receipt', text: bare, isBare: false };
    } catch {
      return undefined;
    }
    return undefined;
  }
  // A signed note: lines, a blank one, signatures that begin with a dash.
  if (/\n\n— \S+ \S+/.test(bare)) return { kind: 'checkpoint', text: `${bare}\n` };
  // 96 bytes and a signature of 64, in base64url.
  if (/^[\w-]{210,220}={0,2}$/.test(bare)) return { kind: 'receipt', text: bare, isBare: true };
  const address = addressIn(bare);
  return address !== undefined && isAddress(address) ? { kind: 'address', address } : undefined;
}

/** Checks step by step. What fails to be asked is not checked, and said so; nothing is assumed. */
export async function check(
  what: Brought,
  against: Against,
  t: TFunction,
  reached: (transactions: number) => void,
): Promise<Result> {
  switch (what.kind) {
    case 'receipt':
      return receipt(what, against, t, reached);
    case 'checkpoint':
      return checkpoint(what.text, against, t);
    case 'address':
      return account(what.address, against.node, t);
  }
}

async function receipt(
  { text, isBare }: { text: string; isBare: boolean },
  { node, trusted, named }: Against,
  t: TFunction,
  reached: (transactions: number) => void,
): Promise<Result> {
  const { checks, trouble } = await checkReceipt(text, isBare ? (trusted ?? named) : undefined, trusted, node, reached);
  const steps: Step[] = checks.map(({ found, what }) => ({ found, what, isEnglish: true }));
  if (isBare && trusted === undefined) steps.unshift({ found: 'not_checked', what: t('open.verify.step.keyNamed') });
  return { steps, trouble };
}

async function checkpoint(text: string, { node, trusted, named }: Against, t: TFunction): Promise<Result> {
  const key = trusted ?? named;
  const steps: Step[] = [];
  if (key === undefined) return { steps: [{ found: 'not_checked', what: t('open.verify.step.noKey') }] };
  const said = await readCheckpoint(key, text);
  if ('fault' in said) {
    return { steps: [{ found: 'contradicts', what: t('open.verify.step.notSigned', { reason: said.fault }) }] };
  }
  const { size, root } = said.tree;
  steps.push({ found: 'holds', what: t('open.verify.step.signed', { log: said.log, count: size }) });
  if (trusted === undefined) steps.push({ found: 'not_checked', what: t('open.verify.step.keyNamed') });
  const told = await node.accountsOf(AEGLE_PROGRAM_ADDRESS, bs58.encode(AUDIT_ROOT_DISCRIMINATOR as Uint8Array));
  const roots = told.map(({ account }) => getAuditRootDecoder().decode(bytesOf(account)));
  const same = roots.filter(({ treeSize }) => Number(treeSize) === size);
  const equal = same.find((stated) => hexText(stated.root) === root && hexText(stated.heads) === said.heads);
  const [other] = same;
  const operators = new Set(roots.map(({ operator }) => operator));
  if (equal) {
    const slot = String(equal.anchoredSlot);
    steps.push({ found: 'holds', what: t('open.verify.step.anchored', { operator: equal.operator, slot }) });
  } else if (other && operators.size === 1) {
    steps.push({ found: 'contradicts', what: t('open.verify.step.anchoredOther', { operator: other.operator }) });
  } else {
    steps.push({ found: 'not_checked', what: t('open.verify.step.notAnchored', { count: size }) });
  }
  steps.push({ found: 'not_checked', what: t('open.verify.step.leaves') });
  return { steps };
}

async function account(address: string, node: Node, t: TFunction): Promise<Result> {
  const steps: Step[] = [];
  const confirmed = await node.account(address, 'confirmed');
  const { slot } = confirmed;
  steps.push({ found: 'holds', what: t('open.verify.step.answered', { node: node.url, slot }) });
  const there = confirmed.account;
  if (!there) {
    return { steps: [...steps, { found: 'contradicts', what: t('open.verify.step.absent') }] };
  }
  const kind = kindOf(there);
  const said = kind === undefined ? undefined : read(there, kind, t);
  if (kind === undefined || !said) {
    return { steps: [...steps, { found: 'contradicts', what: t('open.verify.step.foreign', { owner: there.owner }) }] };
  }
  steps.push({ found: 'holds', what: t('open.verify.step.kind', { kind: t(`open.verify.kind.${kindName(kind)}`) }) });
  const final = await node.account(address, 'finalized');
  const isFinal = final.account?.data[0] === there.data[0];
  steps.push(
    isFinal
      ? { found: 'holds', what: t('open.verify.step.final', { slot: final.slot }) }
      : { found: 'not_checked', what: t('open.verify.step.notFinal') },
  );
  if (said.vault !== undefined) {
    const vault = await node.account(said.vault, 'confirmed');
    const isVault = vault.account !== null && kindOf(vault.account) === AegleAccount.Vault;
    steps.push({
      found: isVault ? 'holds' : 'contradicts',
      what: t(isVault ? 'open.verify.step.vault' : 'open.verify.step.noVault'),
    });
    if (said.consent && vault.account && isVault) {
      const state = standing(said.consent, vault.account);
      const found = state === 'effect' ? 'holds' : 'contradicts';
      steps.push({ found, what: t(`open.verify.step.consent.${state}`) });
    }
  }
  if (kind === AegleAccount.Record || kind === AegleAccount.Consent) {
    steps.push({ found: 'not_checked', what: t(`open.verify.step.hidden.${kindName(kind) as 'Record' | 'Consent'}`) });
  }
  return { steps, said };
}

export function kindName(kind: AegleAccount): keyof typeof AegleAccount {
  return AegleAccount[kind] as keyof typeof AegleAccount;
}
