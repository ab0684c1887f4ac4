import type { components } from '@/api/generated/schema';
import { hexBytes, hexText } from '@/chain/bytes';
import { sleep } from '@/chain/sleep';
import { collected, openingByShares, type Released, type Shares } from './emergency';
import { Refused, Unreachable } from './errors';
import type { Message } from './events';
import type { Chosen, FhirReading, Plan } from './fhir';
import { openText, sealText } from './messages';
import type * as Wasm from './pkg/aegle_web';
import wasmUrl from './pkg/aegle_web_bg.wasm?url';
import { keyOfWallet, publicKeyOfWallet, textForKey } from './reading-key';
import { type Coded, type Kept, Prepared, taken } from './ways';

type Schema = components['schemas'];
// What is absent may be null or left out to the core; the document of the server says so of fewer.
type HeldRecord = Schema['HeldRecord'];

/** A request of the page to the server, by the worker. */
export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

export interface Answered {
  status: number;
  headers: [string, string][];
  body: string;
}

/** Somebody who signed in. */
export interface SignedIn {
  wallet: string;
  /** RFC 3339; renewed while the page is in use. */
  expiresAt: string;
  endsAt: string;
}

/** A record that was opened. */
export interface Whole {
  details: Wasm.Details;
  content: Uint8Array<ArrayBuffer>;
  issuance: Wasm.Issuance | undefined;
  /** The log's receipt for this reading. */
  receipt: string | undefined;
}

interface SessionAnswer {
  token: string;
  session: { wallet: string; expires_at: string; ends_at: string };
}

/** What a key beside the own vault's is for: a provider's reading, a guardian's part. Who does both may have two. */
export type KeyUse = 'reading' | 'guarding';

/** Header that states the purpose of a read; what has it is signed. */
const PURPOSE = 'aegle-purpose';
/** Header with the log's promise about a read. */
const RECEIPT = 'aegle-receipt';
/** Bytes sent in one request, where the server takes as many. */
const CHUNK = 1 << 20;
/** Attempts after the first. */
const ATTEMPTS = 5;
/** Bytes of ciphertext that hold what a record says of itself, where it is not very long. */
const HEAD = 1 << 17;

/**
 * What holds secrets: the session's token and keys, the patient's root secrets, contents on their way. It lives
 * in a worker; ending the worker wipes all of it.
 */
export class Core {
  #module: Promise<typeof Wasm> | undefined;
  #requestKey: Wasm.RequestKey | undefined;
  #unlocked: Wasm.Unlocked | undefined;
  #ownKeys: Wasm.SecretKeys | undefined;
  #fhir: FhirReading | undefined;
  #prepared: Prepared | undefined;
  /** From the wallet, or from a file. */
  #keys: Partial<Record<KeyUse, Wasm.SecretKeys>> = {};
  #token: string | undefined;
  /** Seconds by which the server's clock is ahead. */
  #ahead = 0;
  #challenge: { challenge: string; message: string } | undefined;

  constructor() {
    // Comes while the person is still choosing; whoever needs it first hears where it does not.
    this.#wasm.catch(() => undefined);
  }

  /** The Rust, loaded once; where that failed, anew. */
  get #wasm(): Promise<typeof Wasm> {
    this.#module ??= load().catch((error: unknown) => {
      this.#module = undefined;
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    });
    return this.#module;
  }

  /** Has the server ask `wallet` to sign in on `site`; gives the text to sign, which was checked. */
  async challenge(site: Wasm.Site, wallet: string): Promise<string> {
    const { RequestKey } = await this.#wasm;
    this.#requestKey?.free();
    this.#requestKey = new RequestKey();
    this.#token = undefined;
    const asked = { address: wallet, request_key: this.#requestKey.key };
    const given = await this.#json<unknown>('POST', '/v1/sign-in/challenge', asked);
    const checked = this.#requestKey.checkChallenge(given, site, wallet);
    this.#challenge = checked;
    this.#ahead = checked.issuedAt - Date.now() / 1000;
    return checked.message;
  }

  /** Answers the challenge. */
  async signIn(signature: string): Promise<SignedIn> {
    const answer = { challenge: this.#challenge?.challenge, signature };
    const { token, session } = await this.#json<SessionAnswer>('POST', '/v1/sign-in', answer);
    this.#token = token;
    return { wallet: session.wallet, expiresAt: session.expires_at, endsAt: session.ends_at };
  }

  /** A new vault's root secret, with the ids to make the vault on chain. */
  async newVault(): Promise<{ vault: string; vaultId: Uint8Array; encryptionKey: Uint8Array }> {
    const { Unlocked, vaultId } = await this.#wasm;
    const id = vaultId();
    this.#unlocked = Unlocked.create(id.vault);
    return { vault: id.vault, vaultId: hexBytes(id.id), encryptionKey: hexBytes(this.#unlocked.encryptionKey) };
  }

  /** The text that the wallet signs twice, so that it opens the vault from then on. */
  messageToWrap(site: Wasm.Site, owner: string): string {
    return this.#open().messageToWrap(site, owner);
  }

  /** A keyring to store, and the recovery code, to be shown once. */
  wrap(site: Wasm.Site, owner: string, first: Uint8Array, second: Uint8Array): Coded {
    return taken(this.#open().wrap(site, owner, first, second, undefined));
  }

  /** The text that the wallet signs to open the vault. */
  async messageToUnlock(
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
    vault: string,
    site: Wasm.Site,
    owner: string,
  ): Promise<string> {
    const { Unlocked } = await this.#wasm;
    return Unlocked.messageToOpen(keyrings, account, vault, site, owner);
  }

  /** Opens the vault. One signature is enough: another than the one that closed it opens nothing. */
  async unlock(
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
    vault: string,
    site: Wasm.Site,
    owner: string,
    signature: Uint8Array,
  ): Promise<void> {
    const { Unlocked } = await this.#wasm;
    this.#has(Unlocked.openWithWallet(keyrings, account, vault, site, owner, signature, signature));
  }

  /** Opens the vault by the recovery code, as it was typed. */
  async unlockWithCode(
    keyrings: Wasm.StoredKeyring[],
    account: Wasm.RpcAccount,
    vault: string,
    code: string,
  ): Promise<void> {
    const { Unlocked } = await this.#wasm;
    this.#has(Unlocked.openWithCode(keyrings, account, vault, code));
  }

  /** A keyring with a new recovery code, to be shown once; the one before opens it no more. */
  withCode(keyrings: Wasm.StoredKeyring[]): Coded {
    return taken(this.#open().withCode(keyrings));
  }

  /** A keyring that these guardians open instead of those before. */
  withGuardians(keyrings: Wasm.StoredKeyring[], guardians: Wasm.NewGuardians): Wasm.NewKeyring {
    return this.#open().withGuardians(keyrings, guardians);
  }

  /** A keyring that this wallet opens instead of the one before. */
  withWallet(
    keyrings: Wasm.StoredKeyring[],
    site: Wasm.Site,
    owner: string,
    first: Uint8Array,
    second: Uint8Array,
  ): Wasm.NewKeyring {
    return this.#open().withWallet(keyrings, site, owner, first, second);
  }

  /** What the chain is told of guardians, and what each of them is handed. */
  async guardianList(vault: string, guardians: string[]): Promise<Wasm.GuardianList> {
    return (await this.#wasm).guardianList(vault, guardians);
  }

  /** X25519 key, hex, to which a part may be encrypted for whoever is signed in; undefined where there is none yet. */
  guardianKey(): string | undefined {
    return this.#guardianKeys()[0]?.encryptionKeys[0];
  }

  /** A guardian's part, encrypted to the new owner that a recovery names on chain. */
  async handOver(
    kept: Wasm.KeptShare[],
    guardian: string,
    recovery: string,
    account: Wasm.RpcAccount,
  ): Promise<Wasm.HandedShare> {
    const { handOver } = await this.#wasm;
    let refused: unknown = new Error('there is no key at hand for the part that you keep');
    for (const keys of this.#guardianKeys()) {
      try {
        return handOver(kept, guardian, keys, recovery, account);
      } catch (error) {
        refused = error;
      }
    }
    throw refused;
  }

  /**
   * Those of the own vault, and the wallet's or a file's: a part may be older than the vault. Whoever names a provider
   * takes the key that a registrar attests, which is for reading.
   */
  #guardianKeys(): Wasm.SecretKeys[] {
    const own = this.#unlocked && this.#secrets(this.#unlocked.vault);
    return [own, this.#keys.guarding, this.#keys.reading].filter((keys) => keys !== undefined);
  }

  /** Makes the key of a new owner, hex; its secret half is here until {@link Core.keepPrepared}. */
  async prepare(vault: string, account: Wasm.RpcAccount): Promise<string> {
    this.#prepared = Prepared.anew(await this.#wasm, vault, account);
    return this.#prepared.encryptionKey;
  }

  /** The text that the new wallet signs, twice where the key is kept for the first time. */
  async messageToKeep(site: Wasm.Site, owner: string, kept?: Kept): Promise<string> {
    if (kept) return Prepared.message(await this.#wasm, kept, site, owner);
    return this.#waiting().messageToKeep(site, owner);
  }

  /** The new owner's key for a file, locked with the wallet. */
  keepPrepared(site: Wasm.Site, owner: string, first: Uint8Array, second: Uint8Array): Kept {
    return this.#waiting().toKeep(site, owner, first, second);
  }

  /** The new owner's key from its file; its public half, hex. */
  async openPrepared(kept: Kept, site: Wasm.Site, owner: string, signature: Uint8Array): Promise<string> {
    this.#prepared = Prepared.kept(await this.#wasm, kept, site, owner, signature);
    return this.#prepared.encryptionKey;
  }

  /** Opens everything that was, after a recovery, by what the guardians handed over. It is then to be wrapped. */
  takeOver(handed: Wasm.KeptShare[], holder: string, keyrings: Wasm.StoredKeyring[], account: Wasm.RpcAccount): void {
    this.#has(this.#waiting().takeOver(handed, holder, keyrings, account));
  }

  #waiting(): Prepared {
    if (!this.#prepared) throw new Error('the key for the new wallet is not at hand');
    return this.#prepared;
  }

  #has(unlocked: Wasm.Unlocked): void {
    this.#ownKeys?.free();
    this.#unlocked?.free();
    [this.#ownKeys, this.#unlocked] = [undefined, unlocked];
  }

  #open(): Wasm.Unlocked {
    if (!this.#unlocked) throw new Error('the vault is not unlocked');
    return this.#unlocked;
  }

  /** What the server keeps of a consent, and what the chain is told: of exactly what was shown. */
  async granting(grant: Wasm.NewGrant, shown: Wasm.DraftPreview) {
    return (await this.#wasm).granting(this.#open(), grant, shown);
  }

  /**
   * Encrypts the keys of records for those who may have them and lack them: whom a consent names on chain, to the
   * key that a registrar attests or that the patient signed.
   */
  async fill(
    vault: { address: string; account: Wasm.RpcAccount; now: number },
    consents: { held: Wasm.HeldConsent; account: Wasm.RpcAccount }[],
    credentials: Wasm.RpcAccount[],
    pending: Wasm.PendingWrap[],
    records: HeldRecord[],
  ) {
    const { Recipients } = await this.#wasm;
    const recipients = new Recipients(vault.address, vault.account, vault.now);
    try {
      for (const { held, account } of consents) recipients.addConsent(held, account);
      for (const account of credentials) recipients.addCredential(account);
      return recipients.fill(pending, records as Wasm.HeldRecord[], this.#secrets(vault.address));
    } finally {
      recipients.free();
    }
  }

  /**
   * Encrypts a content, stores it at the server, and gives what the chain is told of the record. It is read twice:
   * first for its length and hash. `progress` is told the part that is stored, from 0 to 1.
   */
  async storeRecord(
    vault: string,
    account: Wasm.RpcAccount,
    signer: string,
    draft: Wasm.RecordDraft,
    content: Blob,
    progress: (part: number) => void,
  ): Promise<Wasm.Mint> {
    const { Measuring, Sealing } = await this.#wasm;
    const measuring = new Measuring();
    for await (const piece of pieces(content)) measuring.push(piece);
    const sealing = new Sealing(vault, draft, measuring.finish(), undefined);
    try {
      const upload = await this.#upload(sealing, content, progress);
      const plan = await this.#json<Wasm.SignedPlan>('GET', `/v1/custodians?patient=${vault}`);
      const { body, mint } = sealing.newRecord(account, signer, upload, plan);
      await this.#json('POST', '/v1/records', body);
      return mint;
    } finally {
      sealing.free();
    }
  }

  /**
   * Encrypts a content to the patient of a vault and leaves it in the mailbox. Whoever answers for it signs, by
   * `sign`, its hash for this patient under a credential of theirs.
   */
  async mail(
    vault: string,
    account: Wasm.RpcAccount,
    by: { issuer: string; credential: string },
    sign: (message: Uint8Array) => Promise<Uint8Array>,
    draft: Wasm.RecordDraft,
    content: Blob,
    progress: (part: number) => void,
  ): Promise<void> {
    const { issueMessage, Measuring, Sealing } = await this.#wasm;
    const measuring = new Measuring();
    for await (const piece of pieces(content)) measuring.push(piece);
    const measured = measuring.finish();
    const signature = hexText(await sign(issueMessage(vault, measured, draft.media_type, by.credential)));
    const sealing = new Sealing(vault, draft, measured, { ...by, signature });
    try {
      const upload = await this.#upload(sealing, content, progress);
      await this.#json('POST', '/v1/mailbox', sealing.newItem(account, upload));
    } finally {
      sealing.free();
    }
  }

  /** Reads FHIR files. Gives whom they are about. */
  async readFhir(chosen: readonly Chosen[]): Promise<{ name: string | null; birthDate: string | null }[]> {
    this.dropFhir();
    this.#fhir = await (await import('./fhir')).FhirReading.of(chosen);
    return this.#fhir.patients();
  }

  /** What the files read say of the patients at these places, as records to be. */
  planFhir(patients: readonly number[]): Promise<Plan> {
    if (!this.#fhir) throw new Error('no files were read');
    return this.#fhir.plan(patients);
  }

  /** Stores the record at a place of the plan, as [`storeRecord`] does; `draft` may say more than the plan's. */
  storeFhir(
    vault: string,
    account: Wasm.RpcAccount,
    signer: string,
    draft: Wasm.RecordDraft,
    place: number,
  ): Promise<Wasm.Mint> {
    if (!this.#fhir) throw new Error('no files were read');
    return this.storeRecord(vault, account, signer, draft, this.#fhir.content(place), () => {});
  }

  dropFhir(): void {
    this.#fhir?.free();
    this.#fhir = undefined;
  }

  /** Sends ciphertext as it comes, in pieces that the server takes; never more than one in memory. */
  async #upload(sealing: Wasm.Sealing, content: Blob, progress: (part: number) => void): Promise<string> {
    const { size } = sealing;
    const created = await this.#json<{ id: string; max_chunk_bytes: number }>('POST', '/v1/uploads', { size });
    const most = Math.min(CHUNK, created.max_chunk_bytes);
    const path = `/v1/uploads/${created.id}`;
    let [offset, waiting] = [0, new Uint8Array()];
    const send = async (ready: Uint8Array, last: boolean) => {
      waiting = joined(waiting, ready);
      while (waiting.length >= most || (last && waiting.length > 0)) {
        await this.#append(path, offset, waiting.subarray(0, most));
        offset += Math.min(most, waiting.length);
        waiting = waiting.slice(most);
        progress(offset / size);
      }
    };
    for await (const piece of pieces(content)) await send(sealing.push(piece), false);
    for (let ready = sealing.finish(); ready !== undefined; ready = sealing.finish()) await send(ready, false);
    await send(new Uint8Array(), true);
    return created.id;
  }

  /** Adds a piece at an offset, again where the connection breaks. */
  async #append(path: string, offset: number, piece: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { 'upload-offset': String(offset), 'content-type': 'application/partial-upload' };
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await this.#send('PATCH', path, headers, piece);
        // The piece was taken before the connection broke.
        const reached = Number(response.headers.get('upload-offset'));
        if (response.status === 409 && reached === offset + piece.length) return;
        await accepted(response);
        return;
      } catch (error) {
        if (!(error instanceof Unreachable) || attempt >= ATTEMPTS) throw error;
        await sleep(200 * 2 ** attempt);
      }
    }
  }

  /** What a record says of itself, from as much of it as that needs. */
  async details(held: HeldRecord, purpose: string, account: Wasm.RpcAccount): Promise<Wasm.Details> {
    const opening = await this.#opening(held, account);
    try {
      const response = await this.#content(held.record, purpose, { range: `bytes=0-${HEAD - 1}` });
      opening.push(new Uint8Array(await response.arrayBuffer()));
      // What is short comes whole.
      if (opening.details() === undefined) opening.finish();
      const details = opening.details();
      if (!details) throw new Error('the record says nothing of itself');
      return details;
    } finally {
      opening.free();
    }
  }

  /** Opens a record whole, checked against its account on chain. */
  async open(held: HeldRecord, purpose: string, account: Wasm.RpcAccount): Promise<Whole> {
    const opening = await this.#opening(held, account);
    try {
      const response = await this.#content(held.record, purpose);
      return await this.#whole(opening, held, response, response.body ?? []);
    } finally {
      opening.free();
    }
  }

  /** Decrypts all of a ciphertext. */
  async #whole(
    opening: Wasm.RecordOpening,
    held: HeldRecord,
    { headers }: Response,
    ciphertext: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<Whole> {
    const parts: Uint8Array[] = [];
    for await (const piece of ciphertext) parts.push(opening.push(piece));
    parts.push(opening.finish());
    const details = opening.details();
    if (!details) throw new Error('the record says nothing of itself');
    const issuance = opening.issuance(await this.#issuer(opening, held));
    return { details, content: joined(...parts), issuance, receipt: headers.get(RECEIPT) ?? undefined };
  }

  /** The issuer's credential as it was when the record was made. */
  async #issuer(opening: Wasm.RecordOpening, held: HeldRecord): Promise<Wasm.CredentialState | undefined> {
    const said = opening.issuance(undefined);
    if (said?.state !== 'unknown') return undefined;
    const path = `/v1/chain/credentials/${said.issue.credential}?as_of_slot=${held.minted_slot}`;
    try {
      return (await this.#json<{ data: Wasm.CredentialState }>('GET', path)).data;
    } catch (error) {
      if (error instanceof Refused && ['not_found', 'slot_out_of_range'].includes(error.problem.code)) return undefined;
      throw error;
    }
  }

  async #opening(held: HeldRecord, account: Wasm.RpcAccount): Promise<Wasm.RecordOpening> {
    const { RecordOpening } = await this.#wasm;
    return RecordOpening.ofRecord(held as Wasm.HeldRecord, account, this.#secrets(held.vault));
  }

  async #content(record: string, purpose: string, headers: Record<string, string> = {}): Promise<Response> {
    const response = await this.#send('GET', `/v1/records/${record}/content`, { ...headers, [PURPOSE]: purpose });
    return accepted(response);
  }

  /** The text by which the owner names who keeps shares for emergencies. */
  async custodianPlan(vault: string, threshold: number, custodians: Wasm.NewCustodian[], now: number): Promise<string> {
    return (await this.#wasm).custodianPlan(vault, threshold, custodians, now);
  }

  /** Who keeps shares while emergencies are allowed, as the owner signed it. */
  async custodiansOf(vault: string, account: Wasm.RpcAccount, plan: Wasm.SignedPlan) {
    return (await this.#wasm).custodiansOf(vault, account, plan);
  }

  /** Splits the keys of the records that the plan in effect does not cover yet. */
  async dealShares(
    vault: string,
    account: Wasm.RpcAccount,
    plan: Wasm.SignedPlan,
    dealt: Wasm.DealtShare[],
    records: HeldRecord[],
  ): Promise<object[]> {
    const { dealShares } = await this.#wasm;
    return dealShares(vault, account, plan, dealt, records as Wasm.HeldRecord[], this.#secrets(vault));
  }

  /** What a clinician is to sign to open records in an emergency. */
  async emergencyStatement(opening: Wasm.EmergencyOpening, clinician: string, account: Wasm.RpcAccount, now: number) {
    return (await this.#wasm).emergencyStatement(opening, clinician, account, now);
  }

  /** The statement, signed, as the server is given it. */
  async newEmergency(statement: string, signature: Uint8Array) {
    return (await this.#wasm).newEmergency(statement, signature);
  }

  /** What an opening says, where its clinician signed it and the chain has committed to it. */
  async readEmergency(opened: Wasm.OpenedEmergency, account: Wasm.RpcAccount) {
    return (await this.#wasm).readEmergency(opened, account);
  }

  /** How far custodians are with what a clinician opened. */
  async collected(vault: string, shares: Shares, records: readonly string[]): Promise<Released[]> {
    return collected(await this.#wasm, this.#secrets(vault), shares, records);
  }

  /** Opens a record whole by the shares of its key, checked against its account on chain. */
  async openByShares(held: HeldRecord, account: Wasm.RpcAccount, shares: Shares): Promise<Whole> {
    const response = await this.#content(held.record, 'ETREAT');
    const ciphertext = new Uint8Array(await response.arrayBuffer());
    const keys = this.#secrets(held.vault);
    const opening = openingByShares(await this.#wasm, keys, shares, held as Wasm.HeldRecord, account, ciphertext);
    try {
      return await this.#whole(opening, held, response, [ciphertext]);
    } finally {
      opening.free();
    }
  }

  /** The record that an item of the mailbox becomes. */
  async mailedRecord(item: Schema['MailboxItem']): Promise<Wasm.Mint> {
    return (await this.#wasm).mailedRecord(item as Wasm.MailboxItem);
  }

  /** Checks that what the server shows of a patient's log can be all of it. */
  async checkLog(kept: object, vault: string): Promise<{ entries: number }> {
    const { checkLog } = await this.#wasm;
    return { entries: checkLog(vault, kept as Wasm.KeptLog).entries.length };
  }

  /** A document of the server's. */
  async download(path: string, headers: Record<string, string>): Promise<Blob> {
    return (await accepted(await this.#send('GET', path, headers))).blob();
  }

  /**
   * Tells what happens to a vault as it happens, from after a notice's number on, or from now on. Ends where the
   * stream does; that is no error.
   */
  async follow(vault: string, after: string | undefined, told: (message: Message) => void): Promise<void> {
    const { messages } = await import('./events');
    const headers = { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) };
    const { body } = await accepted(await this.#send('GET', `/v1/events?patient=${vault}`, headers));
    if (!body) return;
    for await (const message of messages(body)) told(message);
  }

  /** Has a key file open what was encrypted to it. Gives the public keys, hex. */
  async useKeyFile(use: KeyUse, file: Uint8Array): Promise<string[]> {
    const { SecretKeys } = await this.#wasm;
    const keys = SecretKeys.fromFile(file);
    this.#take(use, keys);
    return keys.encryptionKeys;
  }

  /** The text whose signature the own reading key follows from. */
  async messageToRead(site: Wasm.Site, wallet: string): Promise<string> {
    return textForKey(await this.#wasm, site, wallet);
  }

  /** Uses the key that follows from the wallet, if it is `known`. Says whether it is. */
  async useWalletKey(
    use: KeyUse,
    site: Wasm.Site,
    wallet: string,
    signature: Uint8Array,
    known: string,
  ): Promise<boolean> {
    const keys = keyOfWallet(await this.#wasm, site, wallet, signature, known);
    if (keys) this.#take(use, keys);
    return keys !== undefined;
  }

  /** The public key, hex, that follows from the wallet, to be attested. */
  async publicKeyToRead(site: Wasm.Site, wallet: string, first: Uint8Array, second: Uint8Array): Promise<string> {
    return publicKeyOfWallet(await this.#wasm, site, wallet, first, second);
  }

  #take(use: KeyUse, keys: Wasm.SecretKeys): void {
    this.#keys[use]?.free();
    this.#keys[use] = keys;
  }

  /** What opens the contents of a vault: the own one's keys, and a provider's for everybody else's. */
  #secrets(vault: string): Wasm.SecretKeys {
    if (this.#unlocked?.vault === vault) {
      this.#ownKeys ??= this.#unlocked.secretKeys();
      return this.#ownKeys;
    }
    if (!this.#keys.reading) throw new Error('there is no key at hand for these records');
    return this.#keys.reading;
  }

  /** A text to the patient of a vault, for them alone, in base64. */
  async sealMessage(vault: string, account: Wasm.RpcAccount, text: string): Promise<string> {
    return sealText(await this.#wasm, vault, account, text);
  }

  /** What somebody wrote to the own vault. */
  async openMessage(vault: string, sealed: string): Promise<string> {
    return openText(await this.#wasm, vault, this.#secrets(vault), sealed);
  }

  /** Who somebody is, as far as the accounts of credential and registrar vouch for what is published of them. */
  async named(
    subject: string,
    credential: { address: string; account: Wasm.RpcAccount },
    registrar: Wasm.RpcAccount,
    published: Wasm.PublishedProfile[],
  ): Promise<Wasm.Named | undefined> {
    const { named } = await this.#wasm;
    return named(subject, credential.address, credential.account, registrar, published, Date.now() / 1000);
  }

  /** Asks the server in the name of who signed in; reads for a purpose are signed (RFC 9421). */
  async ask({ method, path, headers, body }: Asked): Promise<Answered> {
    const response = await this.#send(method, path, headers, body);
    return { status: response.status, headers: [...response.headers], body: await response.text() };
  }

  async #send(method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<Response> {
    const all: Record<string, string> = { ...headers };
    if (this.#token) all.authorization = `Bearer ${this.#token}`;
    const purpose = headers[PURPOSE];
    if (purpose !== undefined && method === 'GET' && this.#requestKey) {
      const url = new URL(path, location.origin);
      const at = Date.now() / 1000 + this.#ahead;
      const read = { method, path: url.pathname, query: url.search.slice(1), purpose };
      const { signatureInput, signature } = this.#requestKey.sign(read, Math.floor(at));
      Object.assign(all, { 'signature-input': signatureInput, signature });
    }
    try {
      return await fetch(path, { method, headers: all, body: body ?? null, cache: 'no-store', redirect: 'error' });
    } catch (error) {
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  async #json<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.#send(method, path, { 'content-type': 'application/json', ...headers }, sent);
    return (await accepted(response)).json() as Promise<T>;
  }
}

async function load(): Promise<typeof Wasm> {
  const wasm = await import('./pkg/aegle_web');
  await wasm.default({ module_or_path: wasmUrl });
  return wasm;
}

async function* pieces(content: Blob): AsyncGenerator<Uint8Array> {
  const reader = content.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Makes an error of a refusal. */
async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({
    code: 'unknown',
    title: 'The server refused',
    detail: `The server answered with status ${response.status}.`,
    status: response.status,
    request_id: '',
  }));
  throw new Refused(problem, response.headers.get(RECEIPT) ?? undefined);
}
