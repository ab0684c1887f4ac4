import { once } from 'node:events';
import type { Page } from '@playwright/test';
import {
  generateKeyPairSigner,
  getAddressEncoder,
  getTransactionDecoder,
  getTransactionEncoder,
  type KeyPairSigner,
  partiallySignTransaction,
  signBytes,
} from '@solana/kit';
import { type WebSocket, WebSocketServer } from 'ws';

const { subtle } = globalThis.crypto;
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
/** Bytes of a public key of P-256, uncompressed. */
const KEY = 65;

type Call = { id: number; method: string; params: { payloads: string[]; auth_token?: string; chain?: string } };

/** What the person does in the app: agrees, says no, or leaves it lying. */
export type Answer = 'yes' | 'no' | 'nothing';

/**
 * A wallet app on the phone that the page is on: the wallet's side of the Mobile Wallet Adapter, version 2, with
 * its intent, handshake and encryption.
 */
export class WalletApp {
  answer: Answer = 'yes';
  isInstalled = true;
  /** What it was asked, a list for each time that it was opened. */
  readonly asked: string[][] = [];
  readonly #page: Page;
  readonly #signer: KeyPairSigner;
  #token = '';

  static async on(page: Page): Promise<WalletApp> {
    const app = new WalletApp(page, await generateKeyPairSigner());
    await page.exposeFunction('intent', (url: string) => app.isInstalled && app.#open(new URL(url)));
    await page.addInitScript(() => {
      type Going = Event & { destination: { url: string } };
      type Phone = { intent(url: string): void; appInFront(is: boolean): void; navigation: EventTarget };
      const phone = window as unknown as Phone;
      // As a phone takes it, and not the browser, which would ask in a dialog of its own.
      phone.navigation.addEventListener('navigate', (event) => {
        const { url } = (event as Going).destination;
        if (!url.startsWith('solana-wallet:')) return;
        event.preventDefault();
        phone.intent(url);
      });
      // As a phone does when another app comes to the front.
      let isHidden = false;
      Object.defineProperty(document, 'hidden', { get: () => isHidden });
      phone.appInFront = (is) => {
        isHidden = is;
        window.dispatchEvent(new Event(is ? 'blur' : 'focus'));
        document.dispatchEvent(new Event('visibilitychange'));
      };
    });
    return app;
  }

  private constructor(page: Page, signer: KeyPairSigner) {
    this.#page = page;
    this.#signer = signer;
  }

  async #open(intent: URL): Promise<void> {
    const [port, key] = [Number(intent.searchParams.get('port')), intent.searchParams.get('association') ?? ''];
    if (intent.pathname !== '/v1/associate/local' || intent.searchParams.get('v') !== 'v1')
      throw new Error(intent.href);
    const asked: string[] = [];
    this.asked.push(asked);
    await this.#inFront(true);
    const server = new WebSocketServer({
      port,
      path: '/solana-wallet',
      handleProtocols: (names) => names.has('com.solana.mobilewalletadapter.v1') && 'com.solana.mobilewalletadapter.v1',
    });
    server.on('connection', async (socket) => {
      socket.on('close', () => {
        server.close();
        void this.#inFront(false);
      });
      await this.#serve(socket, Buffer.from(key.replace(/\./g, '='), 'base64url'), asked);
    });
  }

  async #inFront(is: boolean): Promise<void> {
    if (this.#page.isClosed()) return;
    await this.#page.evaluate((is) => (window as never as { appInFront(is: boolean): void }).appInFront(is), is);
  }

  async #serve(socket: WebSocket, association: Buffer<ArrayBuffer>, asked: string[]): Promise<void> {
    const [hello] = (await once(socket, 'message')) as [Buffer<ArrayBuffer>];
    const theirs = await subtle.importKey('raw', association, P256, false, ['verify']);
    const [point, signature] = [hello.subarray(0, KEY), hello.subarray(KEY)];
    if (!(await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, theirs, signature, point))) return socket.close();

    const own = await subtle.generateKey(ECDH, false, ['deriveBits']);
    const page = await subtle.importKey('raw', point, ECDH, false, []);
    const shared = await subtle.deriveBits({ name: 'ECDH', public: page }, own.privateKey, 256);
    const secret = await subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: association, info: new Uint8Array() };
    const session = await subtle.deriveKey(hkdf, secret, { name: 'AES-GCM', length: 128 }, false, [
      'encrypt',
      'decrypt',
    ]);

    let sent = 0;
    const seal = async (value: unknown) => {
      const [place, iv] = [Buffer.alloc(4), crypto.getRandomValues(new Uint8Array(12))];
      place.writeUInt32BE(++sent);
      const text = Buffer.from(JSON.stringify(value));
      const sealed = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: place }, session, text);
      return Buffer.concat([place, iv, Buffer.from(sealed)]);
    };
    const raw = Buffer.from(await subtle.exportKey('raw', own.publicKey));
    socket.on('message', async (message: Buffer<ArrayBuffer>) => {
      const [place, iv] = [message.subarray(0, 4), message.subarray(4, 16)];
      const text = await subtle.decrypt({ name: 'AES-GCM', iv, additionalData: place }, session, message.subarray(16));
      const call = JSON.parse(Buffer.from(text).toString()) as Call;
      asked.push(call.method);
      const answer = await this.#answer(call);
      if (answer) socket.send(await seal({ jsonrpc: '2.0', id: call.id, ...answer }));
    });
    socket.send(Buffer.concat([raw, await seal({ v: '1' })]));
  }

  async #answer({ method, params }: Call): Promise<{ result: unknown } | { error: unknown } | undefined> {
    if (method === 'get_capabilities') return { result: { features: ['solana:signTransactions'] } };
    const isKnown = method === 'authorize' && this.#token !== '' && params.auth_token === this.#token;
    if (!isKnown && this.answer === 'nothing') return undefined;
    if (!isKnown && this.answer === 'no') {
      const code = method === 'authorize' ? -1 : -3;
      return {
        error: { code, message: method === 'authorize' ? 'authorization request declined' : 'request declined' },
      };
    }
    if (method === 'authorize') {
      if (params.chain !== 'solana:localnet') return { error: { code: -1, message: 'another network' } };
      this.#token ||= crypto.randomUUID();
      const address = Buffer.from(getAddressEncoder().encode(this.#signer.address)).toString('base64');
      return { result: { accounts: [{ address }], auth_token: this.#token } };
    }
    const payloads = params.payloads.map((payload) => new Uint8Array(Buffer.from(payload, 'base64')));
    const signed = await Promise.all(
      payloads.map((payload) =>
        method === 'sign_messages' ? this.#signMessage(payload) : this.#signTransaction(payload),
      ),
    );
    return { result: { signed_payloads: signed.map((payload) => Buffer.from(payload).toString('base64')) } };
  }

  async #signMessage(message: Uint8Array): Promise<Uint8Array> {
    const signature = await signBytes(this.#signer.keyPair.privateKey, message);
    return Buffer.concat([message, signature]);
  }

  async #signTransaction(bytes: Uint8Array): Promise<Uint8Array> {
    const transaction = getTransactionDecoder().decode(bytes);
    return new Uint8Array(
      getTransactionEncoder().encode(await partiallySignTransaction([this.#signer.keyPair], transaction)),
    );
  }
}
