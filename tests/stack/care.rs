//! A patient's records from encryption to a provider's eyes, and back from the loss of everything, through
//! ledger, server and client.

use std::{collections::BTreeSet, io::Cursor, time::Duration};

use aegle_api_client::{
    Api, Origin, Pay, Secrets, Session, Unlocked, consent,
    keyring::{self, Guardians, Way},
    mailbox,
    record::{self, Draft, Issuance, Issuer, Query, Sealed},
    recovery::{self, Prepared},
    wire::KeyState,
    wrap,
};
use aegle_client::{
    Pubkey,
    aegle::{
        AddDelegateParams, AddRegistrarParams, ApproveRecoveryParams, ChangeGuardiansParams, CreateVaultParams,
        IssueCredentialParams, ProposeRecoveryParams,
    },
    commitment::GuardianList,
    id, instruction, pda,
    state::{Action, CredentialKind, CredentialTerms, Purpose, Recovery, Right, Vault, day_of},
};
use aegle_decision::{Base, Key, Labels, Policy};
use aegle_envelope::{EncryptionKey, RootSecret, SecretKey, keyring::Guardian};
use aegle_stack::indexer::Settings;
use rand::rngs::OsRng;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use sqlx::{Connection, PgConnection};

use crate::stack::Stack;

pub const WITHIN: Duration = Duration::from_secs(40);
const LETTER: &[u8] = b"{\"resourceType\":\"Bundle\",\"type\":\"document\",\"note\":\"marker of the letter\"}";
pub const RESULT: &[u8] = b"{\"resourceType\":\"Observation\",\"note\":\"marker of the result\"}";

pub struct Care {
    pub stack: Stack,
    pub api: Api,
    pub today: u32,
}

/// A provider whom a registrar attests.
pub struct Provider {
    pub key: Keypair,
    pub secrets: Secrets,
    credential: Key,
}

impl Care {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings of the indexer.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let stack = Stack::start(change).await;
        let url = &stack.indexer.api.url;
        let api = Api::new(url, Origin::of(url).expect("origin")).expect("API");
        let now = stack.operator.sender.reader().now().await.expect("clock");
        Self { today: day_of(now).expect("day"), stack, api }
    }

    pub fn pay(&self) -> Pay<'_> {
        Pay::Own(&self.stack.operator.sender)
    }

    /// Sends and waits until the mirror has it.
    pub async fn send(&self, instruction: Instruction, signers: &[&Keypair]) {
        let sent = self.stack.operator.sender.send(&[instruction], signers).await.expect("sent");
        self.confirmed(sent.slot).await;
    }

    pub async fn confirmed(&self, slot: u64) {
        self.api.reached(slot, false, WITHIN).await.expect("confirmed");
    }

    pub async fn finalized(&self, slot: u64) {
        self.api.reached(slot, true, WITHIN).await.expect("final");
    }

    pub async fn vault(&self, vault: &Key) -> Vault {
        self.stack.operator.sender.account("vault", &Pubkey::from(vault.0)).await.expect("vault")
    }

    pub async fn sign_in(&self, key: &Keypair) -> Session {
        Session::sign_in(&self.api, key, None).await.expect("session")
    }

    pub async fn provider(&self) -> Provider {
        self.attested(CredentialKind::Practitioner).await
    }

    /// Somebody with a credential of that kind.
    pub async fn attested(&self, kind: CredentialKind) -> Provider {
        let (board, key, secret) = (Keypair::new(), Keypair::new(), SecretKey::generate(&mut OsRng));
        let (governance, payer) = (&self.stack.upgrade_authority, self.stack.operator.payer());
        let params = AddRegistrarParams { authority: board.pubkey(), kinds: kind.bit(), profile_commitment: [1; 32] };
        self.send(instruction::add_registrar(governance.pubkey(), payer, params), &[governance]).await;
        let terms = CredentialTerms {
            emergency: false,
            encryption_key: secret.encryption_key().0,
            profile_commitment: [2; 32],
            from_day: self.today,
            until_day: self.today + 30,
        };
        let params = IssueCredentialParams { subject: key.pubkey(), kind, terms };
        self.send(instruction::issue_credential(board.pubkey(), payer, params), &[&board]).await;
        let credential = pda::find_credential(&pda::find_registrar(&board.pubkey()).0, &key.pubkey()).0;
        Provider { key, secrets: secret.into(), credential: Key(credential.to_bytes()) }
    }

    /// Has the server tell another key to encrypt to for a grantee; gives the one that it told before.
    async fn name_another_key(&self, grantee: &Key, key: EncryptionKey) -> EncryptionKey {
        let mut database = PgConnection::connect(&self.stack.settings.database_url).await.expect("database");
        let told: Vec<u8> = sqlx::query_scalar(
            "UPDATE protected.opening new SET encryption_key = $1 FROM protected.opening old
             WHERE new.grantee = $2 AND old.consent = new.consent RETURNING old.encryption_key::bytea",
        )
        .bind(&key.0[..])
        .bind(&grantee.0[..])
        .fetch_one(&mut database)
        .await
        .expect("one opening");
        database.close().await.expect("close");
        EncryptionKey(told.try_into().expect("32 bytes"))
    }

    /// A vault whose key derives from a root secret, unlocked.
    pub async fn create_vault(&self, owner: &Keypair) -> Unlocked {
        let vault_id = id::vault_id(&mut OsRng);
        let vault = Key(pda::find_vault(&vault_id).0.to_bytes());
        let unlocked = Unlocked::new(vault, 0, RootSecret::generate(&mut OsRng));
        let params = CreateVaultParams { vault_id, encryption_key: unlocked.encryption_key().expect("key").0 };
        self.send(instruction::create_vault(owner.pubkey(), self.stack.operator.payer(), params), &[owner]).await;
        unlocked
    }

    pub fn sealed(&self, vault: Key, content: &[u8], provider: &Provider) -> Sealed {
        let labels = Labels {
            kind: Default::default(),
            categories: BTreeSet::from(["laboratory".parse().expect("category")]),
            types: BTreeSet::from(["Observation".parse().expect("type")]),
            from: None,
            until: None,
            study: None,
            sensitivity: BTreeSet::new(),
            author: Some(key_of(&provider.key)),
        };
        let draft = Draft {
            labels,
            media_type: "application/fhir+json".into(),
            title: Some("Potassium".into()),
            codes: Vec::new(),
            author: None,
            issued: None,
        };
        let issuer = Issuer { credential: provider.credential, key: &provider.key };
        Sealed::new(vault, draft, &mut Cursor::new(content), Some(issuer), &mut OsRng).expect("sealed")
    }

    pub async fn open(&self, session: &Session, secrets: &Secrets, purpose: Purpose, record: Key) -> Vec<u8> {
        let mut content = Vec::new();
        let reader = self.stack.operator.sender.reader();
        let opened = record::open(session, reader, secrets, purpose, record, &mut content, &|_, _| {}).await;
        let opened = opened.expect("opened");
        assert!(opened.issuer.holds(), "{:?}", opened.issuer);
        assert_eq!(opened.held.record, record);
        content
    }
}

/// A policy that opens nothing.
pub fn nothing() -> Policy {
    Policy {
        kind: Default::default(),
        base: Base::Deny,
        permit: Vec::new(),
        deny: Vec::new(),
        sensitivity: BTreeSet::new(),
        erase_by: None,
        preview: None,
        recipient: None,
    }
}

pub fn key_of(key: &Keypair) -> Key {
    Key(key.pubkey().to_bytes())
}

/// INV-1, INV-2, INV-8: what a patient adds, a provider opens and verifies while it is allowed and not a
/// moment longer; the patient reads it again by the code on paper, and through the guardians; an agent that
/// may only mint takes a result in and cannot read it.
#[tokio::test(flavor = "multi_thread")]
async fn a_patient_shares_loses_everything_and_reads_again() {
    let care = Care::start().await;
    let (pay, reader, quiet) = (care.pay(), care.stack.operator.sender.reader(), &|_, _| {});
    let (owner, heir, agent, stranger) = (Keypair::new(), Keypair::new(), Keypair::new(), Keypair::new());
    let provider = care.provider().await;
    let unlocked = care.create_vault(&owner).await;
    let (vault, address) = (unlocked.vault(), Pubkey::from(unlocked.vault().0));

    // Guardians on chain, and a keyring that the wallet, a code and two of them open.
    let helpers: Vec<(Keypair, SecretKey)> =
        (0..3).map(|_| (Keypair::new(), SecretKey::generate(&mut OsRng))).collect();
    let keys: Vec<Pubkey> = helpers.iter().map(|(key, _)| key.pubkey()).collect();
    let list = GuardianList::new(address, &keys, &mut OsRng);
    let params = ChangeGuardiansParams {
        guardians: list.guardians(2, 1),
        expected: instruction::expected(&care.vault(&vault).await),
    };
    care.send(instruction::change_guardians(address, params), &[&owner]).await;
    let guardians: Vec<Guardian> = helpers
        .iter()
        .map(|(key, secret)| Guardian { guardian: key_of(key), encryption_key: secret.encryption_key() })
        .collect();
    let guardians = Guardians { threshold: 2, guardians: &guardians };
    let session = care.sign_in(&owner).await;
    let made = keyring::make(care.api.origin(), &owner, &unlocked, Some(guardians), None, &mut OsRng).expect("keyring");
    keyring::store(&session, &made.keyring).await.expect("stored");

    // A record.
    let sealed = care.sealed(vault, LETTER, &provider);
    let added = record::add(&session, &pay, &owner, vault, sealed, &mut OsRng, quiet).await.expect("added");
    care.finalized(added.sent.slot).await;
    assert_eq!(care.open(&session, &unlocked.secrets(), Purpose::PatientRequest, added.record).await, LETTER);

    // Nobody else.
    let at_work = care.sign_in(&provider.key).await;
    let refused = record::list(&at_work, Purpose::Treatment, vault, &Query::default()).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")));

    // Allowed, by what was shown.
    let policy = Policy { base: Base::AllNormal, ..nothing() };
    let purposes = Purpose::Treatment as u16;
    let shown = consent::draft(&session, vault, purposes, &policy).await.expect("preview");
    assert_eq!((&shown.records[..], shown.withheld), (&[added.record][..], 0));
    let grantee = key_of(&provider.key);
    let grant = consent::Grant {
        grantee,
        encryption_key: consent::key_of(&session, &pay, &grantee).await.expect("key").expect("attested"),
        purposes,
        actions: Action::Read as u8,
        from_day: care.today,
        until_day: care.today + 30,
        policy,
    };
    let granted = consent::grant(&session, &pay, &owner, &unlocked, grant, &shown, &mut OsRng).await.expect("granted");
    assert_eq!(granted.wrapped, 1);
    care.finalized(granted.sent.slot).await;
    let patients = record::patients(&at_work, Purpose::Treatment).await.expect("patients");
    assert_eq!(patients.iter().map(|patient| patient.patient).collect::<Vec<_>>(), [vault]);
    let held = record::list(&at_work, Purpose::Treatment, vault, &Query::default()).await.expect("records");
    assert!(matches!(held[..], [ref held] if matches!(held.key, KeyState::Wrapped { mail: false, .. })));
    assert_eq!(care.open(&at_work, &provider.secrets, Purpose::Treatment, added.record).await, LETTER);
    let explained = consent::explain(&session, vault, grantee, Purpose::Treatment).await.expect("explained");
    assert!(explained.records.iter().all(|record| record.verdict.permits()) && explained.refusal.is_none());

    // And no longer.
    let revoked = consent::revoke(&pay, &owner, vault, granted.consent).await.expect("revoked");
    care.confirmed(revoked.slot).await;
    let refused = record::get(&at_work, Purpose::Treatment, added.record).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")));
    assert!(record::patients(&at_work, Purpose::Treatment).await.expect("patients").is_empty());

    // A new machine, the code on paper.
    let elsewhere = care.sign_in(&owner).await;
    let code = made.code.text().parse().expect("code");
    let by_code = keyring::unlock(&elsewhere, reader, vault, Way::Code(&code)).await.expect("unlocked");
    assert_eq!(care.open(&elsewhere, &by_code.secrets(), Purpose::PatientRequest, added.record).await, LETTER);
    let by_wallet = keyring::unlock(&elsewhere, reader, vault, Way::Wallet(&owner)).await.expect("unlocked");
    assert_eq!(by_wallet.encryption_key().expect("key"), unlocked.encryption_key().expect("key"));
    let other = aegle_envelope::RecoveryCode::generate(&mut OsRng);
    assert!(keyring::unlock(&elsewhere, reader, vault, Way::Code(&other)).await.is_err(), "another's code");

    // A result by mail, taken in by an agent that may mint and nothing else.
    let state = care.vault(&vault).await;
    let params = AddDelegateParams {
        key: agent.pubkey(),
        rights: Right::Mint as u8,
        until_day: care.today + 30,
        expected: instruction::expected(&state),
    };
    let delegating = instruction::add_delegate(address, care.stack.operator.payer(), params);
    let delegated = care.stack.operator.sender.send(&[delegating], &[&owner]).await.expect("delegated");
    // Kin whom no registrar attests: their key is believed from the patient, and from no server.
    let kin = SecretKey::generate(&mut OsRng).encryption_key();
    let purposes = Purpose::FamilyRequest as u16;
    let policy = Policy { base: Base::AllNormal, ..nothing() };
    let shown = consent::draft(&session, vault, purposes, &policy).await.expect("preview");
    let grant = consent::Grant {
        grantee: key_of(&stranger),
        encryption_key: kin,
        purposes,
        actions: Action::Read as u8,
        from_day: care.today,
        until_day: care.today + 30,
        policy,
    };
    assert_eq!(consent::key_of(&session, &pay, &grant.grantee).await.expect("asked"), None);
    let allowed = consent::grant(&session, &pay, &owner, &unlocked, grant, &shown, &mut OsRng).await.expect("granted");
    assert_eq!(allowed.wrapped, 1);
    let sealed = care.sealed(vault, RESULT, &provider);
    let posted = mailbox::post(&at_work, reader, sealed, &mut OsRng, quiet).await.expect("posted");
    let sealed = care.sealed(vault, RESULT, &provider);
    let unknown = care.sign_in(&stranger).await;
    let refused = mailbox::post(&unknown, reader, sealed, &mut OsRng, quiet).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")), "nobody attests the stranger");
    care.finalized(delegated.slot).await;
    let helping = care.sign_in(&agent).await;
    let items = mailbox::list(&helping, Some(vault)).await.expect("mailbox");
    assert_eq!(items.iter().map(|item| item.item).collect::<Vec<_>>(), [posted.item]);
    let mut read = Vec::new();
    let (_, issuer) =
        mailbox::open(&session, &items[0], &unlocked.secrets(), &mut read, quiet).await.expect("read before");
    assert!(read == RESULT && issuer.holds());
    let accepted = mailbox::accept(&helping, &pay, &agent, &items[0]).await.expect("accepted");
    let result = accepted.record;
    care.finalized(accepted.sent.expect("minted").slot).await;
    assert_eq!(care.open(&session, &unlocked.secrets(), Purpose::PatientRequest, result).await, RESULT);
    // A server that names another key for kin gets nothing; with the one that was signed they get the result.
    let named = care.name_another_key(&key_of(&stranger), EncryptionKey([9; 32])).await;
    assert_eq!(named, kin);
    let filled = wrap::fill(&session, reader, &unlocked, &[], &mut OsRng).await.expect("filled");
    let lie = (key_of(&stranger), EncryptionKey([9; 32]));
    assert_eq!((filled.stored, &filled.unproven[..]), (1, &[lie][..]), "the owner's own alone");
    care.name_another_key(&key_of(&stranger), kin).await;
    let filled = wrap::fill(&session, reader, &unlocked, &[], &mut OsRng).await.expect("filled");
    assert_eq!((filled.stored, filled.unproven.len()), (1, 0));
    let refused = record::get(&helping, Purpose::Treatment, result).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")), "the agent takes in and does not read");
    assert!(mailbox::list(&session, Some(vault)).await.expect("mailbox").is_empty());

    // Kin got the letter's key and not the letter; no longer allowed, that key is made worthless.
    let family = Purpose::FamilyRequest;
    let given = record::get(&unknown, family, added.record).await.expect("allowed");
    assert!(matches!(given.key, KeyState::Wrapped { .. }));
    assert!(wrap::exposed(&session, vault).await.expect("listed").is_empty());
    let revoked = consent::revoke(&pay, &owner, vault, allowed.consent).await.expect("revoked");
    care.finalized(revoked.slot).await;
    let mut exposed = BTreeSet::new();
    for _ in 0..100 {
        exposed = wrap::exposed(&session, vault).await.expect("listed");
        if !exposed.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(exposed, BTreeSet::from([added.record]), "the one whose key was fetched");
    let secrets = unlocked.secrets();
    record::encrypt_anew(&session, reader, &secrets, added.record, &mut OsRng, quiet).await.expect("encrypted anew");
    assert!(wrap::exposed(&session, vault).await.expect("listed").is_empty());
    assert_eq!(care.open(&session, &secrets, Purpose::PatientRequest, added.record).await, LETTER);

    // The wallet is lost with the code. Two guardians hand the vault to a new wallet, and their shares.
    let prepared = recovery::prepare(reader, vault, &mut OsRng).await.expect("prepared");
    let recovery = recover(&care, &vault, &list, &helpers, &heir, &prepared).await;
    for (key, secret) in &helpers[..2] {
        let helping = care.sign_in(key).await;
        recovery::hand_over(&helping, reader, secret, recovery, &mut OsRng).await.expect("handed over");
    }
    let after = care.sign_in(&heir).await;
    let (taken, _) = recovery::take_over(&after, reader, &heir, &prepared, None, &mut OsRng).await.expect("taken over");
    assert_eq!(care.open(&after, &taken.secrets(), Purpose::PatientRequest, added.record).await, LETTER);
    let filled = wrap::fill(&after, reader, &taken, &[], &mut OsRng).await.expect("wrapped anew");
    assert_eq!((filled.stored, &filled.unproven[..], &filled.unreadable[..]), (2, &[][..], &[][..]));
    let newest = Secrets::from(prepared.root.vault_key(&vault, prepared.key_epoch));
    for (record, content) in [(added.record, LETTER), (result, RESULT)] {
        assert_eq!(care.open(&after, &newest, Purpose::PatientRequest, record).await, content);
    }
    let refused = record::get(&session, Purpose::PatientRequest, added.record).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")), "the old key");
    let refused = keyring::list(&session, vault).await.err();
    assert!(refused.is_some_and(|error| error.is("not_permitted")), "the old key");

    session.end(None).await.expect("ended");
    let refused = session.sessions().await.err();
    assert!(refused.is_some_and(|error| error.is("session_ended")));
    care.stack.verify().await;
    care.stack.stop().await;
}

/// Two guardians give the vault to `heir`, on chain.
async fn recover(
    care: &Care,
    vault: &Key,
    list: &GuardianList,
    helpers: &[(Keypair, SecretKey)],
    heir: &Keypair,
    prepared: &Prepared,
) -> Key {
    let (address, state) = (Pubkey::from(vault.0), care.vault(vault).await);
    let recovery_id = id::recovery_id(&mut OsRng, &address);
    let recovery = pda::find_recovery(&address, &recovery_id).0;
    let [(first, _), (second, _), ..] = helpers else { panic!("two guardians") };
    let opening = |key: &Keypair| list.opening(&key.pubkey()).expect("guardian");
    let params = ProposeRecoveryParams {
        recovery_id,
        new_owner: heir.pubkey(),
        new_encryption_key: prepared.encryption_key().0,
        opening: opening(first),
        guardian_epoch: state.guardian_epoch,
        delegate_epoch: state.delegate_epoch,
    };
    let payer = care.stack.operator.payer();
    care.send(instruction::propose_recovery(address, first.pubkey(), payer, params), &[first]).await;
    let params = ApproveRecoveryParams { opening: opening(second) };
    care.send(instruction::approve_recovery(address, second.pubkey(), recovery, params), &[second]).await;
    let sender = &care.stack.operator.sender;
    let pending: Recovery = sender.account("recovery", &recovery).await.expect("recovery");
    while sender.reader().now().await.expect("clock") < pending.executable_at {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let execute = instruction::execute_recovery(address, heir.pubkey(), recovery);
    let executed = sender.send(&[execute], &[heir]).await.expect("executed");
    care.finalized(executed.slot).await;
    Key(recovery.to_bytes())
}

/// A signature over other content, and one under another's credential, are seen for what they are.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuers_signature_is_held_against_the_chain() {
    let care = Care::start().await;
    let (provider, other) = (care.provider().await, care.provider().await);
    let vault = care.create_vault(&Keypair::new()).await.vault();
    let slot = care.api.mirror().await.expect("mirror").confirmed_slot;
    let sealed = care.sealed(vault, RESULT, &provider);
    let issuance = record::issuance(&care.api, sealed.manifest(), slot).await.expect("judged");
    assert!(issuance.holds());
    let stolen = Provider { credential: other.credential, ..provider };
    let sealed = care.sealed(vault, RESULT, &stolen);
    let issuance = record::issuance(&care.api, sealed.manifest(), slot).await.expect("judged");
    assert!(matches!(issuance, Issuance::False { .. }), "{issuance:?}");
    let unknown = record::issuance(&care.api, sealed.manifest(), slot + 1_000_000).await.expect("judged");
    assert!(matches!(unknown, Issuance::Unknown { .. }), "a slot that the mirror does not have: {unknown:?}");
    care.stack.stop().await;
}
