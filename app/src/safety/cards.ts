import { isAddress } from '@solana/kit';
import type { GuardianFile } from '@/core/pkg/aegle_web';
import { addressIn } from '@/ui/scan';

/** What people hand one another on paper, by message or as a QR code. None of it is secret but a guardian's file. */

/** Whom to name as a guardian, and the X25519 key (hex) to encrypt their part to. */
export interface GuardianCard {
  guardian: string;
  encryptionKey: string;
}

/** Who is to have a vault after a recovery. */
export interface NewOwnerCard {
  vault: string;
  newOwner: string;
  /** X25519, hex. */
  encryptionKey: string;
}

const GUARDIAN = 'aegle:guardian';
const NEW_OWNER = 'aegle:new-owner';
const KEY = /^[0-9a-f]{64}$/;

export function guardianCard({ guardian, encryptionKey }: GuardianCard): string {
  return [GUARDIAN, guardian, encryptionKey].join(':');
}

export function newOwnerCard({ vault, newOwner, encryptionKey }: NewOwnerCard): string {
  return [NEW_OWNER, vault, newOwner, encryptionKey].join(':');
}

/** The parts of a card, however it was pasted; undefined where it is another thing. */
function parts(text: string, kind: string, addresses: number): string[] | undefined {
  const found = text.replace(/\s+/g, '');
  if (!found.startsWith(`${kind}:`)) return undefined;
  const given = found.slice(kind.length + 1).split(':');
  const isWhole = given.length === addresses + 1 && given.slice(0, -1).every((part) => isAddress(part));
  return isWhole && KEY.test(given.at(-1) ?? '') ? given : undefined;
}

export function readGuardianCard(text: string): GuardianCard | undefined {
  const [guardian, encryptionKey] = parts(text, GUARDIAN, 1) ?? [];
  return guardian && encryptionKey ? { guardian, encryptionKey } : undefined;
}

export function readNewOwnerCard(text: string): NewOwnerCard | undefined {
  const [vault, newOwner, encryptionKey] = parts(text, NEW_OWNER, 2) ?? [];
  return vault && newOwner && encryptionKey ? { vault, newOwner, encryptionKey } : undefined;
}

/** An address by itself, such as that of somebody whom a registrar attests. */
export function readAddress(text: string): string | undefined {
  const found = addressIn(text);
  return found && isAddress(found) ? found : undefined;
}

/** What an owner handed a guardian; undefined where it is another thing. */
export function readGuardianFile(text: string): GuardianFile | undefined {
  const file = object(text) as Partial<GuardianFile> | undefined;
  if (file?.kind !== 'aegle:guardian-opening:v1') return undefined;
  const { vault = '', guardian = '', index = -1, salt = '', commitments = [] } = file;
  const isTrue =
    isAddress(vault) &&
    isAddress(guardian) &&
    Array.isArray(commitments) &&
    [salt, ...commitments].every((hex) => KEY.test(hex)) &&
    Number.isInteger(index) &&
    commitments[index] !== undefined;
  return isTrue ? { kind: file.kind, vault, guardian, index, salt, commitments } : undefined;
}

/** A new owner's key while a recovery waits, locked with the new wallet: of use to nobody else. */
export interface KeptRoot {
  kind: 'aegle:kept-root:v1';
  vault: string;
  key_epoch: number;
  keyring: string;
}

export function readKeptRoot(text: string): KeptRoot | undefined {
  const file = object(text) as Partial<KeptRoot> | undefined;
  if (file?.kind !== 'aegle:kept-root:v1') return undefined;
  const { vault = '', key_epoch = -1, keyring } = file;
  const isTrue = isAddress(vault) && Number.isInteger(key_epoch) && key_epoch >= 0 && typeof keyring === 'string';
  return isTrue ? { kind: file.kind, vault, key_epoch, keyring } : undefined;
}

function object(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A file of one of these. */
export function jsonFile(value: object): Blob {
  return new Blob([JSON.stringify(value, undefined, 2)], { type: 'application/json' });
}
