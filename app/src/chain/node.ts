import {
  type Address,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
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
import { isRefused, Unreachable } from '@/core';
import type { AegleError } from '@/program/generated';
import type { Signer } from '@/wallet';
import { Expired, Failed, NodeAway } from './errors';
import { patiently } from './patience';
import { sleep } from './sleep';

/** Where the server is and what it offers, told once. */
export type Deployment = Schema['AppSettings'];

/** A transaction that the chain has taken, and the slot it is in. */
export interface Sent {
  signature: Signature;
  slot: bigint;
}

const POLL = 300;
const ATTEMPTS = 3;

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
    this.#payer ??= ok(api.GET('/v1/relay')).then(
      ({ payer }) => address(payer),
      (error) => {
        this.#payer = undefined;
        throw error;
      },
    );
    return this.#payer;
  }

  /** An account as the node has it, confirmed; undefined where there is none. */
  async account(of: string): Promise<{ owner: Address; data: [string, 'base64'] } | undefined> {
    const asked = this.rpc.getAccountInfo(address(of), { encoding: 'base64', commitment: 'confirmed' });
    const { value } = await answered(asked.send());
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
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { transactions, blockhash } = await this.compile([instructions]);
      const [signed] = await signer.signTransactions(transactions, this.deployment.network);
      const sent = signed && (await this.relay(signed, blockhash, invitation));
      if (sent) return sent;
    }
    throw new Expired('the network did not take the transaction in time');
  }

  /** Transactions that the operator pays for, to be signed and sent within a minute. */
  async compile(
    all: readonly (readonly Instruction[])[],
  ): Promise<{ transactions: Uint8Array[]; blockhash: Blockhash }> {
    const payer = await this.payer();
    const { value: lifetime } = await answered(this.rpc.getLatestBlockhash({ commitment: 'confirmed' }).send());
    const transactions = all.map((instructions) => {
      const message = pipe(
        createTransactionMessage({ version: 'legacy' }),
        (message) => setTransactionMessageFeePayer(payer, message),
        (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
        (message) => appendTransactionMessageInstructions(instructions, message),
      );
      return new Uint8Array(getTransactionEncoder().encode(compileTransaction(message)));
    });
    return { transactions, blockhash: lifetime.blockhash };
  }

  /** Has the operator pay for a signed transaction, and waits. Undefined where it expired, also while the wallet asked. */
  async relay(signed: Uint8Array, blockhash: Blockhash, invitation?: string): Promise<Sent | undefined> {
    const transaction = getBase64Decoder().decode(signed);
    const body = { transaction, wait: true, invitation: invitation ?? null };
    // The same transaction again costs nothing and changes nothing: an answer that was lost is asked for again.
    const relayed = patiently(() => ok(api.POST('/v1/relay', { body })), isLost);
    let { signature, status } = await relayed.catch(async (error: unknown) => {
      if (!isRefused(error, 'transaction_fails')) throw error;
      const { value: isRecent } = await answered(this.rpc.isBlockhashValid(blockhash).send());
      if (isRecent) throw await failure(error.problem.detail, /\((\d+)\)/);
      return { signature: '', status: 'expired' as const };
    });
    while (status === 'pending') {
      await sleep(POLL);
      const params = { path: { signature } };
      ({ status } = await patiently(() => ok(api.GET('/v1/relay/{signature}', { params }))));
    }
    if (status === 'expired') return undefined;
    for (;;) {
      const asked = this.rpc.getSignatureStatuses([toSignature(signature)], { searchTransactionHistory: true });
      const { value } = await patiently(() => answered(asked.send()));
      const found = value[0];
      if (found?.err) throw await failure(found.err, /"Custom":(\d+)/);
      if (found && found.confirmationStatus !== 'processed')
        return { signature: toSignature(signature), slot: found.slot };
      await sleep(POLL);
    }
  }

  /** Waits until the server's mirror has passed a slot: confirmed, or final. */
  async mirrored(slot: bigint, state: 'confirmed' | 'finalized'): Promise<void> {
    for (;;) {
      const status = await patiently(() => ok(api.GET('/v1/chain/status')));
      const reached = state === 'confirmed' ? status.confirmed_slot : status.finalized_slot;
      if (reached !== undefined && reached !== null && BigInt(reached) >= slot) return;
      await sleep(POLL);
    }
  }
}

/** Whether an answer was lost, and not what was asked. */
function isLost(error: unknown): error is Error {
  return error instanceof Unreachable || isRefused(error, 'timeout', 'internal');
}

/** What the node answers. */
async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new NodeAway(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A refusal in the program's words, by the code in what was said of it. */
async function failure(said: unknown, code: RegExp): Promise<Failed> {
  const text =
    typeof said === 'string'
      ? said
      : JSON.stringify(said, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
  const found = code.exec(text)?.[1];
  if (found === undefined) return new Failed(text);
  const { getAegleErrorMessage } = await import('@/program/generated/errors');
  // The message of a code that is not the program's is undefined, whatever its type says.
  const message: string | undefined = getAegleErrorMessage(Number(found) as AegleError);
  return new Failed(message ?? text);
}
