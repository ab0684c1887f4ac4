import type { SolanaSignMessageFeature, SolanaSignTransactionFeature } from '@solana/wallet-standard-features';
import { getWallets } from '@wallet-standard/app';
import type { Wallet as StandardWallet, WalletAccount } from '@wallet-standard/base';
import type {
  StandardConnectFeature,
  StandardDisconnectFeature,
  StandardEventsFeature,
} from '@wallet-standard/features';
import { useSyncExternalStore } from 'react';

type Features = StandardConnectFeature &
  Partial<StandardDisconnectFeature & StandardEventsFeature> &
  SolanaSignMessageFeature &
  SolanaSignTransactionFeature;

/** A wallet that can do what Aegle needs: sign texts and transactions. */
export type Wallet = StandardWallet & { features: Features };

/** A key of a wallet, ready to sign. */
export interface Signer {
  readonly wallet: Wallet;
  readonly account: WalletAccount;
  /** Base58. */
  readonly address: string;
  /** Asks to sign a text, or bytes; 64 bytes. */
  signMessage(message: string | Uint8Array): Promise<Uint8Array>;
  /** Asks once to sign transactions of the network named; the whole signed transactions, in their order. */
  signTransactions(transactions: readonly Uint8Array[], chain: string): Promise<Uint8Array[]>;
}

/** The person said no in the wallet. */
export class Declined extends Error {
  override name = 'Declined';
}

/** The wallet cannot act on the network that the server is on. */
export class WrongNetwork extends Error {
  override name = 'WrongNetwork';
}

/** No wallet app on this phone could be asked. */
export class NoWalletApp extends Error {
  override name = 'NoWalletApp';

  /**
   * None answered, the browser does not let the page reach any, the one that did signs nothing without sending it,
   * or it is on another account than before.
   */
  constructor(readonly reason: 'missing' | 'blocked' | 'unfit' | 'other') {
    super(reason);
  }
}

function isFit(wallet: StandardWallet): wallet is Wallet {
  const needed = ['standard:connect', 'solana:signMessage', 'solana:signTransaction'];
  return needed.every((feature) => feature in wallet.features);
}

declare const __DEVELOPMENT_WALLET__: boolean;

/** Wallets that this app brings itself are looked for with the first page that asks for any. */
let looked: Promise<void> | undefined;
let isLooking = true;

/** Whether a wallet app on the same phone can be asked: by Android's browsers, and not inside of an app. */
function isPhone(): boolean {
  return /android/i.test(navigator.userAgent) && !/; wv\)/.test(navigator.userAgent) && isSecureContext;
}

async function look(): Promise<void> {
  if (isPhone()) (await import('./mobile')).registerMobileWallet();
  if (__DEVELOPMENT_WALLET__) (await import('./development')).registerDevelopmentWallet();
}

const registry = getWallets();
let found: readonly Wallet[] = registry.get().filter(isFit);

function subscribe(changed: () => void): () => void {
  const update = () => {
    found = registry.get().filter(isFit);
    changed();
  };
  looked ??= look()
    // What does not come is not offered.
    .catch(() => undefined)
    .finally(() => {
      isLooking = false;
    });
  void looked.then(changed);
  const stop = [registry.on('register', update), registry.on('unregister', update)];
  update();
  return () => {
    for (const end of stop) end();
  };
}

/** Wallets in this browser, as they announce themselves (Wallet Standard); undefined while there may be some. */
export function useWallets(): readonly Wallet[] | undefined {
  return useSyncExternalStore(subscribe, () => (isLooking && found.length === 0 ? undefined : found));
}

/** EIP-1193's code for a refusal, which Solana wallets use too. */
const USER_REJECTED = 4001;

async function asked<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const said = error instanceof Error ? error.message : '';
    if (code === USER_REJECTED || /reject|declin|denied|cancel/i.test(said)) throw new Declined(said, { cause: error });
    throw error;
  }
}

/** Asks the wallet for an account. */
export async function connect(wallet: Wallet): Promise<Signer> {
  const { accounts } = await asked(wallet.features['standard:connect'].connect());
  const account = accounts[0];
  if (!account) throw new Declined('the wallet gave no account');
  return signer(wallet, account);
}

export function signer(wallet: Wallet, account: WalletAccount): Signer {
  return {
    wallet,
    account,
    address: account.address,
    async signMessage(asks) {
      const message = typeof asks === 'string' ? new TextEncoder().encode(asks) : asks;
      const [signed] = await asked(wallet.features['solana:signMessage'].signMessage({ account, message }));
      if (!signed) throw new Declined('the wallet gave no signature');
      // A wallet may sign something else than what it was asked to.
      if (!equal(signed.signedMessage, message)) throw new Error('the wallet signed another text');
      return signed.signature;
    },
    async signTransactions(transactions, chain) {
      if (!isChain(chain) || !account.chains.includes(chain)) throw new WrongNetwork(chain);
      const feature = wallet.features['solana:signTransaction'];
      const inputs = transactions.map((transaction) => ({ account, transaction, chain }));
      const signed = await asked(feature.signTransaction(...inputs));
      if (signed.length !== transactions.length) throw new Declined('the wallet left something unsigned');
      return signed.map(({ signedTransaction }) => signedTransaction);
    },
  };
}

function isChain(chain: string): chain is `solana:${string}` {
  return chain.startsWith('solana:');
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Told when the person chooses another account in the wallet, or takes it away. */
export function onAccountChange(signer: Signer, changed: () => void): () => void {
  const events = signer.wallet.features['standard:events'];
  return (
    events?.on('change', ({ accounts }) => {
      if (accounts && !accounts.some(({ address }) => address === signer.address)) changed();
    }) ?? (() => {})
  );
}
