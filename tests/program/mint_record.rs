use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, NewRecordParams},
    events, instruction, pda,
    state::{Record, RecordStatus, Right, TokenHolder, VERSION, Vault},
};
use aegle_tests::vm::{Patient, Vm, framework, replace};
use anchor_lang::error::ErrorCode;
use anchor_spl::token_2022::{
    ID as TOKEN_2022,
    spl_token_2022::{
        error::TokenError,
        instruction::{self as token_instruction, AuthorityType},
    },
};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::token::{self, addresses};

fn scene() -> (Vm, Patient, Keypair) {
    let mut vm = Vm::new();
    let (patient, sponsor) = (vm.patient(), vm.sponsor());
    (vm, patient, sponsor)
}

/// A good instruction with fresh parameters, signed by the owner and paid by `payer`.
fn mint(vm: &mut Vm, patient: &Patient, payer: &Keypair) -> (Pubkey, NewRecordParams, Instruction) {
    let params = vm.record_params(patient);
    let record = pda::find_record(&patient.vault, &params.record_id).0;
    (record, params.clone(), instruction::mint_record(patient.vault, patient.authority(), payer.pubkey(), params))
}

#[test]
fn the_owner_mints_a_record_with_its_token_at_the_payers_expense() {
    for by_delegate in [false, true] {
        let (mut vm, patient, sponsor) = scene();
        let delegate = vm.delegate(&patient, &[Right::Mint]);
        let before = vm.vault(&patient);
        vm.set_time(vm.clock().unix_timestamp + 60);
        let actor = if by_delegate { &delegate } else { &patient.owner };
        let params = vm.record_params_by(&patient, actor);
        let mint = instruction::mint_record(patient.vault, patient.acting(actor), sponsor.pubkey(), params.clone());
        let done = vm.send(&[mint], &[actor, &sponsor]).unwrap();

        let (record, bump) = pda::find_record(&patient.vault, &params.record_id);
        let (mint, mint_bump) = pda::find_mint(&record);
        // Without the owner's signature, the record keeps the token for the owner.
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
                record_version: 1,
                previous: Pubkey::default(),
                minted_slot: clock.slot,
                minted_at: clock.unix_timestamp,
                changed_slot: clock.slot,
                changed_at: clock.unix_timestamp,
                issues: 1,
                token: holding,
            }
        );
        let delegate_mints = u32::from(by_delegate);
        assert_eq!(vm.vault(&patient), Vault { record_count: 1, delegate_mints, ..before });
        assert_eq!(
            *done.event(),
            Event::RecordMinted(events::RecordMinted {
                vault: patient.vault,
                record_id: params.record_id,
                bump,
                mint_bump,
                commitment: params.commitment,
                authority: actor.pubkey(),
                rent_payer: sponsor.pubkey(),
                holder: kept_by,
                record_count: 1,
                delegate_mints,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(done.event().account(), record);
        // INV-4.
        assert_eq!(token::mint(&vm, &mint), token::issued(&record));
        assert_eq!(token::holding(&vm, &holding), token::held(&record, &holder));
        assert_eq!(vm.size(&record), Some(8 + Record::INIT_SPACE));
        let rent: u64 = [record, mint, holding].iter().map(|address| vm.rent_of(address)).sum();
        assert_eq!(vm.spent(&sponsor), rent, "INV-12");
        assert_eq!(vm.lamports(&patient.owner.pubkey()) + vm.lamports(&delegate.pubkey()), 0);
    }
}

#[test]
fn records_and_delegate_mints_are_counted_apart() {
    let (mut vm, patient, _) = scene();
    let (delegate, payer) = (vm.delegate(&patient, &[Right::Mint]), vm.payer.insecure_clone());
    for actor in [&patient.owner, &delegate, &patient.owner, &delegate] {
        vm.record_by(&patient, actor, &payer);
    }
    let vault = vm.vault(&patient);
    assert_eq!((vault.record_count, vault.delegate_mints), (4, 2));
}

/// A record id that is random may give any bumps.
#[test]
fn the_bumps_need_not_be_the_first_tried() {
    let (mut vm, patient, sponsor) = scene();
    let (_, mut params, _) = mint(&mut vm, &patient, &sponsor);
    let bumps = |params: &NewRecordParams| {
        let (record, bump) = pda::find_record(&patient.vault, &params.record_id);
        let (mint, mint_bump) = pda::find_mint(&record);
        [bump, mint_bump, pda::find_token(&mint, &patient.owner.pubkey()).1]
    };
    while bumps(&params).contains(&u8::MAX) {
        params.record_id = vm.bytes();
    }
    let record = pda::find_record(&patient.vault, &params.record_id).0;
    let [bump, mint_bump, _] = bumps(&params);
    let mint = instruction::mint_record(patient.vault, patient.authority(), sponsor.pubkey(), params);
    let done = vm.send(&[mint], &[&patient.owner, &sponsor]).unwrap();
    assert_eq!(done.event().account(), record);
    let state: Record = vm.account(&record);
    assert_eq!((state.bump, state.mint_bump), (bump, mint_bump));
    vm.erase(&patient, &record);
}

#[test]
fn nobody_without_the_right_to_mint_mints() {
    let (mut vm, patient, _) = scene();
    vm.refuse_without_right(&patient, Right::Mint, |vm, authority| {
        let params = vm.record_params(&patient);
        instruction::mint_record(patient.vault, authority, vm.payer.pubkey(), params)
    });
}

#[test]
fn another_owner_or_epoch_than_expected_is_refused() {
    let (mut vm, patient, sponsor) = scene();
    let (_, params, _) = mint(&mut vm, &patient, &sponsor);
    vm.refuse_stale(&patient, &[&patient.owner, &sponsor], |expected| {
        let params = NewRecordParams { expected, ..params.clone() };
        instruction::mint_record(patient.vault, patient.authority(), sponsor.pubkey(), params)
    });
}

#[test]
fn a_mint_held_back_does_not_land_after_a_change_of_key_or_consents() {
    let (mut vm, patient, sponsor) = scene();
    let (_, _, held_back) = mint(&mut vm, &patient, &sponsor);
    let rotate = instruction::rotate_key(patient.vault, vm.rotate_params(&patient));
    vm.send(&[rotate], &[&patient.owner]).unwrap();
    vm.refuse(held_back, &[&patient.owner, &sponsor], AegleError::KeyEpochMismatch);

    let (_, _, held_back) = mint(&mut vm, &patient, &sponsor);
    let revoke = instruction::revoke_all_consents(patient.vault, patient.authority());
    vm.send(&[revoke], &[&patient.owner]).unwrap();
    vm.refuse(held_back, &[&patient.owner, &sponsor], AegleError::ConsentEpochMismatch);
}

#[test]
fn a_zero_commitment_is_refused() {
    let (mut vm, patient, sponsor) = scene();
    let params = NewRecordParams { commitment: [0; 32], ..vm.record_params(&patient) };
    let mint = instruction::mint_record(patient.vault, patient.authority(), sponsor.pubkey(), params);
    vm.refuse(mint, &[&patient.owner, &sponsor], AegleError::ZeroCommitment);
}

#[test]
fn delegates_mint_up_to_the_cap_and_the_owner_beyond_it() {
    let (mut vm, patient, _) = scene();
    let (delegate, payer) = (vm.delegate(&patient, &[Right::Mint]), vm.payer.insecure_clone());
    let by_delegate = |vm: &mut Vm| {
        let params = vm.record_params_by(&patient, &delegate);
        instruction::mint_record(patient.vault, patient.acting(&delegate), payer.pubkey(), params)
    };
    vm.edit(&patient.vault, |vault: &mut Vault| vault.delegate_mints = vault.delegate_mint_cap - 1);
    let last = by_delegate(&mut vm);
    vm.send(&[last], &[&delegate]).unwrap();
    let beyond = by_delegate(&mut vm);
    vm.refuse(beyond, &[&delegate], AegleError::DelegateMintCapReached);
    vm.record(&patient);

    vm.edit(&patient.vault, |vault: &mut Vault| (vault.delegate_mints, vault.delegate_mint_cap) = (0, 0));
    let none = by_delegate(&mut vm);
    vm.refuse(none, &[&delegate], AegleError::DelegateMintCapReached);

    vm.edit(&patient.vault, |vault: &mut Vault| {
        (vault.delegate_mints, vault.delegate_mint_cap) = (u32::MAX - 1, u32::MAX);
    });
    let last = by_delegate(&mut vm);
    vm.send(&[last], &[&delegate]).unwrap();
    let beyond = by_delegate(&mut vm);
    vm.refuse(beyond, &[&delegate], AegleError::DelegateMintCapReached);
}

#[test]
fn the_record_count_does_not_overflow() {
    let (mut vm, patient, sponsor) = scene();
    vm.edit(&patient.vault, |vault: &mut Vault| vault.record_count = u64::MAX - 1);
    vm.record(&patient);
    assert_eq!(vm.vault(&patient).record_count, u64::MAX);
    let (_, _, beyond) = mint(&mut vm, &patient, &sponsor);
    vm.refuse(beyond, &[&patient.owner, &sponsor], AegleError::CounterOverflow);
}

#[test]
fn minting_takes_no_previous_record() {
    let (mut vm, patient, sponsor) = scene();
    let (other, previous) = (vm.patient(), vm.record(&patient));
    let theirs = vm.record(&other);
    let params = vm.record_params(&patient);
    let amend =
        instruction::amend_record(patient.vault, patient.authority(), sponsor.pubkey(), previous, params.clone());
    let (_, _, mint) = mint(&mut vm, &patient, &sponsor);
    // The accounts of an amendment under the discriminator of a mint.
    let data = [&mint.data[..8], &amend.data[8..]].concat();
    let with_previous = Instruction { data, ..amend };
    let signers = [&patient.owner, &sponsor];
    vm.refuse(with_previous.clone(), &signers, AegleError::LineageMismatch);
    vm.refuse(replace(with_previous, previous, theirs), &signers, AegleError::RecordMismatch);
}

#[test]
fn a_record_id_is_used_once_also_after_an_erasure() {
    let (mut vm, patient, sponsor) = scene();
    let (record, _, mint) = mint(&mut vm, &patient, &sponsor);
    let signers = [&patient.owner, &sponsor];
    vm.run(&mint, &signers);
    vm.refuse_existing(mint.clone(), &signers);
    vm.erase(&patient, &record);
    vm.refuse_existing(mint, &signers);
}

#[test]
fn no_record_is_minted_while_paused() {
    let (mut vm, patient, sponsor) = scene();
    let (_, _, mint) = mint(&mut vm, &patient, &sponsor);
    vm.refuse_paused(mint, &[&patient.owner, &sponsor]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, patient, sponsor) = scene();
    let (_, _, good) = mint(&mut vm, &patient, &sponsor);
    vm.refuse_wrong_accounts(&good, &[&patient.owner, &sponsor]);
}

/// INV-4: the token of a record that the owner mints is the owner's.
#[test]
fn the_token_goes_to_nobody_but_the_owner() {
    let (mut vm, patient, sponsor) = scene();
    let (record, _, good) = mint(&mut vm, &patient, &sponsor);
    let (mint, token) = addresses(&record, &patient.owner.pubkey());
    for stranger in [vm.keypair().pubkey(), sponsor.pubkey(), record] {
        let theirs = replace(good.clone(), token, pda::find_token(&mint, &stranger).0);
        vm.refuse(theirs, &[&patient.owner, &sponsor], framework(ErrorCode::ConstraintSeeds));
    }
}

/// Who knows the addresses in advance cannot prevent the record by sending lamports there; what was
/// sent counts towards the rent.
#[test]
fn lamports_at_the_addresses_do_not_prevent_the_record() {
    let least = Vm::new().rent(0);
    for sent in [least, 1_000_000_000] {
        let (mut vm, patient, sponsor) = scene();
        let (record, _, instruction) = mint(&mut vm, &patient, &sponsor);
        let (mint, token) = addresses(&record, &patient.owner.pubkey());
        for address in [record, mint, token] {
            vm.prefund(&address, sent);
        }
        vm.send(&[instruction], &[&patient.owner, &sponsor]).unwrap();
        let mut owed = 0;
        for address in [record, mint, token] {
            let rent = vm.rent(vm.size(&address).unwrap());
            assert_eq!(vm.lamports(&address), rent.max(sent));
            owed += rent.saturating_sub(sent);
        }
        assert_eq!(vm.spent(&sponsor), owed, "INV-12");
        assert_eq!(token::mint(&vm, &mint), token::issued(&record));
        vm.erase(&patient, &record);
    }
}

/// INV-4: a token is never transferable, and its holder cannot undo what protects it.
#[test]
fn the_holder_cannot_transfer_or_take_over_the_token() {
    let (mut vm, patient, _) = scene();
    let (record, owner) = (vm.record(&patient), patient.owner.pubkey());
    let (mint, token) = addresses(&record, &owner);
    let receiver = vm.keypair().pubkey();
    let theirs = token::open_account(&mut vm, &record, &receiver);
    let signers = [&patient.owner];
    let transfer = token_instruction::transfer_checked(&TOKEN_2022, &token, &mint, &theirs, &owner, &[], 1, 0).unwrap();
    vm.refuse(transfer, &signers, TokenError::NonTransferable as u32);
    let mint_more = token_instruction::mint_to(&TOKEN_2022, &mint, &token, &owner, &[], 1).unwrap();
    vm.refuse(mint_more, &signers, TokenError::FixedSupply as u32);
    for (authority, error) in [
        (AuthorityType::AccountOwner, TokenError::ImmutableOwner),
        (AuthorityType::CloseAccount, TokenError::OwnerMismatch),
    ] {
        let set =
            token_instruction::set_authority(&TOKEN_2022, &token, Some(&receiver), authority, &owner, &[]).unwrap();
        vm.refuse(set, &signers, error as u32);
    }
    for (authority, error) in [
        (AuthorityType::FreezeAccount, TokenError::MintCannotFreeze),
        (AuthorityType::PermanentDelegate, TokenError::OwnerMismatch),
        (AuthorityType::CloseMint, TokenError::OwnerMismatch),
    ] {
        let set =
            token_instruction::set_authority(&TOKEN_2022, &mint, Some(&receiver), authority, &owner, &[]).unwrap();
        vm.refuse(set, &signers, error as u32);
    }
    for authority in [AuthorityType::MintTokens, AuthorityType::MetadataPointer] {
        let set =
            token_instruction::set_authority(&TOKEN_2022, &mint, Some(&receiver), authority, &owner, &[]).unwrap();
        assert!(vm.send(&[set], &signers).is_err());
    }
    vm.refuse(token::close(&record, &owner), &signers, TokenError::NonNativeHasBalance as u32);
    assert_eq!(token::mint(&vm, &mint), token::issued(&record));
    assert_eq!(token::holding(&vm, &token), token::held(&record, &owner));
}

/// INV-12: a sponsor's rent cannot be walked off with, whoever minted.
#[test]
fn the_holder_cannot_take_the_rent() {
    let (mut vm, patient, sponsor) = scene();
    let delegate = vm.delegate(&patient, &[Right::Mint]);
    let owner = patient.owner.pubkey();

    let burnable = vm.record_by(&patient, &patient.owner, &sponsor);
    vm.send(&[token::burn(&burnable, &owner)], &[&patient.owner]).unwrap();
    vm.refuse(token::close(&burnable, &owner), &[&patient.owner], TokenError::OwnerMismatch as u32);

    let kept = vm.record_by(&patient, &delegate, &sponsor);
    let (mint, token) = addresses(&kept, &kept);
    for thief in [&patient.owner, &delegate] {
        let key = thief.pubkey();
        let burn = token_instruction::burn_checked(&TOKEN_2022, &token, &mint, &key, &[], 1, 0).unwrap();
        vm.refuse(burn, &[thief], TokenError::OwnerMismatch as u32);
        let close = token_instruction::close_account(&TOKEN_2022, &token, &key, &key, &[]).unwrap();
        vm.refuse(close, &[thief], TokenError::NonNativeHasBalance as u32);
        for authority in [AuthorityType::CloseAccount, AuthorityType::AccountOwner] {
            let set = token_instruction::set_authority(&TOKEN_2022, &token, Some(&key), authority, &key, &[]).unwrap();
            assert!(vm.send(&[set], &[thief]).is_err());
        }
    }
    assert_eq!(vm.lamports(&owner), 0);
}
