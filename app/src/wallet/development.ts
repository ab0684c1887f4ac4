import {
  createKeyPairSignerFromPrivateKeyBytes,
  getAddressEncoder,
  getTransactionDecoder,
  getTransactionEncoder,
  type KeyPairSigner,
  partiallySignTransaction,
  signBytes,
} from '@solana/kit';
import type { Wallet, WalletAccount } from '@wallet-standard/base';
import { registerWallet } from '@wallet-standard/wallet';
import { hexBytes, hexText } from '@/chain/bytes';
import { ask } from './development-approval';

/**
 * A wallet for trying Aegle out and for tests: its key lies in the page's storage, where any script of the
 * page could read it. It is in no production build.
 */
const STORAGE = 'aegle-development-wallet';
const CHAINS = ['solana:localnet', 'solana:devnet', 'solana:testnet'] as const;
const ICON =
  'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAzMiAzMiI+PHJlY3Qgd2lkdGg9IjMyIiBoZWlnaHQ9IjMyIiByeD0iNyIgZmlsbD0iIzhhNTMwMCIvPjxwYXRoIGQ9Ik05IDEwaDE0djEySDl6IiBmaWxsPSJub25lIiBzdHJva2U9IiNmZmYiIHN0cm9rZS13aWR0aD0iMiIvPjwvc3ZnPg==';

function seed(): Uint8Array {
  const kept = localStorage.getItem(STORAGE);
  if (kept && /^[0-9a-f]{64}$/.test(kept)) return hexBytes(kept);
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  localStorage.setItem(STORAGE, hexText(fresh));
  return fresh;
}

async function account(): Promise<[KeyPairSigner, WalletAccount]> {
  const signer = await createKeyPairSignerFromPrivateKeyBytes(seed());
  const publicKey = getAddressEncoder().encode(signer.address);
  const features = ['solana:signMessage', 'solana:signTransaction'] as const;
  return [signer, { address: signer.address, publicKey, chains: CHAINS, features }];
}

class DevelopmentWallet implements Wallet {
  readonly version = '1.0.0';
  readonly name = 'Development wallet';
  readonly icon = ICON;
  readonly chains = CHAINS;
  #accounts: WalletAccount[] = [];
  #signer: KeyPairSigner | undefined;

  get accounts() {
    return this.#accounts;
  }

  get features(): Wallet['features'] {
    return {
      'standard:connect': { version: '1.0.0', connect: () => this.#connect() },
      'standard:events': { version: '1.0.0', on: () => () => {} },
      'solana:signMessage': { version: '1.1.0', signMessage: (...asked: Asked[]) => this.#signMessages(asked) },
      'solana:signTransaction': {
        version: '1.0.0',
        supportedTransactionVersions: ['legacy', 0],
        signTransaction: (...asked: AskedTransaction[]) => this.#signTransactions(asked),
      },
    };
  }

  async #connect() {
    const [signer, known] = await account();
    this.#signer = signer;
    this.#accounts = [known];
    return { accounts: this.#accounts };
  }

  async #key(): Promise<KeyPairSigner> {
    if (!this.#signer) await this.#connect();
    return this.#signer as KeyPairSigner;
  }

  async #signMessages(asked: Asked[]) {
    const signer = await this.#key();
    return Promise.all(
      asked.map(async ({ message }) => {
        await ask({ kind: 'text', text: new TextDecoder().decode(message) });
        const signature = new Uint8Array(await signBytes(signer.keyPair.privateKey, message));
        return { signedMessage: message, signature };
      }),
    );
  }

  async #signTransactions(asked: AskedTransaction[]) {
    const signer = await this.#key();
    await ask({ kind: 'transaction', count: asked.length });
    return Promise.all(
      asked.map(async ({ transaction }) => {
        const decoded = getTransactionDecoder().decode(transaction);
        const signed = await partiallySignTransaction([signer.keyPair], decoded);
        return { signedTransaction: new Uint8Array(getTransactionEncoder().encode(signed)) };
      }),
    );
  }
}

interface Asked {
  message: Uint8Array;
}
interface AskedTransaction {
  transaction: Uint8Array;
}

export function registerDevelopmentWallet(): void {
  registerWallet(new DevelopmentWallet());
}
