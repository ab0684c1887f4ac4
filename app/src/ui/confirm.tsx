import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button';
import { Dialog } from './dialog';
import { ProblemNote } from './problem';
import { Waiting } from './waiting';

/** What is asked about: a mutation without variables. */
interface Doing {
  mutate: () => void;
  reset: () => void;
  isPending: boolean;
  isSuccess: boolean;
  error: unknown;
}

/** Asks before something that can hurt: to cancel, or to go on by a red button. */
export function Confirm({
  title,
  action,
  doing,
  waiting,
  done,
  isOpen,
  onClose,
  children,
}: {
  title: ReactNode;
  /** What the red button says. */
  action: ReactNode;
  doing: Doing;
  /** What is said while it is under way, where that is not the wallet alone. */
  waiting?: ReactNode;
  /** What is said once it is done. Without it, who asks closes. */
  done?: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  /** What follows from it. */
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const isDone = doing.isSuccess && done !== undefined;
  const close = () => {
    // Whoever is asked anew is not told what failed before.
    if (doing.error) doing.reset();
    onClose();
  };
  return (
    <Dialog
      title={title}
      isOpen={isOpen}
      onClose={close}
      isBusy={doing.isPending}
      actions={
        isDone ? (
          <Button weight="first" onPress={close}>
            {t('common.done')}
          </Button>
        ) : (
          <>
            <Button onPress={close} isDisabled={doing.isPending}>
              {t('common.cancel')}
            </Button>
            <Button weight="harm" onPress={() => doing.mutate()} isPending={doing.isPending}>
              {action}
            </Button>
          </>
        )
      }
    >
      {isDone ? done : children}
      {doing.isPending && <Waiting for={waiting ?? t('common.signIn.waiting')} />}
      <ProblemNote error={doing.error} />
    </Dialog>
  );
}
