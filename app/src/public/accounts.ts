import type { TFunction } from 'i18next';
import type { Purpose } from '@/api/client';
import { hexText } from '@/chain/bytes';
import {
  AEGLE_PROGRAM_ADDRESS,
  AegleAccount,
  CredentialKind,
  CredentialStatus,
  getAuditRootDecoder,
  getBreakGlassDecoder,
  getConsentDecoder,
  getCredentialDecoder,
  getDelegateDecoder,
  getRecordDecoder,
  getRegistrarDecoder,
  getVaultDecoder,
  identifyAegleAccount,
  RecordStatus,
} from '@/program/generated';
import { PURPOSE_BITS } from '@/provider/purposes';
import type openWords from '@/words/en/open.json';
import { chainDay, exactly, list, today } from '@/words/say';
import { bytesOf, type Told } from './node';

type Name = keyof typeof openWords.verify.fact;

/** What the chain says of an account, in words. */
export interface Said {
  kind: AegleAccount;
  facts: { name: string; value: string }[];
  /** Shown under details: numbers, and addresses that can be looked up in turn. */
  details: { name: string; value: string; isAddress?: boolean }[];
  /** The vault that it belongs to. */
  vault?: string;
  consent?: ReturnType<ReturnType<typeof getConsentDecoder>['decode']>;
}

const NOBODY = '11111111111111111111111111111111';

/** Whether the account is the program's, and of a kind that it has. */
export function kindOf(account: Told): AegleAccount | undefined {
  if (account.owner !== AEGLE_PROGRAM_ADDRESS) return undefined;
  try {
    return identifyAegleAccount(bytesOf(account));
  } catch {
    return undefined;
  }
}

function time(seconds: bigint): string {
  return exactly(new Date(Number(seconds) * 1000));
}

/** Reads an account. What is not of interest to a reader is left to programs. */
export function read(account: Told, kind: AegleAccount, t: TFunction): Said | undefined {
  const bytes = bytesOf(account);
  const fact = (name: Name, value: string) => ({ name: t(`open.verify.fact.${name}`), value });
  const detail = (name: Name, value: string, isAddress = false) => ({ ...fact(name, value), isAddress });
  switch (kind) {
    case AegleAccount.Record: {
      const record = getRecordDecoder().decode(bytes);
      const { vault, status, recordVersion: version, previous } = record;
      const isChanged = status !== RecordStatus.Active;
      return {
        kind,
        vault,
        facts: [
          fact('status', t(`open.verify.record.${RecordStatus[status] as keyof typeof RecordStatus}`)),
          fact('version', String(version)),
          fact('added', time(record.mintedAt)),
          ...(isChanged ? [fact('changed', time(record.changedAt))] : []),
        ],
        details: [
          detail('vault', vault, true),
          ...(previous === NOBODY ? [] : [detail('previous', previous, true)]),
          detail('commitment', hexText(record.commitment)),
          detail('slot', String(record.mintedSlot)),
        ],
      };
    }
    case AegleAccount.Consent: {
      const consent = getConsentDecoder().decode(bytes);
      const purposes = (Object.keys(PURPOSE_BITS) as Purpose[])
        .filter((purpose) => (consent.purposes & PURPOSE_BITS[purpose]) !== 0)
        .map((purpose) => t(`provider.purposes.${purpose}`));
      const isRevoked = consent.revokedSlot !== 0n;
      return {
        kind,
        vault: consent.vault,
        consent,
        facts: [
          fact('purposes', list(purposes)),
          fact('from', chainDay(consent.fromDay)),
          fact('until', chainDay(consent.untilDay)),
          fact('granted', time(consent.grantedAt)),
          ...(isRevoked ? [fact('revoked', time(consent.revokedAt))] : []),
        ],
        details: [
          detail('vault', consent.vault, true),
          detail('handle', hexText(consent.handle)),
          detail('policy', hexText(consent.policyCommitment)),
          detail('slot', String(consent.grantedSlot)),
        ],
      };
    }
    case AegleAccount.Vault: {
      const vault = getVaultDecoder().decode(bytes);
      const emergency = vault.emergencyPolicy === 0 ? 'forbidden' : 'allowed';
      return {
        kind,
        facts: [
          fact('records', String(vault.recordCount)),
          fact('made', time(vault.createdAt)),
          fact('emergency', t(`open.verify.emergency.${emergency}`)),
          fact('guardians', String(vault.guardians.count)),
        ],
        details: [detail('owner', vault.owner), detail('slot', String(vault.createdSlot))],
      };
    }
    case AegleAccount.Credential: {
      const credential = getCredentialDecoder().decode(bytes);
      const { kind: of, status } = credential;
      const name = CredentialKind[of]?.toLowerCase() as 'practitioner';
      return {
        kind,
        facts: [
          fact('kind', t(`common.credential.${name}`)),
          fact('status', t(`open.verify.credential.${CredentialStatus[status] as keyof typeof CredentialStatus}`)),
          fact('from', chainDay(credential.fromDay)),
          fact('until', chainDay(credential.untilDay)),
        ],
        details: [
          detail('subject', credential.subject),
          detail('registrar', credential.registrar, true),
          detail('slot', String(credential.issuedSlot)),
        ],
      };
    }
    case AegleAccount.Registrar: {
      const { authority, addedAt, removedSlot, removedAt, addedSlot } = getRegistrarDecoder().decode(bytes);
      return {
        kind,
        facts: [fact('added', time(addedAt)), ...(removedSlot === 0n ? [] : [fact('removed', time(removedAt))])],
        details: [detail('authority', authority), detail('slot', String(addedSlot))],
      };
    }
    case AegleAccount.Delegate: {
      const delegate = getDelegateDecoder().decode(bytes);
      const isRemoved = delegate.removedSlot !== 0n;
      return {
        kind,
        vault: delegate.vault,
        facts: [
          fact('until', chainDay(delegate.untilDay)),
          fact('added', time(delegate.addedAt)),
          ...(isRemoved ? [fact('removed', time(delegate.removedAt))] : []),
        ],
        details: [detail('vault', delegate.vault, true), detail('slot', String(delegate.addedSlot))],
      };
    }
    case AegleAccount.BreakGlass: {
      const opening = getBreakGlassDecoder().decode(bytes);
      return {
        kind,
        vault: opening.vault,
        facts: [
          fact('opened', time(opening.openedAt)),
          fact('until', time(opening.expiresAt)),
          ...(opening.reviewedSlot === 0n ? [] : [fact('reviewed', time(opening.reviewedAt))]),
        ],
        details: [
          detail('vault', opening.vault, true),
          detail('commitment', hexText(opening.commitment)),
          detail('slot', String(opening.openedSlot)),
        ],
      };
    }
    case AegleAccount.AuditRoot: {
      const root = getAuditRootDecoder().decode(bytes);
      return {
        kind,
        facts: [fact('entries', String(root.treeSize)), fact('anchored', time(root.anchoredAt))],
        details: [
          detail('operator', root.operator),
          detail('root', hexText(root.root)),
          detail('heads', hexText(root.heads)),
          detail('slot', String(root.anchoredSlot)),
        ],
      };
    }
    default:
      return undefined;
  }
}

/** Why a consent is in effect, or not: an upper bound, since what it opens is not on the chain. */
export function standing(consent: NonNullable<Said['consent']>, vault: Told): 'effect' | 'revoked' | 'all' | 'days' {
  const { consentEpoch } = getVaultDecoder().decode(bytesOf(vault));
  if (consent.revokedSlot !== 0n) return 'revoked';
  if (consent.consentEpoch !== consentEpoch) return 'all';
  return today() >= consent.fromDay && today() < consent.untilDay ? 'effect' : 'days';
}
