use aegle_client::{
    Event, Pubkey,
    aegle::AegleError,
    events, instruction, pda,
    state::{Record, RecordStatus, Right, Vault},
};
use aegle_tests::vm::{Patient, SPONSORED, Vm, framework, replace};
use anchor_lang::error::ErrorCode;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::token::{self, addresses};

/// A patient with a record whose rent the sponsor paid.
fn scene() -> (Vm, Patient, Keypair, Pubkey) {
    let mut vm = Vm::new();
    let (patient, sponsor) = (vm.patient(), vm.sponsor());
    let record = vm.record_by(&patient, &patient.owner, &sponsor);
    (vm, patient, sponsor, record)
}

/// INV-5 and INV-12: the commitment stays, token and mint go, and their rent goes back to who paid
/// it, to the lamport.
#[test]
fn the_owner_erases_a_record_whoever_minted_it() {
    for by_delegate in [false, true] {
        let (mut vm, patient, sponsor, mut record) = scene();
        if by_delegate {
            vm.erase(&patient, &record);
            let delegate = vm.delegate(&patient, &[Right::Mint]);
            record = vm.record_by(&patient, &delegate, &sponsor);
        }
        let owner = patient.owner.pubkey();
        let (mint, token) = addresses(&record, if by_delegate { &record } else { &owner });
        let (before, vault) = (vm.account::<Record>(&record), vm.vault(&patient));
        let (spent, refund) = (vm.spent(&sponsor), vm.rent_of(&mint) + vm.rent_of(&token));
        vm.set_time(vm.clock().unix_timestamp + 60);
        let done = vm.erase(&patient, &record);

        let clock = vm.clock();
        assert_eq!(
            *done.event(),
            Event::RecordErased(events::RecordErased {
                record,
                vault: patient.vault,
                authority: owner,
                old_status: RecordStatus::Active,
                new_status: RecordStatus::Erased,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(
            vm.account::<Record>(&record),
            Record {
                status: RecordStatus::Erased,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                ..before
            }
        );
        assert_eq!(vm.vault(&patient), vault);
        assert_eq!((vm.lamports(&mint), vm.lamports(&token)), (0, 0));
        assert_eq!(spent - vm.spent(&sponsor), refund, "INV-12");
        assert_eq!(vm.lamports(&owner), 0);
        vm.rent_of(&record);
    }
}

#[test]
fn a_record_of_any_status_is_erased() {
    let (mut vm, patient, _, amended) = scene();
    let params = vm.record_params(&patient);
    let newer = pda::find_record(&patient.vault, &params.record_id).0;
    let amend = instruction::amend_record(patient.vault, patient.authority(), vm.payer.pubkey(), amended, params);
    vm.send(&[amend], &[&patient.owner]).unwrap();
    let mark = instruction::mark_record_entered_in_error(patient.vault, patient.authority(), newer);
    vm.send(&[mark], &[&patient.owner]).unwrap();
    for (record, status) in [(amended, RecordStatus::Amended), (newer, RecordStatus::EnteredInError)] {
        let done = vm.erase(&patient, &record);
        let Event::RecordErased(event) = done.event() else { panic!("{:?}", done.event()) };
        assert_eq!((event.old_status, event.new_status), (status, RecordStatus::Erased));
        assert_eq!(vm.account::<Record>(&record).status, RecordStatus::Erased);
    }
}

/// INV-12 also where the holder has burnt the token already.
#[test]
fn a_record_whose_token_the_holder_burnt_is_erased() {
    let (mut vm, patient, sponsor, record) = scene();
    let owner = patient.owner.pubkey();
    let (mint, token) = addresses(&record, &owner);
    vm.send(&[token::burn(&record, &owner)], &[&patient.owner]).unwrap();
    assert_eq!((token::mint(&vm, &mint).supply, token::holding(&vm, &token).amount), (0, 0));
    vm.erase(&patient, &record);
    assert_eq!((vm.lamports(&mint), vm.lamports(&token)), (0, 0));
    assert_eq!(vm.spent(&sponsor), vm.rent_of(&record), "INV-12");
}

/// INV-12: what strangers sent to mint and token account goes to the rent payer, and vanishes nowhere.
#[test]
fn lamports_sent_to_the_token_go_to_the_rent_payer() {
    let (mut vm, patient, sponsor, record) = scene();
    let (mint, token) = addresses(&record, &patient.owner.pubkey());
    let gift = 7_000_000;
    vm.prefund(&mint, gift);
    vm.prefund(&token, gift);
    vm.erase(&patient, &record);
    assert_eq!(vm.lamports(&sponsor.pubkey()), SPONSORED - vm.rent_of(&record) + 2 * gift, "INV-12");
}

#[test]
fn an_owner_who_paid_gets_the_rent_back() {
    let (mut vm, patient, _, _) = scene();
    let owner = patient.owner.insecure_clone();
    let start = 1_000_000_000;
    vm.prefund(&owner.pubkey(), start);
    let record = vm.record_by(&patient, &owner, &owner);
    vm.erase(&patient, &record);
    assert_eq!(vm.lamports(&owner.pubkey()), start - vm.rent_of(&record), "INV-12");
}

/// INV-3: erasing is the owner's alone.
#[test]
fn nobody_but_the_owner_erases() {
    let (mut vm, patient, _, record) = scene();
    let other = vm.patient();
    let delegate = vm.delegate(&patient, &[Right::Mint, Right::Grant, Right::Revoke, Right::Read]);
    let erase = vm.erase_instruction(&patient, &record);
    for stranger in [&vm.keypair(), &other.owner, &delegate] {
        let by_stranger = replace(erase.clone(), patient.owner.pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::Unauthorized);
    }
    let theirs = replace(replace(erase, patient.owner.pubkey(), other.owner.pubkey()), patient.vault, other.vault);
    vm.refuse(theirs, &[&other.owner], AegleError::RecordMismatch);
}

#[test]
fn a_record_is_erased_once() {
    let (mut vm, patient, _, record) = scene();
    let erase = vm.erase_instruction(&patient, &record);
    vm.erase(&patient, &record);
    vm.refuse(erase, &[&patient.owner], AegleError::RecordErased);
}

/// INV-12.
#[test]
fn the_rent_goes_to_nobody_but_who_paid_it() {
    let (mut vm, patient, sponsor, record) = scene();
    let erase = vm.erase_instruction(&patient, &record);
    for thief in [patient.owner.pubkey(), vm.payer.pubkey(), vm.keypair().pubkey()] {
        let mut to_thief = erase.clone();
        let place = to_thief.accounts.iter().position(|meta| meta.pubkey == sponsor.pubkey()).unwrap();
        to_thief.accounts[place].pubkey = thief;
        vm.refuse(to_thief, &[&patient.owner], AegleError::RentPayerMismatch);
    }
}

#[test]
fn the_mint_must_be_the_records() {
    let (mut vm, patient, sponsor, record) = scene();
    let other = vm.record_by(&patient, &patient.owner, &sponsor);
    let owner = patient.owner.pubkey();
    let erase = vm.erase_instruction(&patient, &record);
    let ((mint, token), (other_mint, other_token)) = (addresses(&record, &owner), addresses(&other, &owner));
    let signers = [&patient.owner];
    for wrong in [other_mint, vm.keypair().pubkey(), token] {
        let mut bad = erase.clone();
        let place = bad.accounts.iter().position(|meta| meta.pubkey == mint).unwrap();
        bad.accounts[place].pubkey = wrong;
        vm.refuse(bad, &signers, framework(ErrorCode::ConstraintSeeds));
    }
    // The token account of another record, no token account at all, and one that is no Token-2022's.
    vm.refuse(replace(erase.clone(), token, other_token), &signers, AegleError::TokenMismatch);
    let forged = {
        let forged = vm.keypair().pubkey();
        let account = vm.svm.get_account(&token).unwrap();
        vm.svm.set_account(forged, solana_account::Account { owner: aegle_client::PROGRAM_ID, ..account }).unwrap();
        forged
    };
    vm.refuse(replace(erase.clone(), token, forged), &signers, AegleError::TokenMismatch);
    // While the token lives, nothing else in its place lets the mint close.
    let nothing = vm.keypair().pubkey();
    vm.refuse(replace(erase.clone(), token, nothing), &signers, AegleError::TokenMismatch);
    vm.send(&[erase], &signers).unwrap();
}

/// Another account for the same mint is empty, so the mint could not close.
#[test]
fn another_account_of_the_same_mint_does_not_pass_for_the_holders() {
    let (mut vm, patient, _, record) = scene();
    let owner = patient.owner.pubkey();
    let (_, token) = addresses(&record, &owner);
    let decoy = token::open_account(&mut vm, &record, &owner);
    let erase = replace(vm.erase_instruction(&patient, &record), token, decoy);
    vm.refuse(erase, &[&patient.owner], AegleError::TokenMismatch);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, _, record) = scene();
    let good = vm.erase_instruction(&patient, &record);
    vm.refuse_wrong_accounts(&good, &[&patient.owner]);
}

#[test]
fn a_record_is_erased_while_paused() {
    let (mut vm, patient, _, record) = scene();
    vm.set_paused(true);
    vm.erase(&patient, &record);
}

/// An erasure needs nothing of the vault's epochs, which a thief of a delegate's key could raise.
#[test]
fn a_record_is_erased_whatever_the_epochs() {
    let (mut vm, patient, _, record) = scene();
    vm.edit(&patient.vault, |vault: &mut Vault| {
        (vault.key_epoch, vault.consent_epoch, vault.delegate_epoch) = (1, 2, u32::MAX);
    });
    vm.erase(&patient, &record);
}

/// A vault that has changed hands: the token stays where it was issued, and the new owner erases it.
fn erased_by_a_new_owner(minted_by_delegate: bool) {
    let (mut vm, patient, sponsor, _) = scene();
    let delegate = vm.delegate(&patient, &[Right::Mint]);
    let actor = if minted_by_delegate { &delegate } else { &patient.owner };
    let record = vm.record_by(&patient, actor, &sponsor);
    let (former, heir) = (patient.owner.pubkey(), vm.keypair());
    vm.edit(&patient.vault, |vault: &mut Vault| vault.owner = heir.pubkey());
    let erase = vm.erase_instruction(&patient, &record);
    vm.refuse(erase.clone(), &[&patient.owner], AegleError::Unauthorized);
    vm.run(&replace(erase, former, heir.pubkey()), &[&heir]);
    assert_eq!(vm.account::<Record>(&record).status, RecordStatus::Erased);
    assert_eq!(vm.lamports(&addresses(&record, &former).0), 0);
}

#[test]
fn a_new_owner_erases_what_the_former_owner_minted() {
    erased_by_a_new_owner(false);
}

#[test]
fn a_new_owner_erases_what_a_delegate_minted() {
    erased_by_a_new_owner(true);
}

/// INV-12: a holder who burnt the token cannot leave the sponsor's rent behind in its account.
#[test]
fn the_token_account_cannot_be_left_out_after_a_burn() {
    let (mut vm, patient, _, record) = scene();
    let owner = patient.owner.pubkey();
    let (_, token) = addresses(&record, &owner);
    let decoys = [vm.keypair().pubkey(), token::open_account(&mut vm, &record, &owner)];
    vm.run(&token::burn(&record, &owner), &[&patient.owner]);
    for decoy in decoys {
        let erase = replace(vm.erase_instruction(&patient, &record), token, decoy);
        vm.fail(&erase, &[&patient.owner]);
    }
    vm.erase(&patient, &record);
    assert_eq!(vm.lamports(&token), 0);
}
