import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Broken, core } from '@/core';
import type { GuardianFile } from '@/core/pkg/aegle_web';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button } from '@/ui/button';
import { Card, Empty, PageHead } from '@/ui/card';
import { Checkbox } from '@/ui/choice';
import { Disclosure } from '@/ui/disclosure';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Qr } from '@/ui/qr';
import { ScanButton } from '@/ui/scan';
import { Waiting } from '@/ui/waiting';
import { shortened } from '@/ui/who';
import { guardianCard, readGuardianFile, readNewOwnerCard } from './cards';
import { type Asked, recoveriesOf, type Seen, sharesOf } from './data';
import { FileButton } from './file-button';
import { approve, handOver, propose, takeFile, takeKey } from './helping';
import { hasApproved, standingOf } from './standing';
import { At, StandingSentence, useGuardianSentence } from './words';

/** Whoever is a guardian of somebody: the own card, and what to do when they need help. */
export function GuardianPage() {
  const { t } = useTranslation();
  const [file, setFile] = useState<GuardianFile>();
  return (
    <>
      <PageHead title={t('safety.guardian.title')} lead={t('safety.guardian.lead')} />
      <div className="flex max-w-[640px] flex-col gap-3">
        <OwnCard />
        <section className="flex flex-col gap-2">
          <h2>{t('safety.guardian.help')}</h2>
          {file ? (
            <Helping file={file} onOther={() => setFile(undefined)} />
          ) : (
            <Opening
              hint={t('safety.guardian.helpHint')}
              label={t('safety.guardian.open')}
              wrong={t('safety.guardian.wrongFile')}
              read={readGuardianFile}
              onRead={setFile}
            />
          )}
        </section>
      </div>
    </>
  );
}

/** Takes something that somebody handed over: as a file, a code, or pasted. */
function Opening<T>({
  hint,
  label,
  wrong,
  read,
  onRead,
}: {
  hint: ReactNode;
  label: string;
  wrong: string;
  read: (text: string) => T | undefined;
  onRead: (value: T) => void;
}) {
  const { t } = useTranslation();
  const [isWrong, setWrong] = useState(false);
  const take = (text: string) => {
    const value = read(text);
    setWrong(value === undefined && text.trim() !== '');
    if (value !== undefined) onRead(value);
  };
  return (
    <>
      <p>{hint}</p>
      <div className="flex flex-wrap gap-1">
        <FileButton weight="first" label={label} onText={take} />
        <ScanButton label={t('safety.guardians.scan')} onFound={take} />
      </div>
      {isWrong && <Note kind="harm">{wrong}</Note>}
    </>
  );
}

/** What a friend needs to name this person as a guardian. */
function OwnCard() {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const queryKey = ['safety', 'own-key', person.signer.address];
  const key = useQuery({ queryKey, queryFn: async () => (await core().guardianKey()) ?? null });
  const refresh = () => queries.invalidateQueries({ queryKey });
  const making = useMutation({ mutationFn: () => takeKey(person), onSuccess: refresh });
  const opening = useMutation({ mutationFn: takeFile, onSuccess: refresh });
  const card = key.data && guardianCard({ guardian: person.signer.address, encryptionKey: key.data });
  return (
    <section className="flex flex-col gap-2">
      <h2>{t('safety.guardian.card')}</h2>
      <ProblemNote error={key.error ?? making.error ?? opening.error} />
      {key.isPending && <Waiting />}
      {making.isPending && <Waiting for={t('common.signIn.waiting')} />}
      {card && (
        <>
          <p>{t('safety.guardian.cardHint')}</p>
          <Card className="flex flex-col gap-1.5">
            <Qr text={card} label={t('safety.guardian.cardCode')} />
            <Address of={card} />
          </Card>
        </>
      )}
      {key.data === null && (
        <>
          <p>{t('safety.guardian.noKey')}</p>
          <div className="flex flex-wrap gap-1">
            <Button weight="first" onPress={() => making.mutate()} isDisabled={making.isPending}>
              {t('safety.guardian.makeKey')}
            </Button>
            <FileButton label={t('safety.guardian.openKey')} onText={(text) => opening.mutate(text)} />
          </div>
        </>
      )}
    </section>
  );
}

/** A friend's records, and what was asked of them. */
function Helping({ file, onOther }: { file: GuardianFile; onOther: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const says = useGuardianSentence();
  const asked = useQuery(recoveriesOf(person, file.vault));
  const isMine = file.guardian === person.signer.address;
  return (
    <>
      {!isMine && <Note kind="harm">{t('safety.guardian.otherWallet', { wallet: shortened(file.guardian) })}</Note>}
      <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
      {asked.isPending && <Waiting />}
      {asked.data && (
        <>
          <Card className="flex flex-col gap-1">
            <p>{says(asked.data.vault.guardians)}</p>
            <Disclosure label={t('safety.guardian.vault')}>
              {() => (
                <>
                  <p>{t('safety.guardian.vaultHint')}</p>
                  <Address of={file.vault} />
                </>
              )}
            </Disclosure>
          </Card>
          {asked.data.asked.length === 0 && <Empty title={t('safety.guardian.nothing')} />}
          {asked.data.asked.map((one) => (
            <Request key={one.address} asked={one} seen={asked.data} file={file} isMine={isMine} />
          ))}
          {isMine &&
            (asked.data.asked.length === 0 ? (
              <Proposing file={file} />
            ) : (
              <Disclosure label={t('safety.guardian.propose')}>{() => <Proposing file={file} />}</Disclosure>
            ))}
        </>
      )}
      <Button className="self-start" onPress={onOther}>
        {t('safety.guardian.other')}
      </Button>
    </>
  );
}

/** Somebody asks that a friend's records go to a new wallet. */
function Request({
  asked: { address, recovery },
  seen: { vault, now },
  file,
  isMine,
}: {
  asked: Asked;
  seen: Seen;
  file: GuardianFile;
  isMine: boolean;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  const standing = standingOf(recovery, vault, now);
  const shares = useQuery(sharesOf(person));
  const refresh = () => queries.invalidateQueries({ queryKey: ['safety'] });
  const approving = useMutation({ mutationFn: () => approve(person, file, address), onSuccess: refresh });
  const handing = useMutation({
    mutationFn: (keyFile: string | undefined) => handOver(person, address, keyFile),
    onSuccess: refresh,
  });
  const approved = hasApproved(recovery, file.index);
  const [mine, theirs] = [person.signer.address, recovery.newOwner];
  const parts = shares.data?.filter((share) => share.vault === file.vault && share.guardian === mine) ?? [];
  const hasPart = parts.some(({ holder }) => holder === mine);
  const isHanded = handing.isSuccess || parts.some(({ holder }) => holder === theirs);
  // Before that the owner can still stop it.
  const isTime = standing === 'executed' || standing === 'due';
  return (
    <Card className="flex flex-col gap-1.5">
      <h3>{t('safety.guardian.request')}</h3>
      <p className="text-soft text-sm">
        <At seconds={recovery.proposedAt} />
      </p>
      <StandingSentence recovery={recovery} vault={vault} now={now} />
      <Disclosure label={t('safety.guardian.newWallet')}>{() => <Address of={recovery.newOwner} />}</Disclosure>
      <ProblemNote error={approving.error ?? handing.error} />
      {isMine && !approved && standing !== 'executed' && (
        <>
          <Checkbox isSelected={isSure} onChange={setSure} hint={t('safety.guardian.sureHint')}>
            {t('safety.guardian.sure')}
          </Checkbox>
          <Button
            weight="first"
            className="self-start"
            isDisabled={!isSure || approving.isPending}
            onPress={() => approving.mutate()}
          >
            {t('safety.guardian.approve')}
          </Button>
        </>
      )}
      {isMine && approved && <p>{t('safety.guardian.approved')}</p>}
      {isMine && hasPart && !isTime && <p className="text-soft">{t('safety.guardian.partLater')}</p>}
      {isMine && hasPart && isTime && !isHanded && (
        <>
          <p>{t('safety.guardian.part')}</p>
          <div className="flex flex-wrap gap-1">
            <Button weight="first" isPending={handing.isPending} onPress={() => handing.mutate(undefined)}>
              {t('safety.guardian.handOver')}
            </Button>
            {handing.error instanceof Broken && (
              <FileButton label={t('safety.guardian.openKey')} onText={(text) => handing.mutate(text)} />
            )}
          </div>
        </>
      )}
      {isHanded && <Note kind="done">{t('safety.guardian.handed')}</Note>}
      {(approving.isPending || handing.isPending) && <Waiting for={t('common.signIn.waiting')} />}
    </Card>
  );
}

/** Begins a recovery, with the card that the friend's new wallet shows. */
function Proposing({ file }: { file: GuardianFile }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const [given, give] = useState('');
  const [isSure, setSure] = useState(false);
  const card = readNewOwnerCard(given);
  const proposing = useMutation({
    mutationFn: async () => {
      if (card) await propose(person, file, card);
    },
    onSuccess: () => {
      give('');
      setSure(false);
      return queries.invalidateQueries({ queryKey: ['safety'] });
    },
  });
  const isOther = card !== undefined && card.vault !== file.vault;
  const error =
    given.trim() && !card ? t('safety.guardian.cardWrong') : isOther ? t('safety.guardian.cardOther') : undefined;
  return (
    <Card className="flex flex-col gap-1.5">
      <h3>{t('safety.guardian.propose')}</h3>
      <TextField
        label={t('safety.guardian.friendCard')}
        hint={t('safety.guardian.friendCardHint')}
        error={error}
        value={given}
        onChange={give}
      />
      <div className="self-start">
        <ScanButton label={t('safety.guardians.scan')} onFound={give} />
      </div>
      <Checkbox isSelected={isSure} onChange={setSure} hint={t('safety.guardian.sureHint')}>
        {t('safety.guardian.sure')}
      </Checkbox>
      <ProblemNote error={proposing.error} />
      {proposing.isPending && <Waiting for={t('common.signIn.waiting')} />}
      <Button
        weight="first"
        className="self-start"
        isDisabled={!card || isOther || !isSure || proposing.isPending}
        onPress={() => proposing.mutate()}
      >
        {t('safety.guardian.ask')}
      </Button>
    </Card>
  );
}
