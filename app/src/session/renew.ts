import { useMutation } from '@tanstack/react-query';
import { current } from './state';

/** Signs in again, for what the ending stopped, with the wallet of the session that ended and on the page that is open. */
export function useRenewal(renewed?: () => void) {
  return useMutation({
    mutationFn: async (_stopped: unknown) => {
      const { person } = current();
      if (!person) return;
      const { signIn } = await import('./sign-in');
      await signIn(person.signer, () => {});
    },
    onSuccess: () => renewed?.(),
  });
}
