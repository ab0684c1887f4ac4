import {
  type Address,
  address,
  appendTransactionMessageInstructions,
  compileTransaction,
  createNoopSigner,
  createSolanaRpc,
  createTransactionMessage,
  getBase64Decoder,
  getBase64Encoder,
  getTransactionEncoder,
  type Instruction,
  pipe,
  type Signature,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  signature as toSignature,
} from '@solana/kit';
import { api, ok, type Schema } from '@/api/client';
import type { Signer } from '@/wallet';

/** Where the server is and what it offers, told once. */
export type Deployment = Schema['AppSettings'];

/** A transaction that the chain has taken, and the slot it is in. */
export interface Sent {
  signature: Signature;
  slot: bigint;
}

/** The transaction failed, or was refused before it was sent. */
export class Failed extends Error {
  override name = 'Failed';
  /** The program's code, where it was the program that refused. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

/** The network took too long, three times. Nothing happened. */
export class Expired extends Error {
  override name = 'Expired';
}

const POLL = 300;
const ATTEMPTS = 3;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A node of the network, and who pays there. */
export class Chain {
  readonly deployment: Deployment;
  readonly rpc;
  #payer: Promise<Address> | undefined;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
    if (!deployment.rpc_url) throw new Error('this server names no node of the network that browsers may ask');
    this.rpc = createSolanaRpc(deployment.rpc_url as Parameters<typeof createSolanaRpc>[0]);
  }

  /** The operator's key, which pays for everything. */
  payer(): Promise<Address> {
    this.#payer ??= ok(api.GET('/v1/relay')).then(({ payer }) => address(payer));
    return this.#payer;
  }

  /** An account as the node has it, confirmed; undefined where there is none. */
  async account(of: string): Promise<{ owner: Address; data: [string, 'base64'] } | undefined> {
    const { value } = await this.rpc
      .getAccountInfo(address(of), { encoding: 'base64', commitment: 'confirmed' })
      .send();
    return value ? { owner: value.owner, data: [value.data[0], 'base64'] } : undefined;
  }

  /** The ledger's clock, in seconds since the Unix epoch. */
  async now(): Promise<number> {
    const account = await this.account('SysvarC1ock11111111111111111111111111111111');
    if (!account) throw new Error('the node has no clock');
    const bytes = getBase64Encoder().encode(account.data[0]);
    // Slot, start of the epoch, epoch, leader epoch, then the time.
    return Number(new DataView(Uint8Array.from(bytes).buffer).getBigInt64(32, true));
  }

  /** Signs with the wallet, has the operator pay, and waits until it is confirmed. */
  async send(signer: Signer, instructions: readonly Instruction[], invitation?: string): Promise<Sent> {
    const payer = createNoopSigner(await this.payer()).address;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { value: lifetime } = await this.rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
      const message = pipe(
        createTransactionMessage({ version: 'legacy' }),
        (message) => setTransactionMessageFeePayer(payer, message),
        (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
        (message) => appendTransactionMessageInstructions(instructions, message),
      );
      const bytes = new Uint8Array(getTransactionEncoder().encode(compileTransaction(message)));
      const signed = await signer.signTransaction(bytes, this.deployment.network);
      const sent = await this.#relay(getBase64Decoder().decode(signed), invitation);
      if (sent) return sent;
    }
    throw new Expired('the network did not take the transaction in time');
  }

  /** Undefined where it expired. */
  async #relay(transaction: string, invitation: string | undefined): Promise<Sent | undefined> {
    const body = { transaction, wait: true, invitation: invitation ?? null };
    let { signature, status } = await ok(api.POST('/v1/relay', { body }));
    while (status === 'pending') {
      await sleep(POLL);
      ({ status } = await ok(api.GET('/v1/relay/{signature}', { params: { path: { signature } } })));
    }
    if (status === 'expired') return undefined;
    for (;;) {
      const { value } = await this.rpc
        .getSignatureStatuses([toSignature(signature)], { searchTransactionHistory: true })
        .send();
      const found = value[0];
      if (found?.err) throw failure(found.err);
      if (found && found.confirmationStatus !== 'processed')
        return { signature: toSignature(signature), slot: found.slot };
      await sleep(POLL);
    }
  }

  /** Waits until the server's mirror has passed a slot: confirmed, or final. */
  async mirrored(slot: bigint, state: 'confirmed' | 'finalized'): Promise<void> {
    for (;;) {
      const status = await ok(api.GET('/v1/chain/status')).catch(() => undefined);
      const reached = state === 'confirmed' ? status?.confirmed_slot : status?.finalized_slot;
      if (reached !== undefined && BigInt(reached) >= slot) return;
      await sleep(POLL);
    }
  }
}

function failure(error: unknown): Failed {
  const text = JSON.stringify(error, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
  const code = /"Custom":(\d+)/.exec(text)?.[1];
  return new Failed(text, code === undefined ? undefined : Number(code));
}
