use std::collections::BTreeMap;

use aegle_client::{
    aegle::{CreateVaultParams, GrantConsentParams, NewRecordParams},
    instruction::{self as build, Authority},
    pda,
    state::Expected,
};
use serde_json::Value;
use solana_keypair::{Keypair, keypair_from_seed};
use solana_message::{AccountMeta, Instruction, Message, v0};
use solana_signature::Signature;
use solana_signer::Signer;

use super::*;

const CAPS: Caps = Caps { compute_units: 600_000, compute_price: 100_000 };

fn key(number: u8) -> Keypair {
    keypair_from_seed(&[number; 32]).unwrap()
}

fn relay() -> Pubkey {
    key(1).pubkey()
}

fn wallet() -> Keypair {
    key(2)
}

fn vault() -> Pubkey {
    pda::find_vault(&[7; 32]).0
}

fn expected() -> Expected {
    Expected { owner: wallet().pubkey(), key_epoch: 0, consent_epoch: 0, delegate_epoch: 0 }
}

fn create_vault(owner: Pubkey, payer: Pubkey) -> Instruction {
    build::create_vault(owner, payer, CreateVaultParams { vault_id: [7; 32], encryption_key: [8; 32] })
}

fn mint(authority: Pubkey, payer: Pubkey) -> Instruction {
    let params = NewRecordParams { record_id: [3; 32], commitment: [4; 32], expected: expected() };
    build::mint_record(vault(), Authority::Owner(authority), payer, params)
}

fn revoke() -> Instruction {
    build::revoke_consent(vault(), Authority::Owner(wallet().pubkey()), pda::find_consent(&vault(), &[5; 32]).0)
}

fn budget(kind: u8, value: &[u8]) -> Instruction {
    Instruction::new_with_bytes(compute_budget::ID, &[&[kind], value].concat(), Vec::new())
}

fn transfer(from: Pubkey) -> Instruction {
    let data = [&2_u32.to_le_bytes()[..], &1_000_u64.to_le_bytes()].concat();
    let accounts = vec![AccountMeta::new(from, true), AccountMeta::new(key(9).pubkey(), false)];
    Instruction::new_with_bytes(system_program::ID, &data, accounts)
}

fn advance_nonce() -> Instruction {
    let accounts = vec![AccountMeta::new(key(8).pubkey(), false), AccountMeta::new_readonly(wallet().pubkey(), true)];
    Instruction::new_with_bytes(system_program::ID, &4_u32.to_le_bytes(), accounts)
}

fn lighthouse(accounts: Vec<AccountMeta>) -> Instruction {
    Instruction::new_with_bytes(LIGHTHOUSE, &[6, 1, 2, 3], accounts)
}

/// A legacy message that the relay pays for.
fn message(instructions: &[Instruction]) -> VersionedMessage {
    VersionedMessage::Legacy(Message::new(instructions, Some(&relay())))
}

/// The bytes of a message that `signers` sign; the relay's signature is left out.
fn signed(message: VersionedMessage, signers: &[&Keypair]) -> Vec<u8> {
    let bytes = message.serialize();
    let required = usize::from(message.header().num_required_signatures);
    let sign =
        |address: &Pubkey| signers.iter().find(|key| key.pubkey() == *address).map(|key| key.sign_message(&bytes));
    let signatures = message.static_account_keys()[..required].iter().map(sign).map(Option::unwrap_or_default);
    wincode::serialize(&VersionedTransaction { signatures: signatures.collect(), message }).unwrap()
}

fn judge(bytes: &[u8]) -> Result<Checked, Refusal> {
    check(bytes, &relay(), &wallet().pubkey(), CAPS)
}

fn judge_all(instructions: &[Instruction]) -> Result<Checked, Refusal> {
    judge(&signed(message(instructions), &[&wallet()]))
}

#[test]
fn what_a_patient_does_is_signed_with_what_wallets_add() {
    let wallet = wallet().pubkey();
    let assertion = lighthouse(vec![AccountMeta::new_readonly(wallet, true)]);
    let units = budget(2, &300_000_u32.to_le_bytes());
    let price = budget(3, &10_000_u64.to_le_bytes());
    let checked = judge_all(&[units, price, create_vault(wallet, relay()), assertion]).unwrap();
    assert!(checked.creates_vault);
    assert_eq!(checked.fee, 10_000 + 3_000);

    let grant = build::grant_consent(
        vault(),
        Authority::Owner(wallet),
        relay(),
        [5; 32],
        GrantConsentParams {
            handle: [1; 32],
            policy_commitment: [2; 32],
            purposes: 1,
            actions: 1,
            from_day: 1,
            until_day: 2,
            expected: expected(),
        },
    );
    for instructions in [vec![mint(wallet, relay())], vec![grant], vec![revoke()], vec![revoke(), revoke()]] {
        let checked = judge_all(&instructions).unwrap();
        assert_eq!((checked.creates_vault, checked.fee), (false, 10_000));
    }
    let own = judge_all(&[mint(wallet, wallet)]);
    assert!(own.is_ok(), "who pays rent alone may: {own:?}");

    let v0 = v0::Message::try_compile(&relay(), &[mint(wallet, relay())], &[], Default::default()).unwrap();
    judge(&signed(VersionedMessage::V0(v0), &[&super::tests::wallet()])).unwrap();
}

#[test]
fn the_relays_key_is_nothing_but_fee_payer_and_payer() {
    let wallet = wallet().pubkey();
    assert_eq!(judge_all(&[mint(wallet, relay()), transfer(relay())]), Err(Refusal::RelayKey(1)));
    assert_eq!(judge_all(&[revoke(), mint(relay(), relay())]), Err(Refusal::RelayKey(1)), "as authority");
    assert_eq!(judge_all(&[revoke(), create_vault(relay(), relay())]), Err(Refusal::RelayKey(1)), "as owner");
    for place in 0..mint(wallet, wallet).accounts.len() {
        let mut instruction = mint(wallet, wallet);
        instruction.accounts[place].pubkey = relay();
        let judged = judge_all(&[revoke(), instruction]);
        assert_eq!(judged.is_ok(), place == 1, "place {place}");
    }
    let mut more = revoke();
    more.accounts.push(AccountMeta::new_readonly(relay(), false));
    assert_eq!(judge_all(&[more]), Err(Refusal::RelayKey(0)), "among further accounts");

    let assertion = lighthouse(vec![AccountMeta::new_readonly(relay(), true)]);
    assert_eq!(judge_all(&[revoke(), assertion]), Err(Refusal::RelayKey(1)));
    let mut limit = budget(2, &1_000_u32.to_le_bytes());
    limit.accounts.push(AccountMeta::new_readonly(relay(), false));
    assert_eq!(judge_all(&[revoke(), limit]), Err(Refusal::RelayKey(1)));
}

#[test]
fn other_programs_and_governance_are_not_paid_for() {
    let wallet = wallet().pubkey();
    assert_eq!(judge_all(&[revoke(), transfer(wallet)]), Err(Refusal::Program(1)));
    let unknown = Instruction::new_with_bytes(key(9).pubkey(), &[], Vec::new());
    assert_eq!(judge_all(&[unknown, revoke()]), Err(Refusal::Program(0)));
    assert_eq!(judge_all(&[revoke(), build::set_pause(wallet, true)]), Err(Refusal::Instruction(1)));
    for data in [&[][..], &[0; 7], &[0; 8]] {
        let mut instruction = revoke();
        instruction.data = data.to_vec();
        assert_eq!(judge_all(&[instruction]), Err(Refusal::Instruction(0)));
    }
    let limit = budget(2, &1_000_u32.to_le_bytes());
    let alone = lighthouse(vec![AccountMeta::new_readonly(wallet, true)]);
    assert_eq!(judge_all(&[limit, alone]), Err(Refusal::NothingToDo));
    assert_eq!(judge_all(&[create_vault(wallet, relay()), create_vault(wallet, relay())]), Err(Refusal::Vaults));
}

#[test]
fn nothing_that_hides_accounts_or_can_be_held_back_is_signed() {
    assert_eq!(judge_all(&[advance_nonce(), revoke()]), Err(Refusal::DurableNonce));
    assert_eq!(judge_all(&[revoke(), advance_nonce()]), Err(Refusal::DurableNonce));

    let mut v0 = v0::Message::try_compile(&relay(), &[revoke()], &[], Default::default()).unwrap();
    v0.address_table_lookups.push(v0::MessageAddressTableLookup {
        account_key: key(9).pubkey(),
        writable_indexes: vec![0],
        readonly_indexes: Vec::new(),
    });
    assert_eq!(judge(&signed(VersionedMessage::V0(v0), &[&wallet()])), Err(Refusal::LookupTable));
}

#[test]
fn the_compute_budget_is_capped_and_asked_once() {
    let with =
        |instructions: &[Instruction]| judge_all(&[&[revoke()], instructions].concat()).map(|checked| checked.fee);
    let units = |units: u32| budget(2, &units.to_le_bytes());
    let price = |price: u64| budget(3, &price.to_le_bytes());
    assert_eq!(with(&[units(600_000), price(100_000)]), Ok(10_000 + 60_000));
    assert_eq!(with(&[units(600_001)]), Err(Refusal::ComputeUnits(600_000)));
    assert_eq!(with(&[price(100_001)]), Err(Refusal::ComputePrice(100_000)));
    assert_eq!(with(&[price(u64::MAX)]), Err(Refusal::ComputePrice(100_000)));
    assert_eq!(with(&[price(1)]), Ok(10_001), "without a limit the default counts, rounded up");
    assert_eq!(with(&[budget(4, &1_000_u32.to_le_bytes())]), Ok(10_000));
    for (place, wrong) in [
        (2, vec![units(1), units(1)]),
        (2, vec![price(1), price(1)]),
        (1, vec![budget(0, &[])]),
        (1, vec![budget(1, &32_768_u32.to_le_bytes())]),
        (1, vec![budget(9, &[])]),
        (1, vec![budget(2, &[1, 2, 3])]),
        (1, vec![budget(3, &[1; 9])]),
        (1, vec![Instruction::new_with_bytes(compute_budget::ID, &[], Vec::new())]),
    ] {
        assert_eq!(with(&wrong), Err(Refusal::ComputeBudget(place)), "{wrong:?}");
    }
}

#[test]
fn the_wallet_that_is_signed_in_has_signed_and_nobody_else_is_asked() {
    let (wallet, other) = (wallet(), key(3));
    let instruction = || mint(wallet.pubkey(), relay());
    let judge_signed = |signers: &[&Keypair]| judge(&signed(message(&[instruction()]), signers));
    assert!(judge_signed(&[&wallet]).is_ok());
    assert_eq!(judge_signed(&[]), Err(Refusal::Signature));

    let theirs = mint(other.pubkey(), relay());
    assert_eq!(
        judge(&signed(message(std::slice::from_ref(&theirs)), &[&other])),
        Err(Refusal::Signers),
        "another wallet's"
    );
    let both = signed(message(&[instruction(), theirs]), &[&wallet, &other]);
    assert_eq!(judge(&both), Err(Refusal::Signers), "another signature");
    let alone = VersionedMessage::Legacy(Message::new(&[mint(relay(), relay())], Some(&relay())));
    assert_eq!(judge(&signed(alone, &[])), Err(Refusal::Signers), "none but the relay's");

    let own = VersionedMessage::Legacy(Message::new(&[mint(wallet.pubkey(), wallet.pubkey())], Some(&wallet.pubkey())));
    assert_eq!(judge(&signed(own, &[&wallet])), Err(Refusal::FeePayer));

    let foreign = message(&[instruction()]);
    let signatures = vec![Signature::default(), other.sign_message(&foreign.serialize())];
    let foreign = wincode::serialize(&VersionedTransaction { signatures, message: foreign }).unwrap();
    assert_eq!(judge(&foreign), Err(Refusal::Signature), "a signature by another key");

    let twice = signed(message(&[instruction()]), &[&wallet]);
    let mut transaction: VersionedTransaction = wincode::deserialize(&twice).unwrap();
    let VersionedMessage::Legacy(inner) = &mut transaction.message else { unreachable!() };
    let last = inner.account_keys.len() - 1;
    inner.account_keys[last] = relay();
    let twice = signed(transaction.message, &[&wallet]);
    assert_eq!(judge(&twice), Err(Refusal::FeePayer), "the relay's key a second time");
}

#[test]
fn only_the_one_form_of_a_transaction_is_read() {
    let whole = signed(message(&[revoke()]), &[&wallet()]);
    assert!(judge(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(judge(&whole[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(judge(&[&whole[..], &[0]].concat()), Err(Refusal::Unreadable));
    assert_eq!(judge(&vec![0; MAX_BYTES + 1]), Err(Refusal::Unreadable));
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (place % 8);
        // The first signature is the relay's to fill in.
        assert!((1..65).contains(&place) || judge(&changed).is_err(), "byte {place}");
    }
}

#[test]
fn the_places_of_the_relays_key_are_those_of_the_idl() {
    let idl: Value = serde_json::from_str(include_str!("../../../../../idl/aegle.json")).unwrap();
    let known: BTreeMap<&[u8], &Sponsored> = SPONSORED.iter().map(|one| (one.discriminator, one)).collect();
    let governance = ["init_config", "set_pause", "add_registrar", "remove_registrar"];
    // The operator's own: a wallet that signed for an opening would link its holder to the patient.
    let unpaid = [&governance[..], &["open_break_glass", "anchor_audit_root"]].concat();
    let mut sponsored = 0;
    for instruction in idl["instructions"].as_array().unwrap() {
        let name = instruction["name"].as_str().unwrap();
        let discriminator: Vec<u8> = serde_json::from_value(instruction["discriminator"].clone()).unwrap();
        let place = |account: &str| {
            instruction["accounts"].as_array().unwrap().iter().position(|known| known["name"] == account)
        };
        let Some(known) = known.get(discriminator.as_slice()) else {
            assert!(unpaid.contains(&name), "{name} is not paid for");
            continue;
        };
        assert!(!unpaid.contains(&name), "{name} is paid for");
        assert_eq!((known.payer, known.rent_payer), (place("payer"), place("rent_payer")), "{name}");
        sponsored += 1;
    }
    assert_eq!(sponsored, SPONSORED.len());
}
