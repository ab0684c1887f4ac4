import { getAddressDecoder } from '@solana/kit';
import type { IdentifierString, Wallet, WalletAccount } from '@wallet-standard/base';
import type { StandardEventsListeners } from '@wallet-standard/features';
import { registerWallet } from '@wallet-standard/wallet';
import i18next from 'i18next';
import { api, ok } from '@/api/client';
import { Phone } from './phone';

const CHAINS = ['solana:mainnet', 'solana:devnet', 'solana:testnet', 'solana:localnet'] as const;
const FEATURES = ['solana:signMessage', 'solana:signTransaction'] as const;
const ICON =
  'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAzMiAzMiI+PHJlY3QgeD0iOCIgeT0iMyIgd2lkdGg9IjE2IiBoZWlnaHQ9IjI2IiByeD0iMyIgZmlsbD0iIzE3NGE1YyIvPjxyZWN0IHg9IjEwLjUiIHk9IjYiIHdpZHRoPSIxMSIgaGVpZ2h0PSIxNyIgZmlsbD0iI2ZmZiIvPjxjaXJjbGUgY3g9IjE2IiBjeT0iMjYiIHI9IjEuNCIgZmlsbD0iI2ZmZiIvPjwvc3ZnPg==';

/** The network that the server is on, which wallet apps are told when they are asked for an account. */
async function network(): Promise<IdentifierString> {
  return (await ok(api.GET('/v1/app'))).network as IdentifierString;
}

/** Any wallet app on this phone, as a wallet of this browser (Wallet Standard). */
class MobileWallet implements Wallet {
  readonly version = '1.0.0';
  readonly name = i18next.t('common.walletApp.name');
  readonly icon = ICON;
  readonly chains = CHAINS;
  readonly #phone = new Phone();
  readonly #listeners = new Set<StandardEventsListeners['change']>();
  #accounts: WalletAccount[] = [];

  get accounts() {
    return this.#accounts;
  }

  get features(): Wallet['features'] {
    return {
      'standard:connect': { version: '1.0.0', connect: () => this.#connect() },
      'standard:disconnect': { version: '1.0.0', disconnect: () => this.#disconnect() },
      'standard:events': {
        version: '1.0.0',
        on: (_: string, told: StandardEventsListeners['change']) => this.#on(told),
      },
      'solana:signMessage': {
        version: '1.1.0',
        signMessage: (...asked: { message: Uint8Array }[]) =>
          this.#phone.signMessages(asked.map(({ message }) => message)),
      },
      'solana:signTransaction': {
        version: '1.0.0',
        supportedTransactionVersions: ['legacy', 0],
        signTransaction: async (...asked: { transaction: Uint8Array }[]) => {
          const signed = await this.#phone.signTransactions(asked.map(({ transaction }) => transaction));
          return signed.map((signedTransaction) => ({ signedTransaction }));
        },
      },
    };
  }

  async #connect() {
    const chain = await network();
    const publicKey = await this.#phone.account(chain);
    const address = getAddressDecoder().decode(publicKey);
    this.#change([{ address, publicKey, chains: [chain], features: FEATURES }]);
    return { accounts: this.#accounts };
  }

  async #disconnect() {
    this.#phone.forget();
    this.#change([]);
  }

  #change(accounts: WalletAccount[]): void {
    this.#accounts = accounts;
    for (const told of this.#listeners) told({ accounts });
  }

  #on(told: StandardEventsListeners['change']): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }
}

export function registerMobileWallet(): void {
  registerWallet(new MobileWallet());
}
