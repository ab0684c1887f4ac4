use aegle_client::{
    Event, Pubkey,
    aegle::{AegleError, ReissueRecordParams},
    events, instruction, pda,
    state::{Record, RecordStatus, Right, Vault},
};
use aegle_tests::{
    guarded::Guarded,
    vm::{Patient, Vm, framework, replace},
};
use anchor_lang::{InstructionData, error::ErrorCode};
use anchor_spl::token_2022::spl_token_2022::error::TokenError;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::token::{self, addresses};

/// A patient with a record whose rent `sponsor` paid.
fn scene() -> (Vm, Patient, Keypair, Pubkey) {
    let mut vm = Vm::new();
    let (patient, sponsor) = (vm.patient(), vm.sponsor());
    let record = vm.record_by(&patient, &patient.owner, &sponsor);
    (vm, patient, sponsor, record)
}

fn reissue(vm: &Vm, patient: &Patient, payer: &Keypair, record: &Pubkey) -> Instruction {
    instruction::reissue_record(payer.pubkey(), *record, &vm.account(record), vm.expected(patient))
}

/// The holder burns the own token.
fn burn(vm: &mut Vm, patient: &Patient, record: &Pubkey) {
    let burn = token::burn(record, &patient.owner.pubkey());
    vm.run(&burn, &[&patient.owner]);
}

/// Reissues at a second payer's expense, and checks everything about it: INV-4, one live token again,
/// in the owner's name; INV-5, the record stays what it was; INV-12, every rent goes back to who paid.
#[track_caller]
fn reissues(vm: &mut Vm, patient: &Patient, first: &Keypair, record: &Pubkey) {
    let second = vm.sponsor();
    let (before, vault) = (vm.account::<Record>(record), vm.vault(patient));
    let owner = patient.owner.pubkey();
    let (mint, token) = addresses(record, &owner);
    let refund = vm.lamports(&mint) + vm.lamports(&before.token);
    let spent = vm.spent(first);
    vm.set_time(vm.clock().unix_timestamp + 60);
    let reissue = reissue(vm, patient, &second, record);
    let done = vm.run(&reissue, &[&patient.owner, &second]);

    let clock = vm.clock();
    assert_eq!(
        *done.event(),
        Event::RecordReissued(events::RecordReissued {
            record: *record,
            vault: patient.vault,
            authority: owner,
            old_token: before.token,
            old_rent_payer: first.pubkey(),
            new_rent_payer: second.pubkey(),
            issues: before.issues + 1,
            slot: clock.slot,
            at: clock.unix_timestamp,
        })
    );
    if before.token != token {
        assert_eq!(vm.lamports(&before.token), 0);
    }
    assert_eq!(
        vm.account::<Record>(record),
        Record { token, rent_payer: second.pubkey(), issues: before.issues + 1, ..before }
    );
    assert_eq!(vm.vault(patient), vault);
    assert_eq!(token::mint(vm, &mint), token::issued(record));
    assert_eq!(token::holding(vm, &token), token::held(record, &owner));
    assert_eq!(spent - vm.spent(first), refund, "INV-12");
    assert_eq!(vm.spent(&second), vm.rent_of(&mint) + vm.rent_of(&token), "INV-12");
    assert_eq!(vm.lamports(&owner), 0);
    // The new token is as protected as the first.
    vm.refuse(token::close(record, &owner), &[&patient.owner], TokenError::NonNativeHasBalance as u32);
}

#[test]
fn a_burnt_token_is_issued_again() {
    let (mut vm, patient, sponsor, record) = scene();
    burn(&mut vm, &patient, &record);
    reissues(&mut vm, &patient, &sponsor, &record);
    assert_eq!(vm.account::<Record>(&record).issues, 2);
}

/// A thief's or a lost wallet keeps nothing: no signature of the old owner is needed.
#[test]
fn after_a_recovery_the_token_moves_to_the_new_owner() {
    for burnt in [false, true] {
        let mut vm = Vm::new();
        let (guarded, sponsor) = (Guarded::new(&mut vm, 3, 2), vm.sponsor());
        let record = vm.record_by(&guarded.patient, &guarded.patient.owner, &sponsor);
        if burnt {
            burn(&mut vm, &guarded.patient, &record);
        }
        let heir = guarded.recover(&mut vm);
        reissues(&mut vm, &heir, &sponsor, &record);
        let (mint, old) = addresses(&record, &guarded.patient.owner.pubkey());
        assert_eq!((vm.lamports(&old), token::mint(&vm, &mint).supply), (0, 1));
    }
}

/// A token that a delegate minted is kept by the record, until the owner takes it; also where the owner
/// is another by then.
#[test]
fn the_owner_takes_what_a_delegate_minted() {
    for recovered in [false, true] {
        let mut vm = Vm::new();
        let (guarded, sponsor) = (Guarded::new(&mut vm, 3, 2), vm.sponsor());
        let delegate = vm.delegate(&guarded.patient, &[Right::Mint]);
        let record = vm.record_by(&guarded.patient, &delegate, &sponsor);
        if recovered {
            let heir = guarded.recover(&mut vm);
            reissues(&mut vm, &heir, &sponsor, &record);
        } else {
            reissues(&mut vm, &guarded.patient, &sponsor, &record);
        }
    }
}

#[test]
fn a_reissued_record_is_erased_and_its_rent_goes_to_the_second_payer() {
    let (mut vm, patient, sponsor, record) = scene();
    let second = vm.sponsor();
    burn(&mut vm, &patient, &record);
    let reissue = reissue(&vm, &patient, &second, &record);
    vm.run(&reissue, &[&patient.owner, &second]);
    let before = vm.lamports(&sponsor.pubkey());
    vm.erase(&patient, &record);
    assert_eq!((vm.spent(&second), vm.lamports(&sponsor.pubkey())), (0, before), "INV-12");
}

/// A record of any status has its token, except an erased one.
#[test]
fn an_amended_record_or_one_in_error_is_reissued_and_an_erased_one_is_not() {
    let (mut vm, patient, sponsor, amended) = scene();
    let params = vm.record_params(&patient);
    let newer = pda::find_record(&patient.vault, &params.record_id).0;
    let amend = instruction::amend_record(patient.vault, patient.authority(), sponsor.pubkey(), amended, params);
    vm.run(&amend, &[&patient.owner, &sponsor]);
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), newer);
    vm.run(&mark, &[&patient.owner]);
    for (record, status) in [(amended, RecordStatus::Amended), (newer, RecordStatus::EnteredInError)] {
        burn(&mut vm, &patient, &record);
        reissues(&mut vm, &patient, &sponsor, &record);
        assert_eq!(vm.account::<Record>(&record).status, status);
        let reissue = reissue(&vm, &patient, &sponsor, &record);
        vm.erase(&patient, &record);
        vm.refuse(reissue, &[&patient.owner, &sponsor], AegleError::RecordErased);
    }
}

/// INV-4: nothing is issued twice.
#[test]
fn a_token_in_place_is_not_issued_again() {
    let (mut vm, patient, sponsor, record) = scene();
    let reissue = reissue(&vm, &patient, &sponsor, &record);
    vm.refuse(reissue, &[&patient.owner, &sponsor], AegleError::TokenInPlace);
}

/// INV-4: one more account for the same mint, which anyone may open, takes nobody's place.
#[test]
fn the_old_token_account_must_be_the_records() {
    let (mut vm, patient, sponsor, record) = scene();
    let owner = patient.owner.pubkey();
    let (_, token) = addresses(&record, &owner);
    let decoy = token::open_account(&mut vm, &record, &owner);
    burn(&mut vm, &patient, &record);
    let good = reissue(&vm, &patient, &sponsor, &record);
    let old = good.accounts.iter().position(|meta| meta.pubkey == token).unwrap();
    let signers = [&patient.owner, &sponsor];
    for wrong in [decoy, vm.keypair().pubkey()] {
        let mut bad = good.clone();
        bad.accounts[old].pubkey = wrong;
        vm.refuse(bad, &signers, AegleError::TokenMismatch);
    }
    let mut elsewhere = good.clone();
    elsewhere.accounts[old + 1].pubkey = decoy;
    vm.refuse(elsewhere, &signers, framework(ErrorCode::ConstraintSeeds));
    vm.run(&good, &signers);
}

/// A stranger's lamports at the owner's address, where no account is yet, do not stop it.
#[test]
fn lamports_at_the_new_address_do_not_prevent_it() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let record = vm.record(&guarded.patient);
    let heir = guarded.recover(&mut vm);
    let (_, token) = addresses(&record, &heir.owner.pubkey());
    vm.prefund(&token, 1_000_000);
    let payer = vm.payer.insecure_clone();
    let reissue = reissue(&vm, &heir, &payer, &record);
    vm.run(&reissue, &[&heir.owner]);
    assert_eq!(token::holding(&vm, &token), token::held(&record, &heir.owner.pubkey()));
}

/// INV-3.
#[test]
fn nobody_but_the_owner_has_a_token_issued_again() {
    let (mut vm, patient, sponsor, record) = scene();
    let other = vm.patient();
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    burn(&mut vm, &patient, &record);
    let good = reissue(&vm, &patient, &sponsor, &record);
    for stranger in [&vm.keypair(), &other.owner, &delegate] {
        let key = stranger.pubkey();
        let (mint, token) = addresses(&record, &key);
        let mut by_stranger = replace(good.clone(), patient.owner.pubkey(), key);
        let last = by_stranger.accounts.iter().position(|meta| meta.pubkey == mint).unwrap() + 2;
        by_stranger.accounts[last].pubkey = token;
        vm.refuse(by_stranger, &[stranger, &sponsor], AegleError::Unauthorized);
    }
    let theirs = vm.record(&other);
    let expected = vm.expected(&patient);
    let crossed = instruction::reissue_record(
        sponsor.pubkey(),
        theirs,
        &Record { vault: patient.vault, ..vm.account(&theirs) },
        expected,
    );
    vm.refuse(crossed, &[&patient.owner, &sponsor], AegleError::RecordMismatch);
}

/// INV-12.
#[test]
fn the_rent_goes_to_nobody_but_who_paid_it() {
    let (mut vm, patient, sponsor, record) = scene();
    let second = vm.sponsor();
    burn(&mut vm, &patient, &record);
    let good = reissue(&vm, &patient, &second, &record);
    for thief in [patient.owner.pubkey(), second.pubkey(), vm.keypair().pubkey()] {
        let to_thief = replace(good.clone(), sponsor.pubkey(), thief);
        vm.refuse(to_thief, &[&patient.owner, &second], AegleError::RentPayerMismatch);
    }
}

#[test]
fn the_mint_must_be_the_records() {
    let (mut vm, patient, sponsor, record) = scene();
    let other = vm.record_by(&patient, &patient.owner, &sponsor);
    burn(&mut vm, &patient, &record);
    let owner = patient.owner.pubkey();
    let ((mint, token), (other_mint, other_token)) = (addresses(&record, &owner), addresses(&other, &owner));
    let good = reissue(&vm, &patient, &sponsor, &record);
    let signers = [&patient.owner, &sponsor];
    vm.refuse(replace(good.clone(), mint, other_mint), &signers, framework(ErrorCode::ConstraintSeeds));
    vm.refuse(replace(good, token, other_token), &signers, AegleError::TokenMismatch);
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let (mut vm, patient, sponsor, record) = scene();
    burn(&mut vm, &patient, &record);
    let state: Record = vm.account(&record);
    vm.refuse_stale(&patient, &[&patient.owner, &sponsor], |expected| {
        let good = instruction::reissue_record(
            sponsor.pubkey(),
            record,
            &state,
            aegle_client::state::Expected { owner: patient.owner.pubkey(), ..expected },
        );
        let params = ReissueRecordParams { expected };
        Instruction { data: aegle_client::aegle::instruction::ReissueRecord { params }.data(), ..good }
    });
}

#[test]
fn the_count_of_issues_does_not_overflow() {
    let (mut vm, patient, sponsor, record) = scene();
    burn(&mut vm, &patient, &record);
    vm.edit(&record, |record: &mut Record| record.issues = u32::MAX);
    let reissue = reissue(&vm, &patient, &sponsor, &record);
    vm.refuse(reissue, &[&patient.owner, &sponsor], AegleError::CounterOverflow);
}

#[test]
fn nothing_is_issued_again_while_paused() {
    let (mut vm, patient, sponsor, record) = scene();
    burn(&mut vm, &patient, &record);
    let reissue = reissue(&vm, &patient, &sponsor, &record);
    vm.refuse_paused(reissue, &[&patient.owner, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let (guarded, sponsor) = (Guarded::new(&mut vm, 3, 2), vm.sponsor());
    let record = vm.record(&guarded.patient);
    let heir = guarded.recover(&mut vm);
    let good = reissue(&vm, &heir, &sponsor, &record);
    vm.refuse_wrong_accounts(&good, &[&heir.owner, &sponsor]);
    // An edit past the rules shows that the vault is what is compared.
    vm.edit(&heir.vault, |vault: &mut Vault| vault.owner = guarded.patient.owner.pubkey());
    vm.refuse(good, &[&heir.owner, &sponsor], AegleError::Unauthorized);
}
