use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, NewRecordParams},
    events, instruction, pda,
    state::{Record, RecordStatus, Right, TokenHolder, VERSION, Vault},
};
use aegle_tests::vm::{Patient, Vm, framework, replace};
use anchor_lang::error::ErrorCode;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::token;

struct Scene {
    vm: Vm,
    patient: Patient,
    sponsor: Keypair,
    previous: Pubkey,
}

fn scene() -> Scene {
    let mut vm = Vm::new();
    let patient = vm.patient();
    Scene { sponsor: vm.sponsor(), previous: vm.record(&patient), patient, vm }
}

impl Scene {
    /// A good instruction with fresh parameters, signed by the owner.
    fn amend(&mut self) -> Instruction {
        let params = self.vm.record_params(&self.patient);
        self.amend_with(params)
    }

    fn amend_with(&self, params: NewRecordParams) -> Instruction {
        let Self { patient, sponsor, previous, .. } = self;
        instruction::amend_record(patient.vault, patient.authority(), sponsor.pubkey(), *previous, params)
    }

    #[track_caller]
    fn refuse(&mut self, instruction: Instruction, error: impl Into<u32>) {
        self.vm.refuse(instruction, &[&self.patient.owner, &self.sponsor], error);
    }

    fn mark_previous(&mut self) {
        let mark =
            instruction::mark_record_entered_in_error(self.patient.vault, self.patient.authority(), self.previous);
        self.vm.send(&[mark], &[&self.patient.owner]).unwrap();
    }
}

/// INV-5: a correction is a new version; the old commitment and token stay.
#[test]
fn an_amendment_is_a_new_version_with_its_own_token_at_the_payers_expense() {
    for by_delegate in [false, true] {
        let Scene { mut vm, patient, sponsor, previous } = scene();
        let delegate = vm.delegate(&patient, &[Right::Mint]);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let (vault, original) = (vm.vault(&patient), vm.account::<Record>(&previous));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let params = vm.record_params_by(&patient, actor);
        let authority = patient.acting(actor);
        let amend = instruction::amend_record(patient.vault, authority, sponsor.pubkey(), previous, params.clone());
        let done = vm.send(&[amend], &[actor, &sponsor]).unwrap();

        let (record, bump) = pda::find_record(&patient.vault, &params.record_id);
        let (mint, mint_bump) = pda::find_mint(&record);
        let (holder, kept_by) =
            if by_delegate { (record, TokenHolder::Record) } else { (actor.pubkey(), TokenHolder::Owner) };
        let holding = pda::find_token(&mint, &holder).0;
        let clock = vm.clock();
        assert_eq!(
            vm.account::<Record>(&record),
            Record {
                version: VERSION,
                bump,
                mint_bump,
                status: RecordStatus::Active,
                rent_payer: sponsor.pubkey(),
                vault: patient.vault,
                record_id: params.record_id,
                commitment: params.commitment,
                record_version: 2,
                previous,
                minted_slot: clock.slot,
                minted_at: clock.unix_timestamp,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                issues: 1,
                token: holding,
            }
        );
        assert_eq!(
            vm.account::<Record>(&previous),
            Record {
                status: RecordStatus::Amended,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                ..original
            }
        );
        let delegate_mints = u32::from(by_delegate);
        assert_eq!(vm.vault(&patient), Vault { record_count: 2, delegate_mints, ..vault });
        assert_eq!(
            *done.event(),
            Event::RecordAmended(events::RecordAmended {
                vault: patient.vault,
                record_id: params.record_id,
                bump,
                mint_bump,
                commitment: params.commitment,
                authority: actor.pubkey(),
                rent_payer: sponsor.pubkey(),
                previous,
                record_version: 2,
                holder: kept_by,
                record_count: 2,
                delegate_mints,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(done.event().account(), record);
        // INV-4: one live token each.
        assert_eq!(token::mint(&vm, &mint), token::issued(&record));
        assert_eq!(token::holding(&vm, &holding), token::held(&record, &holder));
        assert_eq!(token::mint(&vm, &pda::find_mint(&previous).0), token::issued(&previous));
        let rent: u64 = [record, mint, holding].iter().map(|address| vm.rent_of(address)).sum();
        assert_eq!(vm.spent(&sponsor), rent, "INV-12");
        vm.rent_of(&previous);
    }
}

#[test]
fn versions_form_a_chain() {
    let mut scene = scene();
    for version in 2..=4 {
        let params = scene.vm.record_params(&scene.patient);
        let record = pda::find_record(&scene.patient.vault, &params.record_id).0;
        let amend = scene.amend_with(params);
        scene.vm.send(&[amend], &[&scene.patient.owner, &scene.sponsor]).unwrap();
        let state: Record = scene.vm.account(&record);
        assert_eq!((state.record_version, state.previous), (version, scene.previous));
        scene.previous = record;
    }
}

#[test]
fn nobody_without_the_right_to_mint_amends() {
    let Scene { mut vm, patient, previous, .. } = scene();
    vm.refuse_without_right(&patient, Right::Mint, |vm, authority| {
        let params = vm.record_params(&patient);
        instruction::amend_record(patient.vault, authority, vm.payer.pubkey(), previous, params)
    });
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let Scene { mut vm, patient, sponsor, previous } = scene();
    let params = vm.record_params(&patient);
    vm.refuse_stale(&patient, &[&patient.owner, &sponsor], |expected| {
        let params = NewRecordParams { expected, ..params.clone() };
        instruction::amend_record(patient.vault, patient.authority(), sponsor.pubkey(), previous, params)
    });
}

#[test]
fn a_zero_commitment_is_refused() {
    let mut scene = scene();
    let params = NewRecordParams { commitment: [0; 32], ..scene.vm.record_params(&scene.patient) };
    let amend = scene.amend_with(params);
    scene.refuse(amend, AegleError::ZeroCommitment);
}

#[test]
fn only_an_active_record_is_amended() {
    let mut amended = scene();
    let first = amended.amend();
    amended.vm.send(&[first], &[&amended.patient.owner, &amended.sponsor]).unwrap();
    let second = amended.amend();
    amended.refuse(second, AegleError::RecordNotActive);

    let mut in_error = scene();
    in_error.mark_previous();
    let amend = in_error.amend();
    in_error.refuse(amend, AegleError::RecordNotActive);

    let mut erased = scene();
    erased.vm.erase(&erased.patient, &erased.previous);
    let amend = erased.amend();
    erased.refuse(amend, AegleError::RecordErased);
}

#[test]
fn amending_takes_a_record_of_this_vault() {
    let mut scene = scene();
    let other = scene.vm.patient();
    let theirs = scene.vm.record(&other);
    let amend = scene.amend();
    let (previous, nothing) = (scene.previous, scene.vm.keypair().pubkey());
    scene.refuse(replace(amend.clone(), previous, theirs), AegleError::RecordMismatch);
    scene.refuse(replace(amend.clone(), previous, aegle_client::PROGRAM_ID), AegleError::LineageMismatch);
    scene.refuse(replace(amend.clone(), previous, nothing), framework(ErrorCode::AccountNotInitialized));
    // The new record cannot be its own predecessor.
    let record = amend.accounts[5].pubkey;
    scene.refuse(replace(amend, previous, record), framework(ErrorCode::AccountNotInitialized));
}

#[test]
fn a_delegates_amendments_fall_under_the_cap() {
    let Scene { mut vm, patient, previous, .. } = scene();
    let delegate = vm.delegate(&patient, &[Right::Mint]);
    vm.edit(&patient.vault, |vault: &mut Vault| vault.delegate_mints = vault.delegate_mint_cap);
    let params = vm.record_params(&patient);
    let amend =
        instruction::amend_record(patient.vault, patient.acting(&delegate), vm.payer.pubkey(), previous, params);
    vm.refuse(amend, &[&delegate], AegleError::DelegateMintCapReached);
}

#[test]
fn versions_and_records_do_not_overflow() {
    let mut last_version = scene();
    last_version.vm.edit(&last_version.previous, |record: &mut Record| record.record_version = u32::MAX);
    let amend = last_version.amend();
    last_version.refuse(amend, AegleError::CounterOverflow);

    let mut last_record = scene();
    last_record.vm.edit(&last_record.patient.vault, |vault: &mut Vault| vault.record_count = u64::MAX);
    let amend = last_record.amend();
    last_record.refuse(amend, AegleError::CounterOverflow);
}

#[test]
fn a_record_id_is_used_once() {
    let mut scene = scene();
    let params = scene.vm.record_params(&scene.patient);
    let record = pda::find_record(&scene.patient.vault, &params.record_id).0;
    let amend = scene.amend_with(params);
    scene.vm.run(&amend, &[&scene.patient.owner, &scene.sponsor]);
    let Scene { mut vm, patient, sponsor, previous } = scene;
    vm.refuse_existing(amend.clone(), &[&patient.owner, &sponsor]);
    let itself = replace(amend, previous, record);
    vm.refuse_existing(itself, &[&patient.owner, &sponsor]);
}

#[test]
fn no_record_is_amended_while_paused() {
    let mut scene = scene();
    let amend = scene.amend();
    scene.vm.refuse_paused(amend, &[&scene.patient.owner, &scene.sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut scene = scene();
    let good = scene.amend();
    scene.vm.refuse_wrong_accounts(&good, &[&scene.patient.owner, &scene.sponsor]);
}

#[test]
fn lamports_at_the_addresses_do_not_prevent_the_amendment() {
    let mut scene = scene();
    let params = scene.vm.record_params(&scene.patient);
    let record = pda::find_record(&scene.patient.vault, &params.record_id).0;
    let (mint, token) = token::addresses(&record, &scene.patient.owner.pubkey());
    let sent = scene.vm.rent(0);
    for address in [record, mint, token] {
        scene.vm.prefund(&address, sent);
    }
    let amend = scene.amend_with(params);
    let Scene { mut vm, patient, sponsor, .. } = scene;
    vm.send(&[amend], &[&patient.owner, &sponsor]).unwrap();
    let rent: u64 = [record, mint, token].iter().map(|address| vm.rent_of(address) - sent).sum();
    assert_eq!(vm.spent(&sponsor), rent, "INV-12");
}
