import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

/** Asks about one thing in front of the page. Escape and a press beside it close it, unless something is under way. */
export function Dialog({
  title,
  isOpen,
  onClose,
  isBusy = false,
  children,
  actions,
}: {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  isBusy?: boolean;
  children: ReactNode;
  actions: ReactNode;
}) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={!isBusy}
      isKeyboardDismissDisabled={isBusy}
      className="fixed inset-0 z-50 grid items-end justify-items-center overflow-y-auto bg-ink/50 sm:place-items-center"
    >
      <Modal className="w-full max-w-[560px] rounded-t-[16px] bg-paper p-3 shadow-lg sm:m-2 sm:rounded">
        <AriaDialog className="flex flex-col gap-2 outline-none">
          <Heading slot="title" className="font-bold text-xl">
            {title}
          </Heading>
          {children}
          <div className="flex flex-wrap justify-end gap-1">{actions}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
