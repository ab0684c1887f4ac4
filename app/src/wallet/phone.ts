import { getBase64Decoder, getBase64Encoder } from '@solana/kit';
import {
  type AuthorizationResult,
  type MobileWallet,
  SolanaMobileWalletAdapterError,
  SolanaMobileWalletAdapterErrorCode,
  SolanaMobileWalletAdapterProtocolError,
  SolanaMobileWalletAdapterProtocolErrorCode,
  startScenario,
} from '@solana-mobile/mobile-wallet-adapter-protocol';
import type { IdentifierString } from '@wallet-standard/base';
import i18next from 'i18next';
import { Declined, NoWalletApp } from './index';
import { element, openWindow } from './window';

/** Milliseconds that the wallet app stays in front after an answer, for what the page asks next. */
const LINGER = 1_500;
/** The first port of those that wallet apps listen at (Mobile Wallet Adapter, 'Local URI'). */
const FIRST_PORT = 49_152;
const IDENTITY = { name: 'Aegle', uri: location.origin, icon: 'key.svg' };

const base64 = getBase64Decoder();
const bytes = getBase64Encoder();

interface Session {
  app: MobileWallet;
  /** Public key of the account that signs, 32 bytes. */
  account: Uint8Array;
  /** Most payloads that the app takes in one request. */
  most: number;
}

/** A wallet app on the same phone, spoken to by the Mobile Wallet Adapter, version 2. */
export class Phone {
  /** The network that everything is for, as of the last request for an account. */
  #chain: IdentifierString | undefined;
  /** What the wallet app knows the page by. It is kept here alone, so that it ends with the page. */
  #token: string | undefined;
  /** The account that the person chose. */
  #account: Uint8Array | undefined;
  #session: Session | undefined;
  /** Closes the way to the wallet app, where one was begun. */
  #close = () => {};
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** Asks for an account of a network: its public key, 32 bytes. */
  async account(chain: IdentifierString): Promise<Uint8Array> {
    this.forget();
    this.#chain = chain;
    return this.#ask(async ({ account }) => account);
  }

  /** Each message with what the wallet signed of it before the signature, 64 bytes. */
  async signMessages(messages: readonly Uint8Array[]): Promise<{ signedMessage: Uint8Array; signature: Uint8Array }[]> {
    return this.#ask(async ({ app, account, most }) => {
      const signed = await inParts(messages, most, async (payloads) => {
        const addresses = payloads.map(() => base64.decode(account));
        return (await app.signMessages({ addresses, payloads })).signed_payloads;
      });
      return signed.map((payload, index) => ({
        // Some wallets give the signature alone.
        signedMessage: payload.length > 64 ? payload.slice(0, -64) : (messages[index] ?? payload),
        signature: payload.slice(-64),
      }));
    });
  }

  async signTransactions(transactions: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return this.#ask(({ app, most }) =>
      inParts(transactions, most, async (payloads) => (await app.signTransactions({ payloads })).signed_payloads),
    );
  }

  /** Ends what was agreed. */
  forget(): void {
    this.#end();
    this.#token = undefined;
    this.#account = undefined;
  }

  #end(): void {
    clearTimeout(this.#closing);
    this.#close();
    this.#close = () => {};
    this.#session = undefined;
  }

  /**
   * Asks in the wallet app while a window here says so. A browser goes to another app only from a press, so
   * that what is asked later than that begins with a press in the window; so does what the app left unanswered.
   */
  async #ask<T>(request: (session: Session) => Promise<T>): Promise<T> {
    clearTimeout(this.#closing);
    const says = element('p', '', 'mt-1');
    says.setAttribute('aria-live', 'polite');
    const window = openWindow(
      {
        title: i18next.t('common.walletApp.title'),
        refuse: i18next.t('common.cancel'),
        accept: i18next.t('common.walletApp.open'),
        className: 'border-edge',
      },
      says,
    );
    let attempts = 0;
    try {
      return await new Promise<T>((resolve, reject) => {
        const go = () => {
          const attempt = ++attempts;
          says.textContent = i18next.t('common.walletApp.waiting');
          // Whatever became of an attempt that the person gave up does not count.
          const isGivenUp = () => attempt !== attempts;
          this.#begin(isGivenUp)
            .then(request)
            .then(resolve, (error) => !isGivenUp() && reject(error));
        };
        window.accept.onclick = () => {
          this.#end();
          go();
        };
        window.refuse.onclick = () => {
          attempts++;
          this.#end();
          reject(new Declined('cancelled in the page'));
        };
        if (this.#isInFront() || navigator.userActivation.isActive) go();
        else says.textContent = i18next.t('common.walletApp.ask');
      });
    } catch (error) {
      this.#end();
      throw this.#meaning(error);
    } finally {
      window.close();
      if (this.#session) this.#closing = setTimeout(() => this.#end(), LINGER);
    }
  }

  /** Whether the wallet app still is where the page was, as it is for a moment after an answer. */
  #isInFront(): boolean {
    return this.#session !== undefined && document.hidden;
  }

  async #begin(isGivenUp: () => boolean): Promise<Session> {
    if (this.#session && this.#isInFront()) return this.#session;
    this.#end();
    await mayReachApps();
    const { wallet, close } = await startScenario();
    // It fails where it is closed, and nobody may be waiting for it any more.
    wallet.catch(() => {});
    if (isGivenUp()) {
      close();
      throw new Declined('given up');
    }
    this.#close = close;
    const app = await wallet;
    const granted = await app.authorize({
      identity: IDENTITY,
      ...(this.#chain && { chain: this.#chain }),
      ...(this.#token && { auth_token: this.#token }),
    });
    const can = await app.getCapabilities();
    // Transactions are paid by the relay, so that the wallet signs and does not send.
    if (!can.features.includes('solana:signTransactions')) throw new NoWalletApp('unfit');
    const limits = [can.max_transactions_per_request, can.max_messages_per_request].filter((limit) => limit > 0);
    this.#account = chosen(granted, this.#account);
    this.#token = granted.auth_token;
    this.#session = { app, account: this.#account, most: Math.min(...limits) };
    return this.#session;
  }

  #meaning(error: unknown): unknown {
    if (error instanceof SolanaMobileWalletAdapterProtocolError) {
      const { ERROR_AUTHORIZATION_FAILED, ERROR_NOT_SIGNED } = SolanaMobileWalletAdapterProtocolErrorCode;
      // It does not know the page any more: the next request begins anew.
      if (error.code === ERROR_AUTHORIZATION_FAILED) this.#token = undefined;
      const isNo = error.code === ERROR_AUTHORIZATION_FAILED || error.code === ERROR_NOT_SIGNED;
      return isNo ? new Declined(error.message, { cause: error }) : error;
    }
    if (error instanceof SolanaMobileWalletAdapterError) {
      const { ERROR_WALLET_NOT_FOUND, ERROR_SESSION_TIMEOUT } = SolanaMobileWalletAdapterErrorCode;
      if ([ERROR_WALLET_NOT_FOUND, ERROR_SESSION_TIMEOUT].includes(error.code)) return new NoWalletApp('missing');
      if (error.code === SolanaMobileWalletAdapterErrorCode.ERROR_SESSION_CLOSED) return new Declined(error.message);
    }
    return error;
  }
}

/** The account that was chosen; the one that it was before, where there was one. */
function chosen({ accounts }: AuthorizationResult, before: Uint8Array | undefined): Uint8Array {
  const keys = accounts.map(({ address }) => new Uint8Array(bytes.encode(address)));
  const key = before ? keys.find((key) => base64.decode(key) === base64.decode(before)) : keys[0];
  if (key?.length !== 32) throw new NoWalletApp('other');
  return key;
}

async function inParts(
  payloads: readonly Uint8Array[],
  most: number,
  sign: (payloads: string[]) => Promise<readonly string[]>,
): Promise<Uint8Array[]> {
  const signed: Uint8Array[] = [];
  for (let from = 0; from < payloads.length; from += most) {
    const part = payloads.slice(from, from + most).map((payload) => base64.decode(payload));
    signed.push(...(await sign(part)).map((payload) => new Uint8Array(bytes.encode(payload))));
  }
  return signed;
}

/** Some browsers ask the person before a page may reach apps on the phone, and cannot while another app is in front. */
async function mayReachApps(): Promise<void> {
  if ((await reachingApps()) === 'prompt') {
    const socket = new WebSocket(`ws://localhost:${FIRST_PORT}/`);
    await new Promise<void>((resolve) => {
      socket.onopen = () => resolve();
      socket.onerror = () => resolve();
    });
    socket.close();
  }
  if ((await reachingApps()) === 'denied') throw new NoWalletApp('blocked');
}

/** What the person said of it, by the names that the permission has had; undefined where a browser knows none. */
async function reachingApps(): Promise<PermissionState | undefined> {
  for (const name of ['loopback-network', 'local-network-access']) {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      // Not a permission of this browser.
    }
  }
  return undefined;
}
