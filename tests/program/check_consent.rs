use aegle_client::{
    Pubkey,
    aegle::{AegleError, CheckConsentParams, ConsentAnswer},
    commitment::Opening,
    instruction,
    state::{Action, Consent, DAY, Purpose, Vault},
};
use aegle_tests::vm::{Patient, START, Vm, replace};
use borsh::BorshDeserialize;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

struct Scene {
    vm: Vm,
    patient: Patient,
    grantee: Keypair,
    consent: Pubkey,
    opening: Opening,
}

/// A consent to read for treatment, from today on.
fn scene() -> Scene {
    let mut vm = Vm::new();
    let (patient, grantee) = (vm.patient(), vm.keypair());
    let (consent, opening) = vm.consent_for(&patient, &grantee.pubkey());
    Scene { vm, patient, grantee, consent, opening }
}

impl Scene {
    fn params(&self) -> CheckConsentParams {
        CheckConsentParams { salt: self.opening.salt, purposes: Purpose::Treatment as u16, actions: Action::Read as u8 }
    }

    fn check(&self) -> Instruction {
        self.check_with(self.params())
    }

    fn check_with(&self, params: CheckConsentParams) -> Instruction {
        instruction::check_consent(self.patient.vault, self.consent, self.grantee.pubkey(), params)
    }

    /// The answer in the return data; nothing is changed and no event emitted.
    #[track_caller]
    fn answer(&mut self, instruction: Instruction) -> ConsentAnswer {
        let done = self.vm.send(&[instruction], &[&self.grantee]).unwrap();
        assert_eq!(done.events, []);
        assert_eq!(done.meta.return_data.program_id, aegle_client::PROGRAM_ID);
        ConsentAnswer::try_from_slice(&done.meta.return_data.data).unwrap()
    }

    #[track_caller]
    fn permits(&mut self) -> bool {
        let check = self.check();
        self.answer(check).permit
    }

    #[track_caller]
    fn refuse(&mut self, instruction: Instruction, error: AegleError) {
        self.vm.refuse(instruction, &[&self.grantee], error);
    }
}

#[test]
fn the_grantee_learns_permit_expiry_and_policy() {
    let mut scene = scene();
    let consent: Consent = scene.vm.account(&scene.consent);
    let check = scene.check();
    assert_eq!(
        scene.answer(check),
        ConsentAnswer {
            permit: true,
            expires_at: i64::from(consent.until_day) * DAY,
            policy_commitment: consent.policy_commitment,
        }
    );
    assert_eq!(scene.vm.account::<Consent>(&scene.consent), consent);
}

/// INV-2.
#[test]
fn a_revoked_consent_permits_nothing() {
    let mut scene = scene();
    let revoke = instruction::revoke_consent(scene.patient.vault, scene.patient.authority(), scene.consent);
    scene.vm.send(&[revoke], &[&scene.patient.owner]).unwrap();
    assert!(!scene.permits());
}

/// INV-2: neither an older epoch than the consent's nor a newer one.
#[test]
fn a_consent_out_of_epoch_permits_nothing() {
    let mut scene = scene();
    scene.vm.edit(&scene.consent, |consent: &mut Consent| consent.consent_epoch = 5);
    for (epoch, permit) in [(4, false), (5, true), (6, false), (0, false), (u32::MAX, false)] {
        scene.vm.edit(&scene.patient.vault, |vault: &mut Vault| vault.consent_epoch = epoch);
        assert_eq!(scene.permits(), permit, "epoch {epoch}");
    }
    scene.vm.edit(&scene.patient.vault, |vault: &mut Vault| vault.consent_epoch = 5);
    let revoke = instruction::revoke_all_consents(scene.patient.vault, scene.patient.authority());
    scene.vm.send(&[revoke], &[&scene.patient.owner]).unwrap();
    assert!(!scene.permits());
}

/// INV-2: in effect from the first second of the first day to the last second before the end.
#[test]
fn a_consent_permits_within_its_period_only() {
    let mut scene = scene();
    let consent: Consent = scene.vm.account(&scene.consent);
    let (from, until) = (i64::from(consent.from_day) * DAY, i64::from(consent.until_day) * DAY);
    assert_eq!(from, START);
    for (now, permit) in [
        (i64::MIN, false),
        (0, false),
        (from - 1, false),
        (from, true),
        (from + 1, true),
        (until - 1, true),
        (until, false),
        (until + 1, false),
        (i64::MAX, false),
    ] {
        scene.vm.set_time(now);
        assert_eq!(scene.permits(), permit, "at {now}");
    }
    scene.vm.edit(&scene.consent, |consent: &mut Consent| (consent.from_day, consent.until_day) = (0, u32::MAX));
    scene.vm.set_time(i64::from(u32::MAX) * DAY - 1);
    let check = scene.check();
    let answer = scene.answer(check);
    assert_eq!((answer.permit, answer.expires_at), (true, i64::from(u32::MAX) * DAY));
}

#[test]
fn every_purpose_and_action_asked_for_must_be_covered() {
    let mut scene = scene();
    let (treat, research) = (Purpose::Treatment as u16, Purpose::Research as u16);
    let (read, export) = (Action::Read as u8, Action::Export as u8);
    scene.vm.edit(&scene.consent, |consent: &mut Consent| {
        (consent.purposes, consent.actions) = (treat | Purpose::Payment as u16, read | Action::Annotate as u8);
    });
    for (purposes, actions, permit) in [
        (treat, read, true),
        (treat | Purpose::Payment as u16, read | Action::Annotate as u8, true),
        (research, read, false),
        (treat | research, read, false),
        (treat, export, false),
        (treat, read | export, false),
        (u16::MAX, read, false),
        (treat, u8::MAX, false),
        (1 << 15, 1 << 7, false),
    ] {
        let check = scene.check_with(CheckConsentParams { purposes, actions, ..scene.params() });
        assert_eq!(scene.answer(check).permit, permit, "{purposes:b} {actions:b}");
    }
}

#[test]
fn asking_for_nothing_is_refused() {
    let mut scene = scene();
    let no_purpose = scene.check_with(CheckConsentParams { purposes: 0, ..scene.params() });
    scene.refuse(no_purpose, AegleError::InvalidPurposes);
    let no_action = scene.check_with(CheckConsentParams { actions: 0, ..scene.params() });
    scene.refuse(no_action, AegleError::InvalidActions);
}

#[test]
fn only_the_grantee_with_the_opening_is_answered() {
    let mut scene = scene();
    let (check, stranger) = (scene.check(), scene.vm.keypair());
    let by_stranger = replace(check.clone(), scene.grantee.pubkey(), stranger.pubkey());
    scene.vm.refuse(by_stranger, &[&stranger], AegleError::GranteeMismatch);
    let owner = scene.patient.owner.insecure_clone();
    let by_owner = replace(check, scene.grantee.pubkey(), owner.pubkey());
    scene.vm.refuse(by_owner, &[&owner], AegleError::GranteeMismatch);

    let mut salt = scene.opening.salt;
    salt[31] ^= 1;
    for salt in [salt, [0; 32]] {
        let wrong_salt = scene.check_with(CheckConsentParams { salt, ..scene.params() });
        scene.refuse(wrong_salt, AegleError::GranteeMismatch);
    }
    // An opening opens one consent.
    let (second, _) = scene.vm.consent_for(&scene.patient, &scene.grantee.pubkey());
    let other_consent = replace(scene.check(), scene.consent, second);
    scene.refuse(other_consent, AegleError::GranteeMismatch);
}

/// The same handle in another vault opens to nobody: the vault is part of what is hashed.
#[test]
fn a_handle_copied_to_another_vault_is_refused() {
    let mut scene = scene();
    let other = scene.vm.patient();
    let (consent_id, mut params) = scene.vm.consent_params(&other);
    params.handle = scene.opening.handle();
    let copied = aegle_client::pda::find_consent(&other.vault, &consent_id).0;
    let grant = instruction::grant_consent(other.vault, other.authority(), scene.vm.payer.pubkey(), consent_id, params);
    scene.vm.send(&[grant], &[&other.owner]).unwrap();
    let there = instruction::check_consent(other.vault, copied, scene.grantee.pubkey(), scene.params());
    scene.refuse(there, AegleError::GranteeMismatch);
    let crossed = replace(scene.check(), scene.patient.vault, other.vault);
    scene.refuse(crossed, AegleError::ConsentMismatch);
}

#[test]
fn no_consent_is_checked_while_paused() {
    let mut scene = scene();
    let check = scene.check();
    scene.vm.refuse_paused(check, &[&scene.grantee]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut scene = scene();
    let good = scene.check();
    scene.vm.refuse_wrong_accounts(&good, &[&scene.grantee]);
}
