//! Random actions: mostly what somebody would sensibly do in the present state, with a slip here and
//! there, such as another signer, account, epoch or opening, or an old transaction sent only now.

use std::collections::HashMap;

use aegle_client::{
    PROGRAM_ID, Pubkey,
    aegle::{
        AddDelegateParams, AddRegistrarParams, AnchorAuditRootParams, ApproveRecoveryParams, ChangeGuardiansParams,
        CheckConsentParams, CreateVaultParams, GrantConsentParams, InitConfigParams, IssueCredentialParams,
        NewRecordParams, OpenBreakGlassParams, ProposeRecoveryParams, ReissueRecordParams, RenewCredentialParams,
        RotateKeyParams, SetDelegateMintCapParams, SetEmergencyPolicyParams, accounts,
        state::{
            AuditRoot, BreakGlass, Consent, Credential, CredentialKind, CredentialStatus, CredentialTerms, Delegate,
            Expected, GuardianOpening, Guardians, Record, RecordStatus, Recovery, RecoveryStatus, Registrar, Vault,
        },
    },
    commitment::{GuardianList, Opening},
    event::event_authority,
};
use anchor_spl::token_2022::ID as TOKEN_2022;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use solana_sdk_ids::system_program::ID as SYSTEM;

use crate::{
    actors::{
        DELEGATES, GOVERNANCE, GRANTEES, GUARDIANS, HEIRS, OPERATORS, OWNERS, POOR, REGISTRARS, RELAY, SPONSOR,
        STRANGER, SUBJECTS, THIEF, UPGRADE_AUTHORITY, id, wallets,
    },
    call::{Args, Call, Kind},
    reference::{Content, DAY, Ledger, find, program_data_address, rent},
};

/// How many transactions are kept to be sent later.
const HELD_BACK: usize = 16;
const RECORD_URI: &str = "https://aegle.example/token/record.json";

/// What a sequence does most.
const THEMES: [&[Kind]; 6] = [
    &[],
    &[Kind::MintRecord, Kind::AmendRecord, Kind::EraseRecord, Kind::ReissueRecord, Kind::BurnToken],
    &[Kind::GrantConsent, Kind::RevokeConsent, Kind::RevokeAllConsents, Kind::CheckConsent, Kind::AddDelegate],
    &[
        Kind::ChangeGuardians,
        Kind::ApplyGuardianChange,
        Kind::ProposeRecovery,
        Kind::ApproveRecovery,
        Kind::VetoRecovery,
        Kind::ExecuteRecovery,
    ],
    &[
        Kind::AddRegistrar,
        Kind::IssueCredential,
        Kind::RenewCredential,
        Kind::SuspendCredential,
        Kind::ReinstateCredential,
        Kind::RevokeCredential,
    ],
    &[Kind::SetEmergencyPolicy, Kind::OpenBreakGlass, Kind::ReviewBreakGlass, Kind::AnchorAuditRoot],
];

pub struct Actions {
    rng: ChaCha8Rng,
    /// How likely each choice goes wrong.
    slip: f64,
    theme: &'static [Kind],
    /// Whether vaults are as if they had been used for ages, so that their counters end.
    pub worn: bool,
    held_back: Vec<Call>,
    /// What opens guardian commitments and consents, as their parties know it.
    lists: HashMap<[u8; 32], GuardianList>,
    openings: HashMap<Pubkey, Opening>,
}

/// Lists the accounts of one kind.
macro_rules! listed {
    ($($name:ident: $content:ident),+ $(,)?) => {
        $(fn $name(ledger: &Ledger) -> Vec<(Pubkey, &$content)> {
            let mut all = Vec::new();
            for (key, account) in ledger.accounts() {
                if let Content::$content(state) = &account.content {
                    all.push((*key, state));
                }
            }
            all
        })+
    };
}

listed! {
    vaults: Vault,
    delegates: Delegate,
    records: Record,
    consents: Consent,
    recoveries: Recovery,
    registrars: Registrar,
    credentials: Credential,
    break_glasses: BreakGlass,
    audit_roots: AuditRoot,
}

fn config_at() -> Pubkey {
    find(&[b"config"]).0
}

fn mint_of(record: &Pubkey) -> Pubkey {
    find(&[b"mint", record.as_ref()]).0
}

fn token_of(record: &Pubkey, holder: &Pubkey) -> Pubkey {
    find(&[b"token", mint_of(record).as_ref(), holder.as_ref()]).0
}

fn expected(vault: &Vault) -> Expected {
    let Vault { owner, key_epoch, consent_epoch, delegate_epoch, .. } = *vault;
    Expected { owner, key_epoch, consent_epoch, delegate_epoch }
}

fn today(ledger: &Ledger) -> u32 {
    u32::try_from(ledger.now / DAY).expect("a day in this century")
}

impl Actions {
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let slip = *[0.01, 0.04, 0.1].choose(&mut rng).expect("some");
        // Recoveries take the most steps.
        let theme = if rng.gen_bool(0.2) { THEMES[3] } else { THEMES.choose(&mut rng).expect("some") };
        let worn = rng.gen_bool(0.05);
        Self { rng, slip, theme, worn, held_back: Vec::new(), lists: HashMap::new(), openings: HashMap::new() }
    }

    /// The next moment and transaction.
    pub fn next(&mut self, ledger: &mut Ledger) -> Call {
        ledger.slot += self.rng.gen_range(1..4);
        ledger.now = self.time(ledger);
        if !self.held_back.is_empty() && self.rng.gen_bool(0.07) {
            let place = self.rng.gen_range(0..self.held_back.len());
            return self.held_back.swap_remove(place);
        }
        loop {
            let call = self.call(ledger);
            if self.held_back.len() < HELD_BACK && self.rng.gen_bool(0.2) {
                self.held_back.push(call.clone());
                if self.rng.gen_bool(0.4) {
                    continue;
                }
            }
            return call;
        }
    }

    /// Mostly soon, often at the edges of what has a time.
    fn time(&mut self, ledger: &Ledger) -> i64 {
        let now = ledger.now;
        let later = match self.rng.gen_range(0..100) {
            0..55 => 0,
            55..80 => self.rng.gen_range(1..100),
            80..98 => {
                let mut edges = vec![(now / DAY + 1) * DAY];
                let day = |day: u32| i64::from(day) * DAY;
                edges.extend(vaults(ledger).iter().flat_map(|(_, it)| [it.guardians_due_at, it.recovery_lapses_at]));
                edges.extend(recoveries(ledger).iter().flat_map(|(_, it)| [it.executable_at, it.lapses_at]));
                edges.extend(delegates(ledger).iter().map(|(_, it)| day(it.until_day)));
                edges.extend(consents(ledger).iter().flat_map(|(_, it)| [day(it.from_day), day(it.until_day)]));
                edges.retain(|edge| (now..now + 400 * DAY).contains(edge));
                edges.sort_unstable();
                let near = edges.len().min(4);
                let edge = edges[..near][self.rng.gen_range(0..near)];
                (edge + self.rng.gen_range(-1..=1) - now).max(0)
            }
            _ => self.rng.gen_range(1..60) * DAY,
        };
        now + later
    }

    fn call(&mut self, ledger: &mut Ledger) -> Call {
        loop {
            let kind = self.kind(ledger);
            self.wait_for(kind, ledger);
            if let Some(call) = self.build(kind, ledger) {
                return self.tamper(call, ledger);
            }
        }
    }

    /// What has a delay is done when it passes, or a second off.
    fn wait_for(&mut self, kind: Kind, ledger: &mut Ledger) {
        let executable = || recoveries(ledger).into_iter().filter(|(_, it)| it.status == RecoveryStatus::Pending);
        let (edges, likely): (Vec<i64>, f64) = match kind {
            Kind::ExecuteRecovery => (executable().map(|(_, it)| it.executable_at).collect(), 0.6),
            Kind::VetoRecovery => (executable().map(|(_, it)| it.executable_at).collect(), 0.35),
            Kind::ApplyGuardianChange => (vaults(ledger).iter().map(|(_, it)| it.guardians_due_at).collect(), 0.6),
            _ => return,
        };
        let edges: Vec<i64> = edges.into_iter().filter(|edge| *edge > ledger.now).collect();
        if let Some(edge) = self.one_of(&edges)
            && self.rng.gen_bool(likely)
        {
            ledger.now = (edge + self.rng.gen_range(-1..=1)).max(ledger.now);
        }
    }

    fn kind(&mut self, ledger: &Ledger) -> Kind {
        let config = ledger.get(&config_at()).map(|account| &account.content);
        let (configured, paused) = match config {
            Some(Content::Config(config)) => (true, config.paused),
            _ => (false, false),
        };
        let few_vaults = vaults(ledger).len() < 2;
        let few_delegates = delegates(ledger).len() < 3;
        let theme = self.theme;
        let weight = |kind: &Kind| {
            let weight = match kind {
                Kind::InitConfig if !configured => 2_000,
                Kind::CreateVault if few_vaults => 400,
                Kind::SetPause if paused => 150,
                Kind::AddDelegate if few_delegates => 100,
                Kind::InitConfig => 4,
                Kind::SetPause | Kind::CreateVault | Kind::RemoveRegistrar | Kind::CloseToken => 12,
                Kind::SendLamports | Kind::RevokeCredential => 15,
                Kind::RevokeAllConsents => 20,
                Kind::MintRecord | Kind::GrantConsent => 65,
                // Only where there is something to approve, veto or execute.
                Kind::ApproveRecovery => 160,
                Kind::VetoRecovery | Kind::ExecuteRecovery => 110,
                Kind::AmendRecord | Kind::ReissueRecord | Kind::ProposeRecovery | Kind::ApplyGuardianChange => 55,
                Kind::AddDelegate | Kind::CheckConsent | Kind::ChangeGuardians | Kind::EraseRecord => 45,
                _ => 35,
            };
            if theme.contains(kind) { weight * 4 } else { weight }
        };
        *Kind::ALL.choose_weighted(&mut self.rng, weight).expect("weights")
    }

    fn build(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        match kind {
            Kind::InitConfig | Kind::SetPause | Kind::AddRegistrar | Kind::RemoveRegistrar => {
                self.governance(kind, ledger)
            }
            Kind::CreateVault => Some(self.create_vault(ledger)),
            Kind::RotateKey
            | Kind::SetDelegateMintCap
            | Kind::SetEmergencyPolicy
            | Kind::AddDelegate
            | Kind::RemoveDelegate => self.vault_call(kind, ledger),
            Kind::OpenBreakGlass => self.open(ledger),
            Kind::ReviewBreakGlass => self.review(ledger),
            Kind::AnchorAuditRoot => Some(self.anchor(ledger)),
            Kind::MintRecord | Kind::AmendRecord => self.new_record(kind, ledger),
            Kind::MarkRecordEnteredInError
            | Kind::EraseRecord
            | Kind::ReissueRecord
            | Kind::BurnToken
            | Kind::CloseToken => self.record_call(kind, ledger),
            Kind::GrantConsent => self.grant(ledger),
            Kind::RevokeConsent | Kind::RevokeAllConsents | Kind::CheckConsent => self.consent_call(kind, ledger),
            Kind::ChangeGuardians | Kind::ApplyGuardianChange => self.guardian_call(kind, ledger),
            Kind::ProposeRecovery => self.propose(ledger),
            Kind::ApproveRecovery | Kind::VetoRecovery | Kind::ExecuteRecovery => self.recovery_call(kind, ledger),
            Kind::IssueCredential => self.issue(ledger),
            Kind::RenewCredential | Kind::SuspendCredential | Kind::ReinstateCredential | Kind::RevokeCredential => {
                self.credential_call(kind, ledger)
            }
            Kind::SendLamports => Some(self.gift(ledger)),
        }
    }

    /// Puts another account, or no signature, in one place.
    fn tamper(&mut self, mut call: Call, ledger: &Ledger) -> Call {
        let direct = [Kind::BurnToken, Kind::CloseToken, Kind::SendLamports].contains(&call.kind());
        if direct || !self.rng.gen_bool((self.slip * 2.0).min(1.0)) {
            return call;
        }
        let place = self.rng.gen_range(0..call.accounts.len());
        let account = &mut call.accounts[place];
        match (account.is_signer, self.rng.gen_bool(0.5)) {
            (true, false) => account.is_signer = false,
            (true, true) => account.pubkey = self.wallet(),
            (false, false) => account.pubkey = self.any(ledger),
            // Another of its kind: somebody else's.
            (false, true) => {
                let kind = |key: &Pubkey| ledger.get(key).map(|it| std::mem::discriminant(&it.content));
                let same = kind(&account.pubkey);
                let others = ledger.accounts().map(|(key, _)| *key).filter(|key| kind(key) == same);
                let others: Vec<Pubkey> = others.filter(|key| *key != account.pubkey).collect();
                account.pubkey = self.one_of(&others).unwrap_or(account.pubkey);
            }
        }
        call
    }

    // What the choices draw from.

    fn slips(&mut self) -> bool {
        self.rng.gen_bool(self.slip)
    }

    fn one_of<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.rng).copied()
    }

    /// Mostly one of the good ones; now and then any, and rarely so where none is good.
    fn mostly<T: Copy>(&mut self, all: &[T], good: impl Fn(&T) -> bool) -> Option<T> {
        let good: Vec<T> = all.iter().copied().filter(|it| good(it)).collect();
        if self.rng.gen_bool(0.08) { self.one_of(all) } else { self.one_of(&good) }
    }

    fn wallet(&mut self) -> Pubkey {
        let wallets: Vec<Pubkey> = wallets().collect();
        wallets[self.rng.gen_range(0..wallets.len())]
    }

    /// An account of any kind, a key without one, or the program's own id, which stands for none.
    fn any(&mut self, ledger: &Ledger) -> Pubkey {
        match self.rng.gen_range(0..10) {
            0 => Pubkey::new_from_array(self.bytes()),
            1 => PROGRAM_ID,
            2 => self.wallet(),
            _ => {
                let keys: Vec<Pubkey> = ledger.accounts().map(|(key, _)| *key).collect();
                keys[self.rng.gen_range(0..keys.len())]
            }
        }
    }

    /// A vault by its address, or another one.
    fn vault_of<'a>(&mut self, ledger: &'a Ledger, at: Pubkey) -> Option<(Pubkey, &'a Vault)> {
        let all = vaults(ledger);
        if self.slips() { self.one_of(&all) } else { all.into_iter().find(|(key, _)| *key == at) }
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.rng.r#gen()
    }

    /// A key or commitment, or zeros.
    fn bytes_or_zero(&mut self) -> [u8; 32] {
        if self.slips() { [0; 32] } else { self.bytes() }
    }

    fn payer(&mut self) -> Pubkey {
        match self.rng.gen_range(0..20) {
            0..10 => RELAY,
            10..15 => SPONSOR,
            15..17 => OWNERS[0],
            17 => HEIRS[0],
            18 => THIEF,
            _ if self.rng.gen_bool(0.5) => POOR,
            _ => self.wallet(),
        }
    }

    /// The right key, or somebody else: an earlier owner, the thief, a stranger.
    fn signer(&mut self, right: Pubkey) -> Pubkey {
        if !self.slips() {
            return right;
        }
        match self.rng.gen_range(0..4) {
            0 => OWNERS[self.rng.gen_range(0..2)],
            1 => HEIRS[self.rng.gen_range(0..2)],
            2 => STRANGER,
            _ => self.wallet(),
        }
    }

    /// An owner signs, whose key a thief may hold, a delegate, or somebody with no business here.
    fn authority(&mut self, ledger: &Ledger, vault_at: Pubkey, vault: &Vault, right: u8) -> (Pubkey, Pubkey) {
        let all = delegates(ledger);
        match self.rng.gen_range(0..100) {
            0..40 => (self.signer(vault.owner), PROGRAM_ID),
            40..95 => {
                let day = today(ledger);
                let good = |(_, it): &(Pubkey, &Delegate)| {
                    let lasts = it.removed_slot == 0 && it.until_day > day && it.delegate_epoch == vault.delegate_epoch;
                    it.vault == vault_at && lasts && it.rights & right != 0
                };
                let own = |(_, it): &(Pubkey, &Delegate)| it.vault == vault_at;
                let chosen = if self.rng.gen_bool(0.85) { self.mostly(&all, good) } else { self.mostly(&all, own) };
                match chosen {
                    Some((address, delegate)) => (self.signer(delegate.key), address),
                    None => (vault.owner, PROGRAM_ID),
                }
            }
            _ => {
                let delegate = if self.rng.gen_bool(0.5) { None } else { self.one_of(&all) };
                (self.wallet(), delegate.map_or(PROGRAM_ID, |(address, _)| address))
            }
        }
    }

    /// What the vault has, or something else.
    fn expect(&mut self, vault: &Vault) -> Expected {
        let mut expected = expected(vault);
        if self.rng.gen_bool((self.slip * 2.0).min(1.0)) {
            let by = if self.rng.gen_bool(0.5) { 1 } else { u32::MAX };
            match self.rng.gen_range(0..4) {
                0 => expected.owner = self.wallet(),
                1 => expected.key_epoch = expected.key_epoch.wrapping_add(by),
                2 => expected.consent_epoch = expected.consent_epoch.wrapping_add(by),
                _ => expected.delegate_epoch = expected.delegate_epoch.wrapping_add(by),
            }
        }
        expected
    }

    /// Days from..until: soon or long, or empty, over or too long.
    fn period(&mut self, ledger: &Ledger) -> (u32, u32) {
        let today = today(ledger);
        if self.slips() {
            let bad = [(today, today), (today + 1, today), (0, today), (today, today + 36_526), (today, u32::MAX)];
            return bad[self.rng.gen_range(0..bad.len())];
        }
        let from = (today + self.rng.gen_range(0..4)).saturating_sub(self.rng.gen_range(0..3));
        let days = [1, 2, 30, 365, 1_000, 36_525];
        let until = from.max(today) + days[self.rng.gen_range(0..days.len())];
        (from, until.min(from + 36_525))
    }

    /// The first free id of a kind, or a used one.
    fn new_id(&mut self, kind: u8, ids: u8, used: impl Fn(&[u8; 32]) -> bool) -> [u8; 32] {
        let all: Vec<[u8; 32]> = (0..ids).map(|number| id(kind, number)).collect();
        let free: Vec<[u8; 32]> = all.iter().copied().filter(|id| !used(id)).collect();
        if free.is_empty() || self.slips() {
            all[self.rng.gen_range(0..all.len())]
        } else {
            free[self.rng.gen_range(0..free.len().min(3))]
        }
    }

    // The actions.

    fn governance(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let config = config_at();
        let governance = self.signer(GOVERNANCE);
        Some(match kind {
            Kind::InitConfig => {
                let min = [1, 3_600, 3 * DAY][self.rng.gen_range(0..3)];
                let max = min + [0, 1, 30 * DAY][self.rng.gen_range(0..3)];
                let mut params = InitConfigParams {
                    governance: GOVERNANCE,
                    min_recovery_delay: min,
                    max_recovery_delay: max,
                    record_uri: RECORD_URI.into(),
                };
                // Rare otherwise, as a sequence does it once.
                match self.rng.gen_range(0..20) {
                    0 => params.governance = Pubkey::default(),
                    1 => params.min_recovery_delay = 0,
                    2 => params.max_recovery_delay = min - 1,
                    3 => params.record_uri = String::new(),
                    4 => params.record_uri = "a".repeat(81),
                    5 => params.record_uri = "a".repeat(80),
                    _ => {}
                }
                let authority = if self.rng.gen_bool(0.1) { self.wallet() } else { UPGRADE_AUTHORITY };
                let accounts = accounts::InitConfig {
                    upgrade_authority: authority,
                    payer: self.payer(),
                    config,
                    aegle: PROGRAM_ID,
                    program_data: program_data_address(),
                    system_program: SYSTEM,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::InitConfig(params), accounts)
            }
            Kind::SetPause => {
                let paused =
                    matches!(ledger.get(&config).map(|it| &it.content), Some(Content::Config(it)) if it.paused);
                let paused = if self.rng.gen_bool(0.2) { paused } else { !paused };
                let accounts =
                    accounts::SetPause { governance, config, event_authority: event_authority(), program: PROGRAM_ID };
                Call::new(Args::SetPause(paused), accounts)
            }
            Kind::AddRegistrar => {
                let used: Vec<Pubkey> = registrars(ledger).iter().map(|(_, it)| it.authority).collect();
                let free: Vec<Pubkey> = REGISTRARS.into_iter().filter(|key| !used.contains(key)).collect();
                let authority = match self.one_of(&free) {
                    Some(free) if !self.slips() => free,
                    _ if self.rng.gen_bool(0.3) => Pubkey::default(),
                    _ => REGISTRARS[self.rng.gen_range(0..REGISTRARS.len())],
                };
                let kinds = if self.slips() { 0 } else { self.rng.gen_range(1..=u8::MAX) | 1 };
                let params = AddRegistrarParams { authority, kinds, profile_commitment: self.bytes_or_zero() };
                let accounts = accounts::AddRegistrar {
                    governance,
                    payer: self.payer(),
                    config,
                    registrar: find(&[b"registrar", authority.as_ref()]).0,
                    system_program: SYSTEM,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::AddRegistrar(params), accounts)
            }
            _ => {
                let removed = self.rng.gen_bool(0.2);
                let registrar = self.mostly(&registrars(ledger), |(_, it)| removed || it.removed_slot == 0)?.0;
                let accounts = accounts::RemoveRegistrar {
                    governance,
                    config,
                    registrar,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::RemoveRegistrar, accounts)
            }
        })
    }

    fn create_vault(&mut self, ledger: &Ledger) -> Call {
        let address = |id: &[u8; 32]| find(&[b"vault", id]).0;
        let vault_id = self.new_id(b'v', 2 + u8::from(self.worn), |id| ledger.get(&address(id)).is_some());
        let params = CreateVaultParams { vault_id, encryption_key: self.bytes_or_zero() };
        let right = OWNERS[usize::from(vault_id[0]) % 2];
        let accounts = accounts::CreateVault {
            owner: self.signer(right),
            payer: self.payer(),
            config: config_at(),
            vault: address(&vault_id),
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Call::new(Args::CreateVault(params), accounts)
    }

    fn vault_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let (vault_at, vault) = self.one_of(&vaults(ledger))?;
        let owner = self.signer(vault.owner);
        let expected = self.expect(vault);
        Some(match kind {
            Kind::RotateKey => {
                let accounts = accounts::RotateKey {
                    owner,
                    vault: vault_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::RotateKey(RotateKeyParams { encryption_key: self.bytes_or_zero(), expected }), accounts)
            }
            Kind::SetDelegateMintCap => {
                let delegate_mint_cap = vault.delegate_mints.saturating_add(self.rng.gen_range(0..4));
                let accounts = accounts::SetDelegateMintCap {
                    owner,
                    vault: vault_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::SetDelegateMintCap(SetDelegateMintCapParams { delegate_mint_cap, expected }), accounts)
            }
            Kind::SetEmergencyPolicy => {
                let other = 1 - vault.emergency_policy;
                let emergency_policy = if self.slips() { self.rng.gen_range(2..=u8::MAX) } else { other };
                let emergency_policy = if self.rng.gen_bool(0.3) { 1 } else { emergency_policy };
                let accounts = accounts::SetEmergencyPolicy {
                    owner,
                    config: config_at(),
                    vault: vault_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::SetEmergencyPolicy(SetEmergencyPolicyParams { emergency_policy, expected }), accounts)
            }
            Kind::AddDelegate => {
                let taken: Vec<Pubkey> =
                    delegates(ledger).iter().filter(|(_, it)| it.vault == vault_at).map(|(_, it)| it.key).collect();
                let free: Vec<Pubkey> = DELEGATES.into_iter().chain(HEIRS).filter(|key| !taken.contains(key)).collect();
                let key = match self.one_of(&free) {
                    Some(free) if !self.slips() => free,
                    _ => [vault.owner, Pubkey::default(), THIEF, DELEGATES[0]][self.rng.gen_range(0..4)],
                };
                let rights = match self.rng.gen_range(0..3) {
                    0 => 15,
                    _ if self.slips() => [0, 16, 255][self.rng.gen_range(0..3)],
                    _ => self.rng.gen_range(1..16),
                };
                let (_, until_day) = self.period(ledger);
                let params = AddDelegateParams { key, rights, until_day, expected };
                let accounts = accounts::AddDelegate {
                    owner,
                    payer: self.payer(),
                    config: config_at(),
                    vault: vault_at,
                    delegate: find(&[b"delegate", vault_at.as_ref(), key.as_ref()]).0,
                    system_program: SYSTEM,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::AddDelegate(params), accounts)
            }
            _ => {
                let good = |(_, it): &(Pubkey, &Delegate)| it.vault == vault_at && it.removed_slot == 0;
                let delegate = self.mostly(&delegates(ledger), good)?.0;
                let accounts = accounts::RemoveDelegate {
                    owner,
                    vault: vault_at,
                    delegate,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::RemoveDelegate, accounts)
            }
        })
    }

    fn new_record(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let (vault_at, vault) = self.one_of(&vaults(ledger))?;
        let amends = (kind == Kind::AmendRecord) != self.slips();
        let previous = if amends {
            let good = |(_, it): &(Pubkey, &Record)| it.vault == vault_at && it.status == RecordStatus::Active;
            self.mostly(&records(ledger), good)?.0
        } else {
            PROGRAM_ID
        };
        let (authority, delegate) = self.authority(ledger, vault_at, vault, 1);
        let address = |id: &[u8; 32]| find(&[b"record", vault_at.as_ref(), id]).0;
        let record_id = self.new_id(
            b'r',
            16,
            |id| matches!(ledger.get(&address(id)), Some(account) if account.content != Content::Wallet),
        );
        let record = address(&record_id);
        let holder = if authority == vault.owner { authority } else { record };
        let params = NewRecordParams { record_id, commitment: self.bytes_or_zero(), expected: self.expect(vault) };
        let accounts = accounts::NewRecord {
            authority,
            payer: self.payer(),
            config: config_at(),
            vault: vault_at,
            delegate: (delegate != PROGRAM_ID).then_some(delegate),
            record,
            previous: (previous != PROGRAM_ID).then_some(previous),
            mint: mint_of(&record),
            token: token_of(&record, &holder),
            token_program: TOKEN_2022,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        let args = match kind {
            Kind::AmendRecord => Args::AmendRecord(params),
            _ => Args::MintRecord(params),
        };
        Some(Call::new(args, accounts))
    }

    fn record_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let all = records(ledger);
        let holding = |record: &Record| match ledger.get(&record.token).map(|it| &it.content) {
            Some(Content::Token { owner, amount, .. }) => Some((*owner, *amount)),
            _ => None,
        };
        let owner_of =
            |record: &Record| vaults(ledger).iter().find(|(at, _)| *at == record.vault).map(|(_, it)| it.owner);
        let (record_at, record) = match kind {
            Kind::ReissueRecord => self.mostly(&all, |(_, it)| {
                it.status != RecordStatus::Erased
                    && holding(it).is_some_and(|held| Some(held.0) != owner_of(it) || held.1 == 0)
            }),
            Kind::BurnToken => {
                self.mostly(&all, |(at, it)| holding(it).is_some_and(|held| held.0 != *at && held.1 == 1))
            }
            Kind::CloseToken => self.mostly(&all, |(_, it)| holding(it).is_some_and(|held| held.1 == 0)),
            _ => self.mostly(&all, |(_, it)| it.status != RecordStatus::Erased),
        }?;
        let (vault_at, vault) = self.vault_of(ledger, record.vault)?;
        let owner = self.signer(vault.owner);
        let mint = mint_of(&record_at);
        Some(match kind {
            Kind::MarkRecordEnteredInError => {
                let (authority, delegate) = self.authority(ledger, vault_at, vault, 1);
                let accounts = accounts::MarkRecordEnteredInError {
                    authority,
                    vault: vault_at,
                    delegate: (delegate != PROGRAM_ID).then_some(delegate),
                    record: record_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::MarkRecordEnteredInError, accounts)
            }
            Kind::EraseRecord => {
                let accounts = accounts::EraseRecord {
                    owner,
                    vault: vault_at,
                    record: record_at,
                    rent_payer: self.signer(record.rent_payer),
                    mint,
                    token: record.token,
                    token_program: TOKEN_2022,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::EraseRecord, accounts)
            }
            Kind::ReissueRecord => {
                let accounts = accounts::ReissueRecord {
                    owner,
                    payer: self.payer(),
                    config: config_at(),
                    vault: vault_at,
                    record: record_at,
                    rent_payer: self.signer(record.rent_payer),
                    mint,
                    old_token: record.token,
                    token: token_of(&record_at, &owner),
                    token_program: TOKEN_2022,
                    system_program: SYSTEM,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::ReissueRecord(ReissueRecordParams { expected: self.expect(vault) }), accounts)
            }
            _ => {
                let holder = holding(record).map_or(owner, |held| held.0);
                // A program's address signs for nobody.
                let authority = if holder == record_at || self.rng.gen_bool(0.1) { self.wallet() } else { holder };
                match kind {
                    Kind::BurnToken => Call::burn(record.token, mint, authority),
                    _ => Call::close(record.token, authority),
                }
            }
        })
    }

    fn grant(&mut self, ledger: &Ledger) -> Option<Call> {
        let (vault_at, vault) = self.one_of(&vaults(ledger))?;
        let (authority, delegate) = self.authority(ledger, vault_at, vault, 2);
        let address = |id: &[u8; 32]| find(&[b"consent", vault_at.as_ref(), id]).0;
        let consent_id = self.new_id(b'c', 12, |id| ledger.get(&address(id)).is_some());
        let consent = address(&consent_id);
        let grantee = GRANTEES[self.rng.gen_range(0..GRANTEES.len())];
        let opening = Opening { vault: vault_at, consent_id, grantee, salt: self.bytes() };
        self.openings.insert(consent, opening);
        let (from_day, until_day) = self.period(ledger);
        let params = GrantConsentParams {
            handle: if self.slips() { [0; 32] } else { opening.handle() },
            policy_commitment: self.bytes_or_zero(),
            purposes: if self.slips() { [0, 1 << 9][self.rng.gen_range(0..2)] } else { self.rng.gen_range(1..1 << 9) },
            actions: if self.slips() { [0, 1 << 5][self.rng.gen_range(0..2)] } else { self.rng.gen_range(1..1 << 5) },
            from_day,
            until_day,
            expected: self.expect(vault),
        };
        let accounts = accounts::GrantConsent {
            authority,
            payer: self.payer(),
            config: config_at(),
            vault: vault_at,
            delegate: (delegate != PROGRAM_ID).then_some(delegate),
            consent,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Some(Call::new(Args::GrantConsent((consent_id, params)), accounts))
    }

    fn consent_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        if kind == Kind::RevokeAllConsents {
            let (vault_at, vault) = self.one_of(&vaults(ledger))?;
            let (authority, delegate) = self.authority(ledger, vault_at, vault, 4);
            let accounts = accounts::RevokeAllConsents {
                authority,
                vault: vault_at,
                delegate: (delegate != PROGRAM_ID).then_some(delegate),
                event_authority: event_authority(),
                program: PROGRAM_ID,
            };
            return Some(Call::new(Args::RevokeAllConsents, accounts));
        }
        let (consent_at, consent) = self.mostly(&consents(ledger), |(_, it)| it.revoked_slot == 0)?;
        let (vault_at, vault) = self.vault_of(ledger, consent.vault)?;
        if kind == Kind::RevokeConsent {
            let (authority, delegate) = self.authority(ledger, vault_at, vault, 4);
            let accounts = accounts::RevokeConsent {
                authority,
                vault: vault_at,
                delegate: (delegate != PROGRAM_ID).then_some(delegate),
                consent: consent_at,
                event_authority: event_authority(),
                program: PROGRAM_ID,
            };
            return Some(Call::new(Args::RevokeConsent, accounts));
        }
        let opening = self.openings.get(&consent_at).copied();
        let (grantee, salt) = opening.map_or((GRANTEES[0], [0; 32]), |opening| (opening.grantee, opening.salt));
        let some = |asked: u16, of: u16| if asked & of == 0 { of } else { asked & of };
        let mut params = CheckConsentParams {
            salt: if self.slips() { self.bytes() } else { salt },
            purposes: some(self.rng.gen_range(0..1 << 9), consent.purposes),
            actions: some(self.rng.gen_range(0..1 << 5), consent.actions.into()).to_le_bytes()[0],
        };
        if self.slips() {
            params.purposes = self.rng.gen_range(0..2);
            params.actions = self.rng.gen_range(0..2);
        }
        let grantee = if self.slips() { self.wallet() } else { grantee };
        let accounts = accounts::CheckConsent { grantee, config: config_at(), vault: vault_at, consent: consent_at };
        Some(Call::new(Args::CheckConsent(params), accounts))
    }

    fn guardian_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let all = vaults(ledger);
        let (vault_at, vault) = match kind {
            Kind::ApplyGuardianChange => {
                self.mostly(&all, |(_, it)| it.guardians_due_at != 0 && it.guardians_due_at <= ledger.now + 1)
            }
            _ => self.one_of(&all),
        }?;
        if kind == Kind::ApplyGuardianChange {
            let accounts = accounts::ApplyGuardianChange {
                authority: self.wallet(),
                config: config_at(),
                vault: vault_at,
                event_authority: event_authority(),
                program: PROGRAM_ID,
            };
            return Some(Call::new(Args::ApplyGuardianChange, accounts));
        }
        let guardians = match self.rng.gen_range(0..12) {
            0 => vault.guardians,
            2..6 if vault.guardians_due_at != 0 => vault.guardians,
            1 if vault.guardians.count > 0 => Guardians::default(),
            _ => self.guardians(ledger, vault_at, vault),
        };
        let accounts = accounts::ChangeGuardians {
            owner: self.signer(vault.owner),
            config: config_at(),
            vault: vault_at,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        let params = ChangeGuardiansParams { guardians, expected: self.expect(vault) };
        Some(Call::new(Args::ChangeGuardians(params), accounts))
    }

    /// A new list of guardians, whose openings everyone concerned knows.
    fn guardians(&mut self, ledger: &Ledger, vault_at: Pubkey, vault: &Vault) -> Guardians {
        let (min, max) = match ledger.get(&config_at()).map(|account| &account.content) {
            Some(Content::Config(config)) => (config.min_recovery_delay, config.max_recovery_delay),
            _ => (1, 1),
        };
        let count = self.rng.gen_range(1..=4);
        let mut keys: Vec<Pubkey> = GUARDIANS.choose_multiple(&mut self.rng, count).copied().collect();
        if self.rng.gen_bool(0.1) {
            // Nobody can tell from the chain that the owner names itself, or the same one twice.
            keys[0] = if self.rng.gen_bool(0.5) { vault.owner } else { keys[count - 1] };
        }
        let list = GuardianList::new(vault_at, &keys, &mut self.rng);
        let threshold = self.rng.gen_range(1..=count.to_le_bytes()[0]);
        let delay = [min, min, (min + 1).min(max), max][self.rng.gen_range(0..4)];
        let mut guardians = list.guardians(threshold, delay);
        self.lists.insert(guardians.commitment, list);
        if self.rng.gen_bool((self.slip * 2.0).min(1.0)) {
            match self.rng.gen_range(0..6) {
                0 => guardians.threshold = 0,
                1 => guardians.threshold = guardians.count + 1,
                2 => guardians.count = 11,
                3 => guardians.commitment = [0; 32],
                4 => guardians.recovery_delay = if self.rng.gen_bool(0.5) { min - 1 } else { max + 1 },
                _ => guardians.count = 0,
            }
        }
        guardians
    }

    /// A guardian of the vault with what it shows, preferably one whose approval is still missing.
    fn guardian(&mut self, vault_at: Pubkey, vault: &Vault, approvals: u16) -> (Pubkey, GuardianOpening) {
        let lists: Vec<GuardianList> = self.lists.values().filter(|list| list.vault == vault_at).cloned().collect();
        let list = match self.lists.get(&vault.guardians.commitment).cloned() {
            Some(list) if !self.slips() => Some(list),
            // Sorted, as a hash map's order is not the same in every run.
            _ => lists.into_iter().max_by_key(|list| list.guardians[0].1),
        };
        let nobody = GuardianOpening { commitments: vec![], index: 0, salt: [0; 32] };
        let Some(list) = list else {
            return (GUARDIANS[0], nobody);
        };
        let places: Vec<usize> = (0..list.guardians.len()).collect();
        let place = self.mostly(&places, |place| approvals >> place & 1 == 0).unwrap_or(places.len() - 1);
        let (key, salt) = list.guardians[place];
        let index = place.to_le_bytes()[0];
        let mut opening = GuardianOpening { commitments: list.commitments(), index, salt };
        if self.slips() {
            match self.rng.gen_range(0..3) {
                0 => opening.salt = self.bytes(),
                1 => opening.index += 1,
                _ => opening.commitments.truncate(1),
            }
        }
        (self.signer(key), opening)
    }

    fn propose(&mut self, ledger: &Ledger) -> Option<Call> {
        let (vault_at, vault) = self.mostly(&vaults(ledger), |(_, it)| it.guardians.count > 0)?;
        let (guardian, opening) = self.guardian(vault_at, vault, 0);
        let address = |id: &[u8; 32]| find(&[b"recovery", vault_at.as_ref(), id]).0;
        let recovery_id = self.new_id(b'q', 8, |id| ledger.get(&address(id)).is_some());
        let heirs: Vec<Pubkey> = HEIRS.into_iter().chain([OWNERS[0], THIEF, DELEGATES[0], GUARDIANS[0]]).collect();
        let heirs: Vec<Pubkey> = heirs.into_iter().filter(|key| *key != vault.owner).collect();
        let new_owner = if self.slips() {
            [vault.owner, Pubkey::default()][self.rng.gen_range(0..2)]
        } else {
            heirs[self.rng.gen_range(0..heirs.len())]
        };
        let stale = |this: &mut Self, epoch: u32| if this.slips() { epoch.wrapping_sub(1) } else { epoch };
        let params = ProposeRecoveryParams {
            recovery_id,
            new_owner,
            new_encryption_key: self.bytes_or_zero(),
            opening,
            guardian_epoch: stale(self, vault.guardian_epoch),
            delegate_epoch: stale(self, vault.delegate_epoch),
        };
        let accounts = accounts::ProposeRecovery {
            guardian,
            payer: self.payer(),
            vault: vault_at,
            recovery: address(&recovery_id),
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Some(Call::new(Args::ProposeRecovery(params), accounts))
    }

    fn recovery_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let all = recoveries(ledger);
        let vaults = vaults(ledger);
        let of = |it: &Recovery| vaults.iter().find(|(at, _)| *at == it.vault).map(|(_, vault)| *vault);
        let current = |it: &Recovery| {
            of(it).is_some_and(|vault| {
                vault.guardian_epoch == it.guardian_epoch && vault.delegate_epoch == it.delegate_epoch
            })
        };
        let (recovery_at, recovery) = match kind {
            Kind::ApproveRecovery => self.mostly(&all, |(_, it)| {
                current(it) && it.status != RecoveryStatus::Executed && ledger.now < it.lapses_at
            }),
            Kind::ExecuteRecovery => self.mostly(&all, |(_, it)| {
                it.status == RecoveryStatus::Pending && it.executable_at <= ledger.now + 1 && ledger.now < it.lapses_at
            }),
            _ => self.mostly(&all, |(_, it)| it.status == RecoveryStatus::Pending && ledger.now < it.executable_at),
        }?;
        let (vault_at, vault) = self.vault_of(ledger, recovery.vault)?;
        Some(match kind {
            Kind::ApproveRecovery => {
                let (guardian, opening) = self.guardian(vault_at, vault, recovery.approvals);
                let accounts = accounts::ApproveRecovery {
                    guardian,
                    vault: vault_at,
                    recovery: recovery_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::ApproveRecovery(ApproveRecoveryParams { opening }), accounts)
            }
            Kind::VetoRecovery => {
                let accounts = accounts::VetoRecovery {
                    owner: self.signer(vault.owner),
                    vault: vault_at,
                    recovery: recovery_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::VetoRecovery, accounts)
            }
            _ => {
                let accounts = accounts::ExecuteRecovery {
                    new_owner: self.signer(recovery.new_owner),
                    config: config_at(),
                    vault: vault_at,
                    recovery: recovery_at,
                    event_authority: event_authority(),
                    program: PROGRAM_ID,
                };
                Call::new(Args::ExecuteRecovery, accounts)
            }
        })
    }

    fn terms(&mut self, ledger: &Ledger) -> CredentialTerms {
        let (from_day, until_day) = self.period(ledger);
        CredentialTerms {
            emergency: self.rng.r#gen(),
            encryption_key: self.bytes_or_zero(),
            profile_commitment: self.bytes_or_zero(),
            from_day,
            until_day,
        }
    }

    fn issue(&mut self, ledger: &Ledger) -> Option<Call> {
        const KINDS: [CredentialKind; 8] = [
            CredentialKind::Practitioner,
            CredentialKind::Organization,
            CredentialKind::Researcher,
            CredentialKind::Pharmacy,
            CredentialKind::Manufacturer,
            CredentialKind::Insurer,
            CredentialKind::Custodian,
            CredentialKind::Agent,
        ];
        let (registrar_at, registrar) = self.mostly(&registrars(ledger), |(_, it)| it.removed_slot == 0)?;
        let address = |subject: &Pubkey| find(&[b"credential", registrar_at.as_ref(), subject.as_ref()]).0;
        let free: Vec<Pubkey> = SUBJECTS.into_iter().filter(|it| ledger.get(&address(it)).is_none()).collect();
        let subject = match self.one_of(&free) {
            Some(free) if !self.slips() => free,
            _ => [SUBJECTS[0], Pubkey::default()][self.rng.gen_range(0..2)],
        };
        let kind = self.mostly(&KINDS, |kind| registrar.kinds >> *kind as u8 & 1 == 1)?;
        let params = IssueCredentialParams { subject, kind, terms: self.terms(ledger) };
        let accounts = accounts::IssueCredential {
            authority: self.signer(registrar.authority),
            payer: self.payer(),
            config: config_at(),
            registrar: registrar_at,
            credential: address(&subject),
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Some(Call::new(Args::IssueCredential(params), accounts))
    }

    fn credential_call(&mut self, kind: Kind, ledger: &Ledger) -> Option<Call> {
        let good = |(_, it): &(Pubkey, &Credential)| match kind {
            Kind::SuspendCredential => it.status == CredentialStatus::Active,
            Kind::ReinstateCredential => it.status == CredentialStatus::Suspended,
            _ => it.status != CredentialStatus::Revoked,
        };
        let (credential, it) = self.mostly(&credentials(ledger), good)?;
        let all = registrars(ledger);
        let slips = self.slips();
        let (registrar, by) =
            if slips { self.one_of(&all) } else { all.into_iter().find(|(at, _)| *at == it.registrar) }?;
        let expected_revision = if self.slips() { it.revision.wrapping_sub(1) } else { it.revision };
        let args = match kind {
            Kind::RenewCredential => {
                Args::RenewCredential(RenewCredentialParams { terms: self.terms(ledger), expected_revision })
            }
            Kind::SuspendCredential => Args::SuspendCredential,
            Kind::ReinstateCredential => Args::ReinstateCredential(expected_revision),
            _ => Args::RevokeCredential,
        };
        let accounts = accounts::ChangeCredentialStatus {
            authority: self.signer(by.authority),
            config: config_at(),
            registrar,
            credential,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Some(Call::new(args, accounts))
    }

    /// Somebody says that there is an emergency.
    fn open(&mut self, ledger: &Ledger) -> Option<Call> {
        let (vault_at, _) = self.mostly(&vaults(ledger), |(_, it)| it.emergency_policy == 1)?;
        let address = |id: &[u8; 32]| find(&[b"break-glass", vault_at.as_ref(), id]).0;
        let break_glass_id = self.new_id(b'g', 12, |id| ledger.get(&address(id)).is_some());
        let expires_at = if self.slips() {
            let bad = [ledger.now, ledger.now - 1, ledger.now + DAY + 1, i64::MIN, i64::MAX, 0];
            bad[self.rng.gen_range(0..bad.len())]
        } else {
            ledger.now + [1, 3_600, DAY][self.rng.gen_range(0..3)]
        };
        let accounts = accounts::OpenBreakGlass {
            authority: if self.rng.gen_bool(0.5) { RELAY } else { self.wallet() },
            payer: self.payer(),
            config: config_at(),
            vault: vault_at,
            break_glass: address(&break_glass_id),
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        let params = OpenBreakGlassParams { break_glass_id, commitment: self.bytes_or_zero(), expires_at };
        Some(Call::new(Args::OpenBreakGlass(params), accounts))
    }

    fn review(&mut self, ledger: &Ledger) -> Option<Call> {
        let (break_glass, opened) = self.mostly(&break_glasses(ledger), |(_, it)| it.reviewed_slot == 0)?;
        let (vault_at, vault) = self.vault_of(ledger, opened.vault)?;
        let (authority, delegate) = self.authority(ledger, vault_at, vault, 2);
        let accounts = accounts::ReviewBreakGlass {
            authority,
            vault: vault_at,
            delegate: (delegate != PROGRAM_ID).then_some(delegate),
            break_glass,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Some(Call::new(Args::ReviewBreakGlass, accounts))
    }

    /// An operator's next root; now and then of another number, size or log than it had.
    fn anchor(&mut self, ledger: &Ledger) -> Call {
        let all = audit_roots(ledger);
        let operator = OPERATORS[self.rng.gen_range(0..OPERATORS.len())];
        let last = all.iter().filter(|(_, it)| it.operator == operator).max_by_key(|(_, it)| it.index).copied();
        let mut params = match last {
            None => AnchorAuditRootParams { index: 0, tree_size: self.rng.gen_range(0..3), ..self.root() },
            Some((_, it)) => match self.rng.gen_range(0..4) {
                0 => AnchorAuditRootParams {
                    index: it.index + 1,
                    tree_size: it.tree_size,
                    root: it.root,
                    heads: it.heads,
                },
                more => AnchorAuditRootParams { index: it.index + 1, tree_size: it.tree_size + more, ..self.root() },
            },
        };
        let mut previous = last.map(|(at, _)| at);
        if self.rng.gen_bool((self.slip * 2.0).min(1.0)) {
            match self.rng.gen_range(0..6) {
                0 => params.index = self.rng.gen_range(0..5),
                1 => params.tree_size = last.map_or(0, |(_, it)| it.tree_size),
                2 => params.tree_size = params.tree_size.saturating_sub(self.rng.gen_range(1..5)),
                3 => params.tree_size = [(1 << 53) - 1, 1 << 53, u64::MAX][self.rng.gen_range(0..3)],
                4 => previous = None,
                _ => previous = self.one_of(&all).map(|(at, _)| at),
            }
        }
        let accounts = accounts::AnchorAuditRoot {
            operator: self.signer(operator),
            payer: self.payer(),
            previous,
            audit_root: find(&[b"audit", operator.as_ref(), &params.index.to_le_bytes()]).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM_ID,
        };
        Call::new(Args::AnchorAuditRoot(params), accounts)
    }

    /// What a log commits to, whatever it has.
    fn root(&mut self) -> AnchorAuditRootParams {
        AnchorAuditRootParams { index: 0, tree_size: 0, root: self.bytes_or_zero(), heads: self.bytes() }
    }

    /// Lamports for an account, or for an address where one will be.
    fn gift(&mut self, ledger: &Ledger) -> Call {
        let to = match (self.rng.gen_range(0..4), self.one_of(&vaults(ledger))) {
            (0 | 1, Some((vault, _))) => {
                let record_id = id(b'r', self.rng.gen_range(0..16));
                let record = find(&[b"record", vault.as_ref(), &record_id]).0;
                let places = [record, mint_of(&record), token_of(&record, &OWNERS[0]), token_of(&record, &record)];
                let consent = find(&[b"consent", vault.as_ref(), &id(b'c', self.rng.gen_range(0..12))]).0;
                [&places[..], &[consent]].concat()[self.rng.gen_range(0..5)]
            }
            _ => match self.any(ledger) {
                to if matches!(ledger.get(&to), Some(it) if it.content == Content::Program) => STRANGER,
                to => to,
            },
        };
        let from = [STRANGER, THIEF, POOR][self.rng.gen_range(0..3)];
        let lamports = [1, rent(0) - 1, rent(0), 2_000_000, 9_000_000];
        Call::send_lamports(from, to, lamports[self.rng.gen_range(0..lamports.len())])
    }
}
