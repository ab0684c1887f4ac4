//! What the program costs: compute units, bytes of accounts, events and code, against the committed
//! table. `AEGLE_UPDATE=1` rewrites the table. Keys, bumps and clock are fixed, so figures repeat.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, io::Write as _, path::PathBuf};

use aegle_client::{
    Event, Pubkey,
    aegle::{
        AddRegistrarParams, AnchorAuditRootParams, CheckConsentParams, CreateVaultParams, InitConfigParams,
        IssueCredentialParams, RenewCredentialParams, SetDelegateMintCapParams, SetEmergencyPolicyParams,
    },
    id, instruction, pda,
    state::{Action, MAX_RECORD_URI, Purpose, Right},
};
use aegle_tests::{
    emergency::{open_instruction, opening_params},
    guarded::{Guarded, change, guardians},
    registry::credential_params,
    vm::{Patient, RECORD_URI, Vm, deploy_dir, elf},
};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::token;

const COMPUTE: &str = "CU";
const BYTES: &str = "bytes";
const CODE: &str = "program (ELF)";

#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: String,
    value: u64,
    unit: &'static str,
    limit: Option<u64>,
}

impl Figure {
    /// Whether the value depends on how the program was compiled.
    fn of_route(&self) -> bool {
        self.unit == COMPUTE || self.name == CODE
    }
}

/// How target/deploy/aegle.so was built: its route, and the versions of the tools.
struct Build {
    route: String,
    tools: String,
}

impl Build {
    fn read() -> Self {
        let text = fs::read_to_string(deploy_dir().join("aegle.build")).expect("target/deploy/aegle.build");
        let value = |key| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {key} in target/deploy/aegle.build")).to_owned()
        };
        Self { route: value("route"), tools: value("tools") }
    }
}

#[test]
fn no_figure_exceeds_its_limit_or_grows_unnoticed() {
    let build = Build::read();
    let figures = measure();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reports/program-figures.md");
    if env::var_os("AEGLE_UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, render(&build, &figures)).unwrap();
    }
    let table = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (route, committed) = parse(&table);
    let same_route = route == build.route;
    if !same_route {
        // Past the capture of test output: whoever builds by another route must see it.
        let _ = writeln!(
            std::io::stderr(),
            "The program was built by the route {}, the committed figures are of {route}: compute units and code size \
             are held to their limits only.",
            build.route
        );
    }
    let mut faults = Vec::new();
    println!();
    for figure in &figures {
        let Figure { name, value, unit, limit } = figure;
        if let Some(limit) = limit {
            let kept = if value <= limit { "ok" } else { "MISSED" };
            println!("FIGURE {} {value} {unit} <={limit} {kept}", name.replace(' ', "_"));
        }
        if let Some(limit) = limit.filter(|limit| value > limit) {
            faults.push(format!("{name}: {value} {unit}, above the limit of {limit}"));
        }
        match committed.get(name) {
            None => faults.push(format!("{name}: not in the committed table")),
            Some(_) if figure.of_route() && !same_route => {}
            Some(old) if value * 100 > old * 101 => {
                faults.push(format!("{name}: {value} {unit}, more than 1% above {old}"));
            }
            Some(_) => {}
        }
    }
    let gone = committed.keys().filter(|name| figures.iter().all(|figure| figure.name != **name));
    faults.extend(gone.map(|name| format!("{name}: in the committed table, but not measured")));
    assert!(
        faults.is_empty(),
        "{}\nAEGLE_UPDATE=1 rewrites docs/reports/program-figures.md where a change is meant.",
        faults.join("\n")
    );
}

#[test]
fn the_table_is_read_as_it_is_written() {
    let figure = |name: &str, limit| Figure { name: name.into(), value: 7, unit: BYTES, limit };
    let build = Build { route: "upstream".into(), tools: "rustc 1.2.3, a | b".into() };
    let (route, figures) = parse(&render(&build, &[figure("one", None), figure("two", Some(8))]));
    assert_eq!(route, "upstream");
    assert_eq!(figures, BTreeMap::from([("one".into(), 7), ("two".into(), 7)]));
}

fn render(build: &Build, figures: &[Figure]) -> String {
    let mut text = format!(
        "# Figures of the program\n\n\
         Measured by the tests in the virtual machine, one instruction per transaction, with fixed keys and bumps.\n\
         The tests fail when a figure grows by more than 1% or exceeds its limit; after a change that is meant,\n\
         `AEGLE_UPDATE=1 cargo test -p aegle-tests --test program figures` rewrites this file.\n\n\
         - route: {}\n- tools: {}\n\n\
         | figure | value | unit | limit |\n|---|---:|---|---:|\n",
        build.route, build.tools
    );
    for Figure { name, value, unit, limit } in figures {
        let limit = limit.map(|limit| limit.to_string()).unwrap_or_default();
        writeln!(text, "| {name} | {value} | {unit} | {limit} |").unwrap();
    }
    text
}

/// The route and the values of a rendered table.
fn parse(table: &str) -> (String, BTreeMap<String, u64>) {
    let route = table.lines().find_map(|line| line.strip_prefix("- route: ")).expect("the table's route").to_owned();
    let figures = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            Some((cells.next()?.to_owned(), cells.next()?.parse().ok()?))
        })
        .collect();
    (route, figures)
}

/// Every figure, each kind in the order of the instructions.
fn measure() -> Vec<Figure> {
    let mut measured = Measured { vm: Vm::deployed(), compute: Vec::new(), events: BTreeMap::new() };
    let accounts = measured.play();
    measured.longest_configuration();
    let Measured { mut compute, events, .. } = measured;

    compute.extend(accounts.iter().map(|(name, size)| Figure {
        name: format!("account {name}"),
        value: *size,
        unit: BYTES,
        limit: (*name == "Consent").then_some(224),
    }));
    for name in Event::NAMES {
        let value = *events.get(name).unwrap_or_else(|| panic!("no {name} was emitted"));
        compute.push(Figure { name: format!("event {name}"), value, unit: BYTES, limit: Some(256) });
    }
    let code = elf().len().try_into().unwrap();
    compute.push(Figure { name: CODE.into(), value: code, unit: BYTES, limit: None });
    compute
}

struct Measured {
    vm: Vm,
    compute: Vec<Figure>,
    /// The largest of each kind.
    events: BTreeMap<&'static str, u64>,
}

impl Measured {
    fn run(&mut self, name: &str, limit: Option<u64>, instruction: Instruction, signer: &Keypair) {
        let done = self.vm.send(&[instruction], &[signer]).unwrap_or_else(|failed| panic!("{name}: {failed:?}"));
        for (event, bytes) in done.events.iter().zip(&done.event_bytes) {
            let largest = self.events.entry(event.name()).or_default();
            *largest = (*largest).max(u64::try_from(*bytes).unwrap());
        }
        self.compute.push(Figure { name: name.into(), value: done.compute_units(), unit: COMPUTE, limit });
    }

    /// Every instruction as the owner and, where it differs, as a delegate. Returns the accounts' sizes.
    fn play(&mut self) -> Vec<(&'static str, u64)> {
        let (upgrade_authority, governance) =
            (self.vm.upgrade_authority.insecure_clone(), self.vm.governance.insecure_clone());
        let payer = self.vm.payer.pubkey();
        let init = instruction::init_config(upgrade_authority.pubkey(), payer, self.vm.config_params());
        self.run("init_config", None, init, &upgrade_authority);
        self.run("set_pause", None, instruction::set_pause(governance.pubkey(), false), &governance);

        let owner = self.vm.keypair();
        let params = CreateVaultParams { vault_id: id::vault_id(self.vm.rng()), encryption_key: self.vm.bytes() };
        let vault = pda::find_vault(&params.vault_id).0;
        self.run("create_vault", None, instruction::create_vault(owner.pubkey(), payer, params), &owner);
        let patient = Patient { owner, vault };
        let owner = &patient.owner;
        let rotate = instruction::rotate_key(vault, self.vm.rotate_params(&patient));
        self.run("rotate_key", None, rotate, owner);

        let delegate = self.delegate_key(&vault);
        let params = self.vm.delegate_params(&patient, delegate.pubkey(), &[Right::Mint, Right::Grant, Right::Revoke]);
        self.run("add_delegate", None, instruction::add_delegate(vault, payer, params), owner);

        let first = self.mint("mint_record", &patient, owner);
        let second = self.mint("mint_record by a delegate", &patient, &delegate);
        let amended = self.amend("amend_record", &patient, owner, first);
        let amended_by_delegate = self.amend("amend_record by a delegate", &patient, &delegate, second);
        let mark = |authority: &Keypair, record| {
            instruction::mark_record_entered_in_error(vault, patient.acting(authority), record)
        };
        self.run("mark_record_entered_in_error", None, mark(owner, first), owner);
        self.run("mark_record_entered_in_error by a delegate", None, mark(&delegate, second), &delegate);

        let granted = self.grant("grant_consent", &patient, owner);
        let granted_by_delegate = self.grant("grant_consent by a delegate", &patient, &delegate);
        let grantee = self.vm.keypair();
        let (checked, opening) = self.vm.consent_for(&patient, &grantee.pubkey());
        let params =
            CheckConsentParams { salt: opening.salt, purposes: Purpose::Treatment as u16, actions: Action::Read as u8 };
        let check = instruction::check_consent(vault, checked, grantee.pubkey(), params);
        self.run("check_consent", None, check, &grantee);

        let (recovery, credential) = (self.recover(), self.credential());
        let (break_glass, audit_root) = (self.emergency(&patient, &delegate), self.audit());
        let (mint, holding) = token::addresses(&amended, &owner.pubkey());
        let sizes = [
            ("Config", pda::find_config().0),
            ("Vault", vault),
            ("Delegate", pda::find_delegate(&vault, &delegate.pubkey()).0),
            ("Record", first),
            ("Consent", granted),
            ("Recovery", recovery),
            ("Registrar", credential.0),
            ("Credential", credential.1),
            ("BreakGlass", break_glass),
            ("AuditRoot", audit_root),
            ("mint of a record", mint),
            ("token account of a record", holding),
        ]
        .map(|(name, address)| (name, u64::try_from(self.vm.size(&address).unwrap()).unwrap()));

        let revoke =
            |authority: &Keypair, consent| instruction::revoke_consent(vault, patient.acting(authority), consent);
        self.run("revoke_consent", Some(7_000), revoke(owner, granted), owner);
        self.run("revoke_consent by a delegate", Some(7_000), revoke(&delegate, granted_by_delegate), &delegate);
        let revoke_all = |authority: &Keypair| instruction::revoke_all_consents(vault, patient.acting(authority));
        self.run("revoke_all_consents", None, revoke_all(owner), owner);
        self.run("revoke_all_consents by a delegate", None, revoke_all(&delegate), &delegate);

        let erase = self.vm.erase_instruction(&patient, &amended);
        self.run("erase_record", None, erase, owner);
        let erase = self.vm.erase_instruction(&patient, &amended_by_delegate);
        self.run("erase_record minted by a delegate", None, erase, owner);
        self.vm.send(&[token::burn(&first, &owner.pubkey())], &[owner]).expect("burn");
        let erase = self.vm.erase_instruction(&patient, &first);
        self.run("erase_record whose token is burnt", None, erase, owner);
        let reissue =
            |vm: &Vm, record| instruction::reissue_record(payer, record, &vm.account(&record), vm.expected(&patient));
        let (burnt, kept) = (self.vm.record(&patient), second);
        self.vm.send(&[token::burn(&burnt, &owner.pubkey())], &[owner]).expect("burn");
        let burnt = reissue(&self.vm, burnt);
        self.run("reissue_record whose token is burnt", None, burnt, owner);
        let kept = reissue(&self.vm, kept);
        self.run("reissue_record minted by a delegate", None, kept, owner);
        let params = SetDelegateMintCapParams { delegate_mint_cap: 5, expected: self.vm.expected(&patient) };
        self.run("set_delegate_mint_cap", None, instruction::set_delegate_mint_cap(vault, params), owner);
        let remove = instruction::remove_delegate(vault, owner.pubkey(), &delegate.pubkey());
        self.run("remove_delegate", None, remove, owner);
        sizes.to_vec()
    }

    /// Guardians and all that they do; returns a recovery.
    fn recover(&mut self) -> Pubkey {
        let patient = self.vm.patient();
        let (keys, list, named) = guardians(&mut self.vm, &patient, 5, 3);
        let change_first = change(&self.vm, &patient, named);
        self.run("change_guardians at first", None, change_first, &patient.owner);
        let (_, _, others) = guardians(&mut self.vm, &patient, 5, 3);
        let change_later = change(&self.vm, &patient, others);
        self.run("change_guardians later", None, change_later.clone(), &patient.owner);
        let cancel = change(&self.vm, &patient, named);
        self.run("change_guardians to cancel", None, cancel, &patient.owner);
        let guarded = Guarded { patient, keys, list, guardians: named };

        let heir = self.vm.keypair();
        let vault = guarded.patient.vault;
        let params = guarded.proposal(&mut self.vm, 0, heir.pubkey());
        let recovery = pda::find_recovery(&vault, &params.recovery_id).0;
        let propose = guarded.propose_instruction(&self.vm, 0, params);
        self.run("propose_recovery of 5 guardians", None, propose, &guarded.keys[0]);
        self.run("approve_recovery", None, guarded.approve_instruction(1, recovery), &guarded.keys[1]);
        let last = guarded.approve_instruction(2, recovery);
        self.run("approve_recovery that makes it pending", None, last, &guarded.keys[2]);
        self.run("veto_recovery", None, guarded.veto_instruction(recovery), &guarded.patient.owner);
        guarded.approve(&mut self.vm, 3, recovery);
        guarded.approve(&mut self.vm, 4, recovery);
        let before = self.vm.clock().unix_timestamp;
        guarded.wait(&mut self.vm, recovery);
        let execute = instruction::execute_recovery(vault, heir.pubkey(), recovery);
        self.run("execute_recovery", None, execute, &heir);

        let patient = Patient { owner: heir, vault };
        let change_later = change(&self.vm, &patient, others);
        self.vm.run(&change_later, &[&patient.owner]);
        self.vm.set_time(self.vm.vault(&patient).guardians_due_at);
        let apply = instruction::apply_guardian_change(vault, patient.owner.pubkey());
        self.run("apply_guardian_change", None, apply, &patient.owner);
        self.vm.set_time(before);
        recovery
    }

    /// A registrar and all that it does; returns it and a credential.
    fn credential(&mut self) -> (Pubkey, Pubkey) {
        let (governance, payer) = (self.vm.governance.insecure_clone(), self.vm.payer.pubkey());
        let key = self.key(|key| pda::find_registrar(&key).1);
        let params = AddRegistrarParams { authority: key.pubkey(), kinds: 1, profile_commitment: self.vm.bytes() };
        let add = instruction::add_registrar(governance.pubkey(), payer, params);
        self.run("add_registrar", None, add, &governance);
        let registrar = pda::find_registrar(&key.pubkey()).0;
        let subject = self.key(|key| pda::find_credential(&registrar, &key).1).pubkey();
        let params = IssueCredentialParams { subject, ..credential_params(&mut self.vm) };
        let terms = params.terms;
        self.run("issue_credential", None, instruction::issue_credential(key.pubkey(), payer, params), &key);
        let params = RenewCredentialParams { terms, expected_revision: 0 };
        self.run("renew_credential", None, instruction::renew_credential(key.pubkey(), &subject, params), &key);
        self.run("suspend_credential", None, instruction::suspend_credential(key.pubkey(), &subject), &key);
        self.run("reinstate_credential", None, instruction::reinstate_credential(key.pubkey(), &subject, 2), &key);
        self.run("revoke_credential", None, instruction::revoke_credential(key.pubkey(), &subject), &key);
        let remove = instruction::remove_registrar(governance.pubkey(), registrar);
        self.run("remove_registrar", None, remove, &governance);
        (registrar, pda::find_credential(&registrar, &subject).0)
    }

    /// Two emergencies, reviewed by the owner and by a delegate; returns one.
    fn emergency(&mut self, patient: &Patient, delegate: &Keypair) -> Pubkey {
        let (owner, payer) = (&patient.owner, self.vm.payer.insecure_clone());
        let params = SetEmergencyPolicyParams { emergency_policy: 1, expected: self.vm.expected(patient) };
        let set = instruction::set_emergency_policy(patient.vault, params);
        self.run("set_emergency_policy", None, set, owner);
        let open = |this: &mut Self| {
            let params = opening_params(&mut this.vm, patient);
            let break_glass = pda::find_break_glass(&patient.vault, &params.break_glass_id).0;
            (open_instruction(&this.vm, patient, params), break_glass)
        };
        let (instruction, first) = open(self);
        self.run("open_break_glass", None, instruction, &payer);
        let (instruction, second) = open(self);
        self.vm.run(&instruction, &[&payer]);
        let review = |authority: &Keypair, break_glass| {
            instruction::review_break_glass(patient.vault, patient.acting(authority), break_glass)
        };
        self.run("review_break_glass", None, review(owner, first), owner);
        self.run("review_break_glass by a delegate", None, review(delegate, second), delegate);
        first
    }

    /// An operator's first two roots; returns the second.
    fn audit(&mut self) -> Pubkey {
        let operator = self.key(|key| pda::find_audit_root(&key, 0).1.min(pda::find_audit_root(&key, 1).1));
        let payer = self.vm.payer.pubkey();
        for (index, name) in [(0, "anchor_audit_root at first"), (1, "anchor_audit_root")] {
            let (root, heads) = (self.vm.bytes(), self.vm.bytes());
            let params = AnchorAuditRootParams { index, tree_size: index, root, heads };
            self.run(name, None, instruction::anchor_audit_root(operator.pubkey(), payer, params), &operator);
        }
        pda::find_audit_root(&operator.pubkey(), 1).0
    }

    /// The one event whose size varies, at its largest.
    fn longest_configuration(&mut self) {
        let mut vm = Vm::deployed();
        let params = InitConfigParams { record_uri: "u".repeat(MAX_RECORD_URI), ..vm.config_params() };
        assert!(RECORD_URI.len() <= MAX_RECORD_URI);
        let authority = vm.upgrade_authority.insecure_clone();
        let init = instruction::init_config(authority.pubkey(), vm.payer.pubkey(), params);
        let done = vm.send(&[init], &[&authority]).expect("configuration");
        self.events.insert(done.event().name(), done.event_bytes[0].try_into().unwrap());
    }

    /// A delegate's key whose account has the first bump tried, as clients choose ids.
    fn delegate_key(&mut self, vault: &Pubkey) -> Keypair {
        self.key(|key| pda::find_delegate(vault, &key).1)
    }

    /// A key from which an address with the first bump follows.
    fn key(&mut self, bump: impl Fn(Pubkey) -> u8) -> Keypair {
        loop {
            let key = self.vm.keypair();
            if bump(key.pubkey()) == u8::MAX {
                return key;
            }
        }
    }

    fn mint(&mut self, name: &str, patient: &Patient, authority: &Keypair) -> Pubkey {
        let params = self.vm.record_params_by(patient, authority);
        let record = pda::find_record(&patient.vault, &params.record_id).0;
        let payer = self.vm.payer.pubkey();
        let mint = instruction::mint_record(patient.vault, patient.acting(authority), payer, params);
        self.run(name, Some(60_000), mint, authority);
        record
    }

    fn amend(&mut self, name: &str, patient: &Patient, authority: &Keypair, previous: Pubkey) -> Pubkey {
        let params = self.vm.record_params_by(patient, authority);
        let record = pda::find_record(&patient.vault, &params.record_id).0;
        let payer = self.vm.payer.pubkey();
        let amend = instruction::amend_record(patient.vault, patient.acting(authority), payer, previous, params);
        self.run(name, None, amend, authority);
        record
    }

    fn grant(&mut self, name: &str, patient: &Patient, authority: &Keypair) -> Pubkey {
        let (consent_id, params) = self.vm.consent_params(patient);
        let consent = pda::find_consent(&patient.vault, &consent_id).0;
        let payer = self.vm.payer.pubkey();
        let grant = instruction::grant_consent(patient.vault, patient.acting(authority), payer, consent_id, params);
        // Reading the delegate's account comes on top for a delegate.
        let limit = if authority.pubkey() == patient.owner.pubkey() { 10_000 } else { 11_000 };
        self.run(name, Some(limit), grant, authority);
        consent
    }
}
