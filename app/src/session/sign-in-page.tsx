import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/button';
import { Card, PageHead } from '@/ui/card';
import { Note } from '@/ui/note';
import { ProblemNote } from '@/ui/problem';
import { Steps } from '@/ui/waiting';
import { connect, useWallets, type Wallet } from '@/wallet';
import { type Step, signIn } from './sign-in';
import { type Person, useSession } from './state';

const STEPS: Step[] = ['connect', 'signIn', 'unlock'];
const route = getRouteApi('/sign-in');

/** Pages for whoever has no records open. */
const WITHOUT_RECORDS = ['/care', '/guardian', '/recover'];

/** Where somebody goes on: what they came for, their records, or the patients of whoever has none but a credential. */
function afterwards({ vault, closed, credential }: Person, to: string | undefined): string {
  if (to !== undefined && (vault || WITHOUT_RECORDS.some((page) => to.startsWith(page)))) return to;
  if (vault) return '/records';
  if (closed) return '/recover';
  return credential ? '/care' : '/set-up';
}

/** The door: a wallet is chosen, and signs. */
export function SignInPage() {
  const { t } = useTranslation();
  const wallets = useWallets();
  const session = useSession();
  const navigate = useNavigate();
  const { to } = route.useSearch();
  const [step, reach] = useState<Step>('connect');
  const signingIn = useMutation({
    mutationFn: async (wallet: Wallet) => {
      reach('connect');
      return signIn(await connect(wallet), reach);
    },
    onSuccess: (person) => navigate({ href: afterwards(person, to), replace: true }),
  });
  const because = session.person ? undefined : session.because;
  return (
    <>
      <PageHead
        title={because && because !== 'begin' ? t('common.locked.title') : t('common.signIn.title')}
        lead={because === 'locked' ? t('common.locked.lead') : undefined}
      />
      {(because === 'expired' || because === 'account') && <Note kind="wait">{t(`common.locked.${because}`)}</Note>}
      <ProblemNote error={signingIn.error} />
      {signingIn.isPending ? (
        <Card>
          <Steps steps={STEPS.map((name) => t(`common.signIn.steps.${name}`))} at={STEPS.indexOf(step)} />
        </Card>
      ) : (
        <ul className="flex max-w-[480px] flex-col gap-1.5">
          {wallets?.map((wallet) => (
            <li key={wallet.name}>
              <WalletButton wallet={wallet} onPress={() => signingIn.mutate(wallet)} />
            </li>
          ))}
        </ul>
      )}
      {wallets?.length === 0 && <Note title={t('common.signIn.none')}>{t('common.signIn.noneHint')}</Note>}
    </>
  );
}

function WalletButton({ wallet, onPress }: { wallet: Wallet; onPress: () => void }) {
  const { t } = useTranslation();
  const isPractice = wallet.name === 'Development wallet';
  return (
    <div className="flex flex-col gap-0.5">
      <Button weight={isPractice ? 'first' : 'second'} onPress={onPress} className="w-full justify-start">
        <img src={wallet.icon} alt="" className="size-3 rounded-[4px]" />
        {isPractice ? t('common.signIn.try') : t('common.signIn.with', { wallet: wallet.name })}
      </Button>
      {isPractice && <p className="text-soft text-sm">{t('common.signIn.tryHint')}</p>}
    </div>
  );
}
