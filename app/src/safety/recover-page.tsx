import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Broken } from '@/core';
import { usePerson } from '@/session/state';
import { Address } from '@/ui/address';
import { Button, weightClass } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { TextField } from '@/ui/field';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Qr } from '@/ui/qr';
import { RecoveryCode } from '@/ui/recovery-code';
import { save } from '@/ui/save';
import { Waiting } from '@/ui/waiting';
import { jsonFile, newOwnerCard, readAddress, readKeptRoot } from './cards';
import { type Asked, recoveriesOf, type Seen, sharesOf } from './data';
import { FileButton } from './file-button';
import {
  enter,
  execute,
  findVault,
  lockWithWallet,
  openKept,
  openWithCode,
  prepare,
  reissue,
  takeOver,
  tokensElsewhere,
} from './recovering';
import { standingOf } from './standing';
import { StandingSentence } from './words';

/** A vault that is to come to this wallet, and the key that was made for it. */
interface Coming {
  vault: string;
  /** X25519, hex; the secret half is in the worker and in the file. */
  encryptionKey: string;
}

/** Whoever lost a wallet, or whose wallet does not open the records here. */
export function RecoverPage() {
  const { t } = useTranslation();
  const { vault, closed } = usePerson();
  const [coming, setComing] = useState<Coming>();
  const [taken, take] = useState<{ vault: string; code: string }>();
  if (taken) return <Taken {...taken} />;
  if (coming) return <ComingPage coming={coming} onTaken={(code) => take({ vault: coming.vault, code })} />;
  return (
    <>
      <PageHead
        title={t(closed ? 'safety.recover.closedTitle' : 'safety.recover.title')}
        lead={t(closed ? 'safety.recover.closedLead' : 'safety.recover.lead')}
      />
      <div className="flex max-w-[640px] flex-col gap-3">
        {vault && (
          <Note kind="done" title={t('safety.recover.isOpen')}>
            <Link to="/records">{t('safety.recover.toRecords')}</Link>
          </Note>
        )}
        {closed && <ByCode vault={closed} />}
        <Beginning known={closed} onBegun={setComing} />
      </div>
    </>
  );
}

/** Opens the wallet's own vault by the recovery code, and has the wallet open it from then on. */
function ByCode({ vault }: { vault: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const navigate = useNavigate();
  const [code, setCode] = useState('');
  const opening = useMutation({ mutationFn: () => openWithCode(person, vault, code) });
  const goOn = () => {
    enter(person, vault);
    void navigate({ to: '/records' });
  };
  const locking = useMutation({ mutationFn: () => lockWithWallet(person, vault), onSuccess: goOn });
  // The only failure that is about what was typed.
  const isWrong = opening.error instanceof Broken && opening.error.code === 'keyring';
  if (opening.isSuccess) {
    return (
      <Note
        kind="done"
        title={t('safety.recover.codeFits')}
        actions={
          <>
            <Button weight="first" onPress={() => locking.mutate()} isDisabled={locking.isPending}>
              {t('safety.recover.useWallet')}
            </Button>
            <Button onPress={goOn} isDisabled={locking.isPending}>
              {t('safety.recover.notNow')}
            </Button>
          </>
        }
      >
        <p>{t('safety.recover.useWalletHint')}</p>
        {locking.isPending && <Waiting for={t('common.signIn.waiting')} />}
        <ProblemNote error={locking.error} />
      </Note>
    );
  }
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        opening.mutate();
      }}
    >
      <h2>{t('safety.recover.byCode')}</h2>
      <TextField
        label={t('safety.recover.code')}
        hint={t('safety.recover.codeHint')}
        error={isWrong ? t('safety.recover.codeWrong') : undefined}
        value={code}
        onChange={(next) => {
          setCode(next);
          opening.reset();
        }}
        autoComplete="off"
        spellCheck="false"
      />
      <ProblemNote error={isWrong ? undefined : opening.error} />
      <Button type="submit" weight="first" className="self-start" isDisabled={!code.trim() || opening.isPending}>
        {t('safety.recover.openWithCode')}
      </Button>
    </form>
  );
}

/** Which records, and the card for the guardians; or a file from before. */
function Beginning({ known, onBegun }: { known: string | undefined; onBegun: (coming: Coming) => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const [given, give] = useState('');
  const preparing = useMutation({
    mutationFn: async () => {
      const found = readAddress(given);
      const vault = found && (await findVault(found));
      if (!vault) throw new Error(t('safety.recover.notFound'));
      const { kept, encryptionKey } = await prepare(person, vault);
      save(jsonFile(kept), 'aegle-new-wallet.json');
      onBegun({ vault, encryptionKey });
    },
  });
  const opening = useMutation({
    mutationFn: async (text: string) => {
      const kept = readKeptRoot(text);
      if (!kept) throw new Error(t('safety.recover.wrongFile'));
      onBegun({ vault: kept.vault, encryptionKey: await openKept(person, kept) });
    },
  });
  const isBusy = preparing.isPending || opening.isPending;
  return (
    <>
      {!known && (
        <section className="flex flex-col gap-2">
          <h2>{t('safety.recover.begin')}</h2>
          <p>{t('safety.recover.beginHint')}</p>
          <TextField
            label={t('safety.recover.vault')}
            hint={t('safety.recover.vaultHint')}
            error={given.trim() && !readAddress(given) ? t('safety.recover.vaultWrong') : undefined}
            value={given}
            onChange={give}
          />
          <Button
            weight="first"
            className="self-start"
            isDisabled={!readAddress(given) || isBusy}
            onPress={() => preparing.mutate()}
          >
            {t('safety.recover.make')}
          </Button>
        </section>
      )}
      <section className="flex flex-col gap-2">
        <h2>{t('safety.recover.goOn')}</h2>
        <p>{t('safety.recover.goOnHint')}</p>
        <div className="self-start">
          <FileButton label={t('safety.recover.openFile')} onText={(text) => opening.mutate(text)} />
        </div>
      </section>
      {isBusy && <Waiting for={t('common.signIn.waiting')} />}
      <ProblemNote error={preparing.error ?? opening.error} />
    </>
  );
}

/** The card for the guardians, how far they are, and the last two steps. */
function ComingPage({ coming, onTaken }: { coming: Coming; onTaken: (code: string) => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const asked = useQuery(recoveriesOf(person, coming.vault));
  const own = asked.data?.asked.find(({ recovery }) => recovery.newOwner === person.signer.address);
  const isMine = asked.data?.vault.owner === person.signer.address;
  const card = newOwnerCard({ ...coming, newOwner: person.signer.address });
  return (
    <>
      <PageHead title={t('safety.recover.comingTitle')} lead={t('safety.recover.comingLead')} />
      <div className="flex max-w-[640px] flex-col gap-3">
        {!isMine && (
          <>
            <Note kind="wait" title={t('safety.recover.keepFile')}>
              <p>{t('safety.recover.keepFileHint')}</p>
            </Note>
            <section className="flex flex-col gap-2">
              <h2>{t('safety.recover.card')}</h2>
              <p>{t('safety.recover.cardHint')}</p>
              <Card className="flex flex-col gap-1.5">
                <Qr text={card} label={t('safety.recover.cardCode')} />
                <Address of={card} />
              </Card>
            </section>
          </>
        )}
        <section className="flex flex-col gap-2" aria-live="polite">
          <h2>{t('safety.recover.howFar')}</h2>
          <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
          {asked.isPending && <Waiting />}
          {asked.data && !own && !isMine && <p>{t('safety.recover.nobodyYet')}</p>}
          {asked.data && own && !isMine && <Approved asked={own} seen={asked.data} vault={coming.vault} />}
          {asked.data && isMine && (
            <Joining coming={coming} seen={asked.data} slot={own?.recovery.changedSlot ?? 0n} onTaken={onTaken} />
          )}
        </section>
      </div>
    </>
  );
}

/** What the guardians did, and the step that makes the records the new wallet's. */
function Approved({ asked: { address, recovery }, seen, vault }: { asked: Asked; seen: Seen; vault: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const queries = useQueryClient();
  const standing = standingOf(recovery, seen.vault, seen.now);
  const executing = useMutation({
    mutationFn: () => execute(person, vault, address),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['safety'] }),
  });
  return (
    <Card className="flex flex-col gap-1.5">
      <StandingSentence recovery={recovery} vault={seen.vault} now={seen.now} />
      <ProblemNote error={executing.error} />
      {standing === 'due' && (
        <>
          <p>{t('safety.recover.executeHint')}</p>
          <Button
            weight="first"
            className="self-start"
            isDisabled={executing.isPending}
            onPress={() => executing.mutate()}
          >
            {t('safety.recover.execute')}
          </Button>
        </>
      )}
      {executing.isPending && <Waiting for={t('common.signIn.waiting')} />}
    </Card>
  );
}

/** Waits for the guardians' parts and joins them. */
function Joining({
  coming: { vault },
  seen,
  slot,
  onTaken,
}: {
  coming: Coming;
  seen: Seen;
  /** That the recovery took place in. */
  slot: bigint;
  onTaken: (code: string) => void;
}) {
  const { t } = useTranslation();
  const person = usePerson();
  const shares = useQuery(sharesOf(person));
  const handed = shares.data?.filter((share) => share.vault === vault && share.holder === person.signer.address) ?? [];
  const there = new Set(handed.map(({ guardian }) => guardian)).size;
  const joining = useMutation({ mutationFn: () => takeOver(person, vault, slot), onSuccess: onTaken });
  return (
    <Card className="flex flex-col gap-1.5">
      <p>{t('safety.recover.isYours')}</p>
      <p>{t('safety.recover.parts', { count: there, threshold: seen.vault.guardians.threshold })}</p>
      <ProblemNote error={shares.error ?? joining.error} />
      {joining.error instanceof Broken && <p>{t('safety.recover.tooFew')}</p>}
      <Button
        weight="first"
        className="self-start"
        isDisabled={there === 0 || joining.isPending}
        onPress={() => joining.mutate()}
      >
        {t('safety.recover.join')}
      </Button>
      {joining.isPending && <Waiting for={t('safety.recover.joining')} />}
    </Card>
  );
}

/** The new code, then the tokens, then the records. */
function Taken({ vault, code }: { vault: string; code: string }) {
  const { t } = useTranslation();
  const [kept, keep] = useState(false);
  if (kept) return <Tokens vault={vault} />;
  return <RecoveryCode code={code} done={t('common.next')} onDone={() => keep(true)} />;
}

/** Offers to bring the records' tokens along: they prove nothing that the vault does not. */
function Tokens({ vault }: { vault: string }) {
  const { t } = useTranslation();
  const person = usePerson();
  const navigate = useNavigate();
  const [done, tell] = useState(0);
  const away = useQuery({
    queryKey: ['safety', 'tokens', vault],
    queryFn: () => tokensElsewhere(person, vault),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const bringing = useMutation({
    mutationFn: () => reissue(person, vault, away.data?.slice(done) ?? [], (count) => tell(done + count)),
  });
  const goOn = () => {
    enter(person, vault);
    void navigate({ to: '/records' });
  };
  const count = away.data?.length ?? 0;
  const isThrough = bringing.isSuccess || (away.isSuccess && count === 0);
  return (
    <>
      <PageHead title={t('safety.recover.backTitle')} lead={t('safety.recover.backLead')} />
      <div className="flex max-w-[640px] flex-col gap-2">
        <ProblemNote error={away.error ?? bringing.error} retry={away.error ? () => void away.refetch() : undefined} />
        {away.isPending && <Waiting />}
        {count > 0 && !isThrough && (
          <Card className="flex flex-col gap-1.5">
            <p>{t('safety.recover.tokens', { count })}</p>
            {bringing.isPending ? (
              <Waiting for={t('safety.recover.bringing', { done, count })} />
            ) : (
              <Button className="self-start" onPress={() => bringing.mutate()}>
                {t('safety.recover.bring')}
              </Button>
            )}
          </Card>
        )}
        {bringing.isSuccess && <Note kind="done">{t('safety.recover.brought')}</Note>}
        <Button
          weight={isThrough ? 'first' : 'second'}
          className="self-start"
          isDisabled={bringing.isPending}
          onPress={goOn}
        >
          {t('safety.recover.toRecords')}
        </Button>
        <Link
          to="/safety/guardians"
          className={`${weightClass('quiet')} self-start`}
          onClick={() => enter(person, vault)}
        >
          {t('safety.recover.renew')}
        </Link>
      </div>
    </>
  );
}
