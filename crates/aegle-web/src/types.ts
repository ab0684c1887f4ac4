/** Base58 of 32 bytes: an address or a key. */
export type Key = string;
/** Lowercase hex. */
export type Hex = string;
/** An error thrown here: `code` is stable, the message a sentence. */
export interface CoreError extends Error { code: string }
/** An account as JSON-RPC tells it with `encoding: "base64"`. */
export interface RpcAccount { owner: Key; data: [string, "base64"] }
/** Where wallets are asked to sign: `location.host` and `location.origin`. */
export interface Site { domain: string; uri: string }

export interface CheckedChallenge {
  /** For the answer to the server. */
  challenge: string;
  /** The text to sign. */
  message: string;
  /** The server's clock, in seconds since the Unix epoch. */
  issuedAt: number;
}
export interface SignedRead { method: string; path: string; query?: string; purpose: string }
export interface RequestSignature { signatureInput: string; signature: string }

/** An item of `GET /v1/keyrings`. */
export interface StoredKeyring { keyring: string }
/** Body of `POST /v1/keyrings`. */
export interface NewKeyring { vault: Key; key_epoch: number; keyring: string; shares: { guardian: Key; share: string }[] }
export interface NewGuardians { threshold: number; guardians: { guardian: Key; encryptionKey: Hex }[] }
/** What a guardian is handed, as the command line writes it: what shows on chain that they are one. */
export interface GuardianFile {
  kind: "aegle:guardian-opening:v1"; vault: Key; guardian: Key; index: number; salt: Hex; commitments: Hex[];
}
/** What `change_guardians` is told, and the files: for the owner, and for each guardian in order. */
export interface GuardianList {
  count: number; commitment: Hex; each: GuardianFile[];
  all: { kind: "aegle:guardian-list:v1"; vault: Key; guardians: { guardian: Key; salt: Hex }[] };
}
/** An item of `GET /v1/guardian-shares`. */
export interface KeptShare { vault: Key; key_epoch: number; guardian: Key; holder: Key; share: string }
/** Body of `POST /v1/guardian-shares`. */
export interface HandedShare { vault: Key; key_epoch: number; holder: Key; share: string }

/** What the server may know of a record. Days are YYYY-MM-DD. */
export interface Labels {
  kind: "aegle:labels:v1"; categories: string[]; types?: string[]; from?: string; until?: string; study?: Key;
  sensitivity?: string[]; author?: Key;
}
export interface Coding { system: string; code: string; display?: string }
/** What is said of a record that is about to be encrypted; only the labels reach the server. */
export interface RecordDraft {
  labels: Labels; media_type: string; title?: string; codes?: Coding[]; author?: string; issued?: string;
}
export interface Measured { length: number; sha256: Hex }
/** Who answers for a content: the wallet's signature over `issueMessage`. */
export interface Issue { credential: Key; issuer: Key; signature: Hex }
/** What only readers learn of a record. */
export interface Details {
  kind: "aegle:details:v1"; vault: Key; media_type: string; length: number; content_sha256: Hex; title?: string;
  codes?: Coding[]; author?: string; issued?: string; issue?: Issue;
}
export interface LabelsOpening { salt: Hex; labels: string; labels_salt: Hex; details_commitment: Hex }
/** What `mint_record` and `amend_record` are told. */
export interface Mint { record: Key; recordId: Hex; commitment: Hex }
/** Answer of `GET /v1/custodians`. */
export interface SignedPlan { plan: string | null; signature: string | null }
/** Somebody to keep shares, with the credential that attests it and its registrar. */
export interface NewCustodian { custodian: Key; credential: RpcAccount; registrar: RpcAccount }
/** Who keeps shares, and how many of them together have a key. */
export interface Custodians { threshold: number; custodians: Key[] }
/** An item of `GET /v1/custodian-shares`. */
export interface DealtShare { record: Key; custodian: Key; recipient: Hex; threshold: number }
/** What to open in an emergency: 1 to 256 records, a reason of one line, for so many seconds. */
export interface EmergencyOpening { vault: Key; records: Key[]; reason: string; credential: Key; seconds: number }
/** Body of `POST /v1/emergencies`. */
export interface NewEmergency { statement: string; signature: string; salt: Hex }
/** An item of `GET /v1/emergencies`. */
export interface OpenedEmergency {
  break_glass: Key; vault: Key; clinician: Key; statement: string; signature: string; salt: Hex; opened: boolean;
  reviewed: boolean; stored_at: string;
}
/** An opening that is on chain, as its clinician signed it. `expiresAt` is in seconds since the Unix epoch. */
export interface Emergency {
  breakGlass: Key; vault: Key; clinician: Key; credential: Key; reason: string; records: Key[]; expiresAt: number;
  reviewed: boolean;
}
/** An item of `GET /v1/emergencies/{break_glass}/shares`. */
export interface ReleasedShare { record: Key; custodian: Key; threshold: number; share: string }
/** An item of `GET /v1/records`. */
export interface HeldRecord {
  record: Key; vault: Key; status: "active" | "amended" | "entered_in_error" | "erased"; version: number;
  previous: Key | null; minted_slot: number; minted_at: string; size: number; opening: LabelsOpening;
  key: { state: "wrapped"; recipient: Hex; wrapped_key: string; mail: boolean } | { state: "key_pending" };
  consent: Key | null;
}
/** An item of `GET /v1/mailbox`. */
export interface MailboxItem {
  item: Hex; vault: Key; sender: Key; practitioner: Key | null; size: number; opening: LabelsOpening; recipient: Hex;
  wrapped_key: string; posted_at: string;
}
/** A credential as `GET /v1/chain/credentials/{credential}` tells it as of a slot. */
export interface CredentialState {
  credential: Key; registrar: Key; subject: Key; kind: string; in_effect: boolean; reason: string | null;
}
/** Who answers for a content; `unknown` while the credential is not named. */
export type Issuance =
  | { state: "unsigned" }
  | { state: "signed"; issue: Issue; credential: CredentialState }
  | { state: "unknown"; issue: Issue }
  | { state: "false"; reason: string };

export interface PolicyRule {
  categories?: string[]; types?: string[]; from?: string; until?: string; records?: Key[]; authors?: Key[]; studies?: Key[];
}
/** What a consent opens, see docs/access.md. */
export interface Policy {
  kind: "aegle:policy:v1" | "aegle:policy:v2"; base?: "deny" | "basic-normal" | "all-normal" | "break-glass-only";
  permit?: PolicyRule[]; deny?: PolicyRule[]; sensitivity?: string[]; erase_by?: string; preview?: Hex; recipient?: Hex;
}
export interface Preview { kind: "aegle:preview:v1"; vault: Key; purposes: number; records: Key[]; withheld: number }
/** Answer of `POST /v1/consents/draft`. */
export interface DraftPreview { records: Key[]; withheld: number; preview: string; hash: Hex }
/** Days count from the Unix epoch, UTC; the first in effect, the first no more. */
export interface NewGrant {
  grantee: Key; encryptionKey: Hex; purposes: number; actions: number; fromDay: number; untilDay: number; policy: Policy;
}
/** What `grant_consent` is told, beside the owner and epochs that the vault has. */
export interface ConsentTerms {
  consent: Key; consent_id: Hex; handle: Hex; policy_commitment: Hex; purposes: number; actions: number;
  from_day: number; until_day: number;
}
/** An item of `GET /v1/consents`. */
export interface HeldConsent {
  consent: Key; vault: Key; consent_id: Hex; grantee: Key; salt: Hex; policy: string; policy_salt: Hex;
  encryption_key: Hex; opened: boolean; revoked: boolean;
}
/** An item of `GET /v1/wraps/pending`. */
export interface PendingWrap { record: Key; holder: Key; recipient: Hex }

/** An item of `GET /v1/profiles`. */
export interface PublishedProfile { account: Key; salt: Hex; profile: string }
/** Who a key belongs to; `registrar` is the name of who attests it. */
export interface Named { name: string | null; specialty: string | null; registrar: string | null; in_effect: boolean }

export interface LogTree { size: number; root: Hex }
export interface InclusionProof { index: number; size: number; path: Hex[] }
export interface ConsistencyProof { from: number; to: number; path: Hex[] }
/** `GET /v1/disclosures/head` and every page of `GET /v1/disclosures`, with the log's key and the sign-ins named. */
export interface KeptLog {
  verifier: string; checkpoint: string; head: object;
  entries: { index: number; number: number; entry: string; salt: Hex; link_salt: Hex }[];
  sign_ins: { message: string; signature: string; practitioner_signature?: string }[];
}
/** What a request came to, see docs/disclosures.md. */
export interface LogEntry {
  vault: Key; at: number; finalized_slot: number; confirmed_slot: number; caller: { key: Key; practitioner: Key | null };
  purpose?: string; operation: string; record?: Key; outcome: Record<string, unknown>; [other: string]: unknown;
}
export interface CheckedLog {
  log: string; tree: LogTree; entries: { index: number; number: number; commitment: Hex; entry: LogEntry }[];
}
export interface CheckpointSaid { log: string; tree: LogTree; heads: Hex }
export interface ReceiptReport {
  /** Whether nothing contradicts it. */
  holds: boolean;
  /** Whether the decision was made again, with everything that it rests on. */
  replayed: boolean;
  checks: { found: "holds" | "contradicts" | "not_checked"; what: string }[];
  entry: LogEntry | null;
}
/** An item of `getProgramAccounts`. */
export interface ListedAccount { pubkey: Key; account: RpcAccount }

export interface FhirPatient { id: string; name: string | null; birthDate: string | null }
export interface FhirReport {
  read: number; mapped: number; left: { why: string; what: string; count: number }[]; problems: string[];
}
export interface Vocabulary {
  categories: { code: string; name: string }[]; sensitivities: { code: string; name: string }[];
  purposes: { code: string; bit: number }[];
}
export interface ProgramRefusal { code: number; name: string; message: string; advice: string }
