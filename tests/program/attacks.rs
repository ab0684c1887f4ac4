//! The classic attacks on programs of this chain, each against the instruction where it would pay most.
//! What every instruction refuses by itself is in its own file.

use std::collections::BTreeSet;

use aegle_client::{
    PROGRAM_ID, Pubkey,
    aegle::{AddRegistrarParams, AegleError, CheckConsentParams, CreateVaultParams, InitConfigParams, NewRecordParams},
    instruction, pda,
    state::{Action, Config, Consent, MAX_RECORD_URI, Purpose, Record, RecordStatus, Right, Vault, grantee_handle},
};
use aegle_tests::{
    guarded::{Guarded, change, guardians},
    refusals::INSTRUCTIONS,
    registry::{Registry, credential_params},
    vm::{Patient, Vm, framework, replace},
};
use anchor_lang::{error::ErrorCode, solana_program::system_instruction};
use anchor_spl::token_2022::{
    ID as TOKEN_2022,
    spl_token_2022::{error::TokenError, instruction as token_instruction},
};
use solana_compute_budget::compute_budget::ComputeBudget;
use solana_instruction::{AccountMeta, Instruction};
use solana_instruction_error::InstructionError;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::token::{self, addresses};

fn mint(vm: &mut Vm, patient: &Patient) -> (Pubkey, Instruction) {
    let params = vm.record_params(patient);
    let record = pda::find_record(&patient.vault, &params.record_id).0;
    (record, instruction::mint_record(patient.vault, patient.authority(), vm.payer.pubkey(), params))
}

/// A program that only looks like Token-2022 could say that a token exists.
#[test]
fn another_token_program_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let record = vm.record(&patient);
    let (_, mint) = mint(&mut vm, &patient);
    let erase = vm.erase_instruction(&patient, &record);
    let reissue = instruction::reissue_record(vm.payer.pubkey(), record, &vm.account(&record), vm.expected(&patient));
    let legacy = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    let associated = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
    for good in [mint, erase, reissue] {
        for fake in [legacy, associated, solana_sdk_ids::system_program::ID] {
            let bad = replace(good.clone(), TOKEN_2022, fake);
            vm.refuse(bad, &[&patient.owner], framework(ErrorCode::InvalidProgramId));
        }
    }
}

/// Time and rent come from the runtime, so that no account can stand for a sysvar.
#[test]
fn no_instruction_takes_a_sysvar_account() {
    let idl = include_str!("../../idl/aegle.json");
    assert!(!idl.contains("Sysvar") && !idl.contains("sysvar"));
}

/// What comes after an instruction's accounts is not looked at, also where it repeats one of them.
#[test]
fn accounts_beyond_the_instructions_own_change_nothing() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let before = vm.vault(&patient);
    let (record, mut mint) = mint(&mut vm, &patient);
    let repeated = [patient.vault, record, pda::find_config().0];
    mint.accounts.extend(repeated.map(|key| AccountMeta::new(key, false)));
    vm.run(&mint, &[&patient.owner]);
    assert_eq!(vm.vault(&patient), Vault { record_count: 1, ..before });
    assert_eq!(vm.account::<Record>(&record).status, RecordStatus::Active);
}

/// The same account in the place of two that are written would be written twice.
#[test]
fn one_account_in_two_places_is_refused() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let previous = vm.record(&patient);
    let params = vm.record_params(&patient);
    let record = pda::find_record(&patient.vault, &params.record_id).0;
    let amend =
        instruction::amend_record(patient.vault, patient.authority(), vm.payer.pubkey(), previous, params.clone());
    let both_new = replace(amend.clone(), previous, record);
    vm.refuse(both_new, &[&patient.owner], framework(ErrorCode::AccountNotInitialized));
    let both_old = replace(amend.clone(), record, previous);
    vm.fail(&both_old, &[&patient.owner]);
    let vault_as_previous = replace(amend, previous, patient.vault);
    vm.refuse(vault_as_previous, &[&patient.owner], framework(ErrorCode::AccountDiscriminatorMismatch));

    let guarded = Guarded::new(&mut vm, 2, 1);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let veto = guarded.veto_instruction(recovery);
    let vault_twice = replace(veto, recovery, guarded.patient.vault);
    vm.refuse(vault_twice, &[&guarded.patient.owner], framework(ErrorCode::AccountDiscriminatorMismatch));

    let record = vm.record(&patient);
    let (mint, token) = addresses(&record, &patient.owner.pubkey());
    let erase = vm.erase_instruction(&patient, &record);
    for (from, to) in [(token, mint), (mint, token), (token, record)] {
        vm.fail(&replace(erase.clone(), from, to), &[&patient.owner]);
    }
    assert_eq!(vm.account::<Record>(&record).status, RecordStatus::Active);
}

/// One account per seeds: an address of the same seeds with a lower bump is another place.
#[test]
fn only_the_canonical_bump_is_taken() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (record, good) = mint(&mut vm, &patient);
    let (mint, token) = addresses(&record, &patient.owner.pubkey());
    let vault = CreateVaultParams { vault_id: vm.bytes(), encryption_key: vm.bytes() };
    let create = instruction::create_vault(patient.owner.pubkey(), vm.payer.pubkey(), vault.clone());
    let owner = patient.owner.pubkey();
    let cases: [(Instruction, &[&[u8]], Pubkey); 3] = [
        (good.clone(), &[pda::MINT, record.as_ref()], mint),
        (good, &[pda::TOKEN, mint.as_ref(), owner.as_ref()], token),
        (create, &[pda::VAULT, &vault.vault_id], pda::find_vault(&vault.vault_id).0),
    ];
    for (good, seeds, canonical) in cases {
        let addresses = (0..=u8::MAX).rev().filter_map(|bump| {
            let bump = [bump];
            let seeds: Vec<&[u8]> = seeds.iter().copied().chain([&bump[..]]).collect();
            Pubkey::create_program_address(&seeds, &PROGRAM_ID).ok()
        });
        // The first is the canonical one.
        let lower: Vec<Pubkey> = addresses.skip(1).take(2).collect();
        for address in lower {
            let bad = replace(good.clone(), canonical, address);
            vm.refuse(bad, &[&patient.owner], framework(ErrorCode::ConstraintSeeds));
        }
    }
}

/// Seeds have fixed lengths, so that no two patients' accounts can meet, whatever ids they choose.
#[test]
fn patients_with_ids_made_to_collide_do_not_meet() {
    let mut vm = Vm::new();
    let (patient, thief) = (vm.patient(), vm.patient());
    let mut seen = BTreeSet::new();
    // Each one's ids are the other's addresses and ids.
    let ids = [patient.vault.to_bytes(), thief.vault.to_bytes(), vm.vault(&patient).vault_id, [0; 32], [0xff; 32]];
    for owner in [&patient, &thief] {
        for id in ids {
            let key = Pubkey::new_from_array(id);
            for address in [
                pda::find_record(&owner.vault, &id).0,
                pda::find_consent(&owner.vault, &id).0,
                pda::find_recovery(&owner.vault, &id).0,
                pda::find_delegate(&owner.vault, &key).0,
                pda::find_mint(&pda::find_record(&owner.vault, &id).0).0,
                pda::find_token(&owner.vault, &key).0,
                pda::find_credential(&owner.vault, &key).0,
            ] {
                assert!(seen.insert(address), "two accounts at {address}");
            }
            let params = NewRecordParams { record_id: id, commitment: [7; 32], expected: vm.expected(owner) };
            let mint = instruction::mint_record(owner.vault, owner.authority(), vm.payer.pubkey(), params);
            vm.run(&mint, &[&owner.owner]);
        }
    }
    for id in ids {
        for address in [pda::find_vault(&id).0, pda::find_registrar(&Pubkey::new_from_array(id)).0] {
            assert!(seen.insert(address), "two accounts at {address}");
        }
    }
    assert!(seen.insert(pda::find_config().0));
}

/// A stranger's lamports at an address that will be needed keep nobody from it.
#[test]
fn lamports_at_any_future_address_stop_nothing() {
    let mut vm = Vm::deployed();
    vm.prefund(&pda::find_config().0, 1_000_000);
    let init = instruction::init_config(vm.upgrade_authority.pubkey(), vm.payer.pubkey(), vm.config_params());
    let (upgrade_authority, governance) = (vm.upgrade_authority.insecure_clone(), vm.governance.insecure_clone());
    vm.run(&init, &[&upgrade_authority]);

    let owner = vm.keypair();
    let params = CreateVaultParams { vault_id: vm.bytes(), encryption_key: vm.bytes() };
    let vault = pda::find_vault(&params.vault_id).0;
    vm.prefund(&vault, 1_000_000);
    let create = instruction::create_vault(owner.pubkey(), vm.payer.pubkey(), params);
    vm.run(&create, &[&owner]);
    let patient = Patient { owner, vault };

    let key = vm.keypair().pubkey();
    vm.prefund(&pda::find_delegate(&vault, &key).0, 1_000_000);
    let params = vm.delegate_params(&patient, key, &[Right::Mint]);
    let add = instruction::add_delegate(vault, vm.payer.pubkey(), params);
    vm.run(&add, &[&patient.owner]);

    let (consent_id, params) = vm.consent_params(&patient);
    vm.prefund(&pda::find_consent(&vault, &consent_id).0, 1_000_000);
    let grant = instruction::grant_consent(vault, patient.authority(), vm.payer.pubkey(), consent_id, params);
    vm.run(&grant, &[&patient.owner]);

    let guarded = Guarded::new(&mut vm, 2, 1);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    vm.prefund(&pda::find_recovery(&guarded.patient.vault, &params.recovery_id).0, 1_000_000);
    let propose = guarded.propose_instruction(&vm, 0, params);
    vm.run(&propose, &[&guarded.keys[0]]);

    let params = AddRegistrarParams { authority: vm.keypair().pubkey(), kinds: 1, profile_commitment: vm.bytes() };
    vm.prefund(&pda::find_registrar(&params.authority).0, 1_000_000);
    let add = instruction::add_registrar(governance.pubkey(), vm.payer.pubkey(), params);
    vm.run(&add, &[&governance]);

    let registry = Registry::new(&mut vm);
    let params = credential_params(&mut vm);
    vm.prefund(&pda::find_credential(&registry.registrar, &params.subject).0, 1_000_000);
    let issue = registry.issue_instruction(&vm, params);
    vm.run(&issue, &[&registry.key]);
}

/// INV-4: an account closed in a transaction stays closed in it, whatever is sent there.
#[test]
fn a_token_closed_in_a_transaction_is_not_revived_in_it() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (record, mint_again) = mint(&mut vm, &patient);
    vm.run(&mint_again, &[&patient.owner]);
    let (mint, token) = addresses(&record, &patient.owner.pubkey());
    let erase = vm.erase_instruction(&patient, &record);
    let fund = |vm: &Vm, address| system_instruction::transfer(&vm.payer.pubkey(), &address, 10_000_000);
    let failed = vm.send(&[erase.clone(), mint_again.clone()], &[&patient.owner]).err().unwrap();
    assert_eq!(failed.err, TransactionError::InstructionError(1, InstructionError::Custom(0)));
    let reissue = instruction::reissue_record(vm.payer.pubkey(), record, &vm.account(&record), vm.expected(&patient));
    let failed = vm.send(&[erase.clone(), reissue.clone()], &[&patient.owner]).err().unwrap();
    let refused = InstructionError::Custom(AegleError::RecordErased.into());
    assert_eq!(failed.err, TransactionError::InstructionError(1, refused));

    let keep = [fund(&vm, mint), fund(&vm, token)];
    vm.send(&[erase, keep[0].clone(), keep[1].clone()], &[&patient.owner]).unwrap();
    for address in [mint, token] {
        let account = vm.svm.get_account(&address).unwrap();
        assert_eq!((account.owner, account.data.len()), (solana_sdk_ids::system_program::ID, 0));
    }
    vm.refuse(reissue, &[&patient.owner], AegleError::RecordErased);
    vm.refuse_existing(mint_again, &[&patient.owner]);
}

/// INV-4: nobody but the record closes its mint, so that nobody creates it again with other extensions,
/// and a mint of the holder's own making is never taken for it.
#[test]
fn nobody_creates_a_mint_in_the_place_of_a_records() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let owner = patient.owner.pubkey();
    let record = vm.record(&patient);
    let (mint, _) = addresses(&record, &owner);
    vm.run(&token::burn(&record, &owner), &[&patient.owner]);
    let close = token_instruction::close_account(&TOKEN_2022, &mint, &owner, &owner, &[]).unwrap();
    vm.refuse(close, &[&patient.owner], TokenError::OwnerMismatch as u32);
    let mint_more = token_instruction::mint_to(&TOKEN_2022, &mint, &addresses(&record, &owner).1, &owner, &[], 1);
    vm.refuse(mint_more.unwrap(), &[&patient.owner], TokenError::FixedSupply as u32);
    let initialize = token_instruction::initialize_mint2(&TOKEN_2022, &mint, &owner, None, 0).unwrap();
    vm.refuse(initialize, &[], TokenError::AlreadyInUse as u32);

    let own = vm.keypair();
    let create = system_instruction::create_account(&vm.payer.pubkey(), &own.pubkey(), 10_000_000, 82, &TOKEN_2022);
    let initialize = token_instruction::initialize_mint2(&TOKEN_2022, &own.pubkey(), &owner, None, 0).unwrap();
    vm.send(&[create, initialize], &[&own]).unwrap();
    let erase = vm.erase_instruction(&patient, &record);
    vm.refuse(replace(erase, mint, own.pubkey()), &[&patient.owner], framework(ErrorCode::ConstraintSeeds));

    let reissue = instruction::reissue_record(vm.payer.pubkey(), record, &vm.account(&record), vm.expected(&patient));
    vm.run(&reissue, &[&patient.owner]);
    assert_eq!(token::mint(&vm, &mint), token::issued(&record));
}

/// INV-4: the holder can neither freeze nor hand over the token; burning it loses no record.
#[test]
fn the_holders_power_ends_at_burning() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let owner = patient.owner.pubkey();
    let record = vm.record(&patient);
    let before = vm.account::<Record>(&record);
    let (mint, token) = addresses(&record, &owner);
    let freeze = token_instruction::freeze_account(&TOKEN_2022, &token, &mint, &owner, &[]).unwrap();
    vm.refuse(freeze, &[&patient.owner], TokenError::MintCannotFreeze as u32);
    let stranger = vm.keypair().pubkey();
    let theirs = token::open_account(&mut vm, &record, &stranger);
    let transfer = token_instruction::transfer_checked(&TOKEN_2022, &token, &mint, &theirs, &owner, &[], 1, 0).unwrap();
    vm.refuse(transfer, &[&patient.owner], TokenError::NonTransferable as u32);
    vm.run(&token::burn(&record, &owner), &[&patient.owner]);
    assert_eq!(vm.account::<Record>(&record), before);
}

/// INV-2: consent ids are used once, so that what was revoked is not granted again by the same
/// transaction.
#[test]
fn a_revoked_grant_is_not_replayed() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (consent_id, params) = vm.consent_params(&patient);
    let consent = pda::find_consent(&patient.vault, &consent_id).0;
    let grant = instruction::grant_consent(patient.vault, patient.authority(), vm.payer.pubkey(), consent_id, params);
    vm.run(&grant, &[&patient.owner]);
    vm.run(&instruction::revoke_consent(patient.vault, patient.authority(), consent), &[&patient.owner]);
    vm.refuse_existing(grant.clone(), &[&patient.owner]);
    // Nor by revoking and granting in one transaction.
    let other = vm.consent(&patient);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), other);
    vm.send(&[revoke, grant], &[&patient.owner]).err().unwrap();
    assert_eq!(vm.account::<Consent>(&other).revoked_slot, 0);
}

/// A transaction signed on a durable nonce stays valid for ever; what it grants does not.
#[test]
fn a_grant_held_back_on_a_durable_nonce_does_not_land_later() {
    for recovered in [false, true] {
        let mut vm = Vm::new();
        let guarded = Guarded::new(&mut vm, 3, 2);
        let patient = &guarded.patient;
        let nonce = vm.keypair();
        let payer = vm.payer.insecure_clone();
        let create =
            system_instruction::create_nonce_account(&payer.pubkey(), &nonce.pubkey(), &payer.pubkey(), 10_000_000);
        vm.send(&create, &[&nonce]).unwrap();
        let (consent_id, params) = vm.consent_params(patient);
        let consent = pda::find_consent(&patient.vault, &consent_id).0;
        let grant = instruction::grant_consent(patient.vault, patient.authority(), payer.pubkey(), consent_id, params);
        let held_back = on_nonce(&vm, &nonce.pubkey(), grant, &[&payer, &patient.owner]);

        let error = if recovered {
            guarded.recover(&mut vm);
            AegleError::OwnerMismatch
        } else {
            let revoke_all = instruction::revoke_all_consents(patient.vault, patient.authority());
            vm.run(&revoke_all, &[&patient.owner]);
            AegleError::ConsentEpochMismatch
        };
        let failed = vm.svm.send_transaction(held_back).err().unwrap();
        let refused = InstructionError::Custom(error.into());
        assert_eq!(failed.err, TransactionError::InstructionError(1, refused));
        assert!(vm.svm.get_account(&consent).is_none());
    }
}

/// A transaction that begins by advancing a nonce, whose value is its blockhash.
fn on_nonce(vm: &Vm, nonce: &Pubkey, instruction: Instruction, signers: &[&Keypair]) -> Transaction {
    // nonce::state::Versions: two tags of four bytes, the authority, then the value.
    let value: [u8; 32] = vm.svm.get_account(nonce).unwrap().data[40..72].try_into().unwrap();
    let payer = signers[0].pubkey();
    let advance = system_instruction::advance_nonce_account(nonce, &payer);
    let message = Message::new(&[advance, instruction], Some(&payer));
    Transaction::new(signers, message, value.into())
}

/// INV-2: a handle for nobody, or for a program, is a consent that no key can use.
#[test]
fn consents_of_the_zero_key_or_of_a_program_permit_nobody() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    for grantee in [Pubkey::default(), PROGRAM_ID, TOKEN_2022] {
        let (consent, opening) = vm.consent_for(&patient, &grantee);
        let params =
            CheckConsentParams { salt: opening.salt, purposes: Purpose::Treatment as u16, actions: Action::Read as u8 };
        let mut check = instruction::check_consent(patient.vault, consent, grantee, params.clone());
        check.accounts[0].is_signer = false;
        vm.refuse(check, &[], framework(ErrorCode::AccountNotSigner));
        let stranger = vm.keypair();
        let check = instruction::check_consent(patient.vault, consent, stranger.pubkey(), params);
        vm.refuse(check, &[&stranger], AegleError::GranteeMismatch);
        let handle = vm.account::<Consent>(&consent).handle;
        assert_eq!(handle, grantee_handle(&patient.vault, &opening.consent_id, &grantee, &opening.salt));
    }
}

/// Strings are bounded and are text.
#[test]
fn strings_that_are_too_long_or_no_text_are_refused() {
    let mut vm = Vm::deployed();
    let authority = vm.upgrade_authority.insecure_clone();
    let init = |record_uri: String| {
        let params = InitConfigParams { record_uri, ..vm.config_params() };
        instruction::init_config(authority.pubkey(), vm.payer.pubkey(), params)
    };
    let too_long = init("u".repeat(MAX_RECORD_URI + 1));
    let longest = init("u".repeat(MAX_RECORD_URI));
    let mut no_text = longest.clone();
    let last = no_text.data.len() - 1;
    no_text.data[last] = 0xff;
    let mut longer_than_the_data = longest.clone();
    let length = last - MAX_RECORD_URI - 3;
    longer_than_the_data.data[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    vm.refuse(too_long, &[&authority], AegleError::InvalidRecordUri);
    vm.refuse(no_text, &[&authority], framework(ErrorCode::InstructionDidNotDeserialize));
    // More memory than a program has is asked for before the data is found too short.
    let failed = vm.fail(&longer_than_the_data, &[&authority]).err;
    assert_eq!(failed, TransactionError::InstructionError(0, InstructionError::ProgramFailedToComplete));
    vm.run(&longest, &[&authority]);
    assert_eq!(vm.account::<Config>(&pda::find_config().0).record_uri.len(), MAX_RECORD_URI);
}

/// Arguments cut anywhere are refused; bytes after them mean nothing.
#[test]
fn truncated_arguments_are_refused_and_trailing_bytes_change_nothing() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (record, good) = mint(&mut vm, &patient);
    for length in 8..good.data.len() {
        let cut = Instruction { data: good.data[..length].to_vec(), ..good.clone() };
        vm.refuse(cut, &[&patient.owner], framework(ErrorCode::InstructionDidNotDeserialize));
    }
    let commitment: [u8; 32] = good.data[40..72].try_into().unwrap();
    let longer = Instruction { data: [&good.data[..], &[0xff; 40]].concat(), ..good };
    vm.run(&longer, &[&patient.owner]);
    assert_eq!(vm.account::<Record>(&record).commitment, commitment);
}

/// INV-6: where the event cannot be emitted, because callers used up the depth of calls, nothing
/// changes.
#[test]
fn without_its_event_no_change_happens() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let consent = vm.consent(&patient);
    let revoke = instruction::revoke_consent(patient.vault, patient.authority(), consent);
    let deep = vm.svm.clone();
    let mut budget = vm.svm.get_compute_budget().unwrap_or_else(|| ComputeBudget::new_with_defaults(true));
    budget.max_instruction_stack_depth = 1;
    vm.svm = std::mem::take(&mut vm.svm).with_compute_budget(budget);
    let failed = vm.fail(&revoke, &[&patient.owner]);
    assert_eq!(failed.err, TransactionError::InstructionError(0, InstructionError::CallDepth));
    assert_eq!(vm.account::<Consent>(&consent).revoked_slot, 0);
    vm.svm = deep;
    vm.run(&revoke, &[&patient.owner]);
}

/// INV-3: whoever deploys cannot be overtaken by a stranger's configuration.
#[test]
fn a_stranger_cannot_initialise_first() {
    let mut vm = Vm::deployed();
    let stranger = vm.keypair();
    let params = InitConfigParams { governance: stranger.pubkey(), ..vm.config_params() };
    let init = instruction::init_config(stranger.pubkey(), vm.payer.pubkey(), params);
    vm.refuse(init, &[&stranger], AegleError::NotUpgradeAuthority);
}

/// INV-3: a thief of the owner's key does what an owner can, and loses the vault all the same.
#[test]
fn a_thief_with_veto_and_guardians_of_the_own_loses_the_vault() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let (patient, heir) = (&guarded.patient, vm.keypair());
    let thief = &patient.owner;
    let record = vm.record(patient);
    let (_, _, thiefs) = guardians(&mut vm, patient, 1, 1);
    vm.run(&change(&vm, patient, thiefs), &[thief]);

    // Two of three make the change void; the thief vetoes, and names guardians again.
    let recovery = guarded.pend(&mut vm, heir.pubkey());
    guarded.veto(&mut vm, recovery);
    vm.run(&change(&vm, patient, thiefs), &[thief]);
    let params = vm.rotate_params(patient);
    vm.run(&instruction::rotate_key(patient.vault, params), &[thief]);

    // The third guardian joins before that is due: no veto counts any more.
    guarded.approve(&mut vm, 2, recovery);
    vm.refuse(guarded.veto_instruction(recovery), &[thief], AegleError::RecoveryUnanimous);
    vm.refuse(change(&vm, patient, thiefs), &[thief], AegleError::RecoveryPending);
    guarded.wait(&mut vm, recovery);
    guarded.execute(&mut vm, &heir, recovery);
    let recovered = Patient { owner: heir, vault: patient.vault };
    let reissue = instruction::reissue_record(vm.payer.pubkey(), record, &vm.account(&record), vm.expected(&recovered));
    vm.run(&reissue, &[&recovered.owner]);
    let erase = vm.erase_instruction(&recovered, &record);
    vm.refuse(replace(erase, recovered.owner.pubkey(), thief.pubkey()), &[thief], AegleError::Unauthorized);
}

/// The table of instructions that the tests of this folder go by is the IDL's.
#[test]
fn no_two_instructions_share_a_discriminator() {
    let names: BTreeSet<&String> = INSTRUCTIONS.values().collect();
    assert_eq!(names.len(), INSTRUCTIONS.len());
}
