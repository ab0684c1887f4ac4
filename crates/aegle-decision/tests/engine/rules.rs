//! Each rule by a world in which it refuses and one beside it, a small step away, which permits.

use std::collections::BTreeSet;

use aegle::state::{ALL_ACTIONS, ALL_PURPOSES, CredentialKind, CredentialStatus, RecordStatus, Right};
use aegle_decision::{Action, Base, Decision, Key, Labels, Policy, Purpose, Rule, RuleId, Verdict};

use crate::world::*;

/// A step from the world in which the grantee reads.
type Step = fn(&mut World);

struct Case {
    refuses: RuleId,
    by: Step,
    permits: RuleId,
    beside: Step,
}

const fn case(refuses: RuleId, by: Step, permits: RuleId, beside: Step) -> Case {
    Case { refuses, by, permits, beside }
}

fn rule(change: impl FnOnce(&mut Rule)) -> Rule {
    let mut rule = Rule::default();
    change(&mut rule);
    rule
}

/// Leaves the base closed and one rule to open.
fn only(world: &mut World, change: impl Fn(&mut Rule)) {
    world.policy(|policy| {
        policy.base = Base::Deny;
        policy.permit = vec![rule(&change)];
    });
}

fn except(world: &mut World, change: impl Fn(&mut Rule)) {
    world
        .policy(|policy| policy.deny = vec![Rule { categories: codes(["imaging"]), ..Rule::default() }, rule(&change)]);
}

fn day(text: &str) -> Option<jiff::civil::Date> {
    Some(text.parse().unwrap())
}

const OPENED: RuleId = RuleId::BreakGlass { break_glass: BREAK_GLASS };
const BASE: RuleId = RuleId::ConsentBase;
const FIRST: RuleId = RuleId::ConsentPermitRule { index: 0 };
const SECOND_EXCEPTION: RuleId = RuleId::Exception { index: 1 };

fn cases() -> Vec<Case> {
    vec![
        // The vault.
        case(RuleId::NoVault, |w| w.both(|chain| chain.vault = None), BASE, |_| ()),
        case(
            RuleId::VaultMismatch,
            |w| w.views.finalized.vault.as_mut().unwrap().vault = STRANGER,
            RuleId::Owner,
            |w| w.request.caller.key = OWNER,
        ),
        case(RuleId::VaultMismatch, |w| w.record(|record| record.vault = STRANGER), BASE, |_| ()),
        case(
            RuleId::WithdrawalPending,
            |w| w.views.withdrawals_pending = true,
            RuleId::Owner,
            |w| {
                w.views.withdrawals_pending = true;
                w.request.caller.key = OWNER;
            },
        ),
        case(
            RuleId::WithdrawalPending,
            |w| {
                w.ask_as_delegate();
                w.views.withdrawals_pending = true;
            },
            RuleId::DelegateRead,
            |w| w.ask_as_delegate(),
        ),
        // Emergencies.
        case(
            RuleId::EmergencyForbidden,
            |w| {
                w.ask_in_an_emergency();
                w.vault(|vault| vault.emergencies_allowed = false);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::NotFinalYet,
            |w| {
                w.ask_in_an_emergency();
                w.views.finalized.vault.as_mut().unwrap().emergencies_allowed = false;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::EmergencyForbidden,
            |w| {
                w.ask_in_an_emergency();
                w.views.confirmed.vault.as_mut().unwrap().emergencies_allowed = false;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::EmergencyNotOpened,
            |w| {
                w.ask_in_an_emergency();
                w.views.emergencies[0].opened = None;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::EmergencyExpired,
            |w| {
                w.ask_in_an_emergency();
                w.statement(|signed| signed.expires_at -= 3_600);
            },
            OPENED,
            |w| {
                w.ask_in_an_emergency();
                w.statement(|signed| signed.expires_at -= 3_599);
            },
        ),
        case(
            RuleId::OpeningMismatch,
            |w| {
                w.ask_in_an_emergency();
                w.views.emergencies[0].salt[0] ^= 1;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::OpeningMismatch,
            |w| {
                w.ask_in_an_emergency();
                w.views.emergencies[0].signature[0] ^= 1;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::OpeningMismatch,
            |w| {
                w.ask_in_an_emergency();
                w.opened(|opened| opened.vault = STRANGER);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::OpeningMismatch,
            |w| {
                w.ask_in_an_emergency();
                w.opened(|opened| opened.expires_at += 1);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::NoConsent,
            |w| {
                w.ask_in_an_emergency();
                w.statement(|signed| signed.clinician = STRANGER);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        // An emergency says nothing about other purposes.
        case(
            RuleId::NoConsent,
            |w| {
                w.ask_in_an_emergency();
                w.request.purpose = Purpose::Treatment;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::ActionNotGranted,
            |w| {
                w.ask_in_an_emergency();
                w.request.action = Action::Export;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::RecordNotCovered,
            |w| {
                w.ask_in_an_emergency();
                w.statement(|signed| signed.records = [STUDY].into());
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::CredentialMissing,
            |w| {
                w.ask_in_an_emergency();
                w.statement(|signed| signed.credential = PRACTITIONERS_CREDENTIAL);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::CredentialWrongKind,
            |w| {
                w.ask_in_an_emergency();
                w.credential(|credential| credential.kind = CredentialKind::Pharmacy);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::CredentialSuspended,
            |w| {
                w.ask_in_an_emergency();
                w.credential(|credential| credential.status = CredentialStatus::Suspended);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::NotFinalYet,
            |w| {
                w.ask_in_an_emergency();
                w.views.finalized.credentials[0].status = CredentialStatus::Suspended;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::WithdrawalPending,
            |w| {
                w.ask_in_an_emergency();
                w.views.withdrawals_pending = true;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::LabelsMissing,
            |w| {
                w.ask_in_an_emergency();
                w.labels = None;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::NotFinalYet,
            |w| {
                w.ask_in_an_emergency();
                w.record.finalized = None;
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        case(
            RuleId::CredentialNotForEmergencies,
            |w| {
                w.ask_in_an_emergency();
                w.credential(|credential| credential.emergency = false);
            },
            OPENED,
            |w| w.ask_in_an_emergency(),
        ),
        // Owner, under any purpose, for any action.
        case(
            RuleId::NoConsent,
            |w| {
                w.request.caller.key = OWNER;
                w.vault(|vault| vault.owner = STRANGER);
            },
            RuleId::Owner,
            |w| {
                w.request.caller.key = OWNER;
                w.request.purpose = Purpose::Marketing;
                w.request.action = Action::Compute;
                w.labels = None;
            },
        ),
        // Delegates.
        case(
            RuleId::DelegateRemoved,
            |w| {
                w.ask_as_delegate();
                w.delegate(|delegate| delegate.removed = true);
            },
            RuleId::DelegateRead,
            |w| w.ask_as_delegate(),
        ),
        case(
            RuleId::DelegateEarlierEpoch,
            |w| {
                w.ask_as_delegate();
                w.vault(|vault| vault.delegate_epoch += 1);
            },
            RuleId::DelegateRead,
            |w| {
                w.ask_as_delegate();
                w.vault(|vault| vault.consent_epoch += 1);
            },
        ),
        case(
            RuleId::DelegateExpired,
            |w| {
                w.ask_as_delegate();
                w.request.now = i64::from(TODAY + 30) * DAY;
            },
            RuleId::DelegateRead,
            |w| {
                w.ask_as_delegate();
                w.request.now = i64::from(TODAY + 30) * DAY - 1;
            },
        ),
        case(
            RuleId::DelegateRightMissing,
            |w| {
                w.ask_as_delegate();
                w.delegate(|delegate| delegate.rights = Right::Mint as u8 | Right::Grant as u8 | Right::Revoke as u8);
            },
            RuleId::DelegateRead,
            |w| {
                w.ask_as_delegate();
                w.delegate(|delegate| delegate.rights = Right::Mint as u8 | Right::Read as u8);
            },
        ),
        case(
            RuleId::DelegateActionNotCovered,
            |w| {
                w.ask_as_delegate();
                w.request.action = Action::Annotate;
            },
            RuleId::DelegateRead,
            |w| {
                w.ask_as_delegate();
                w.request.action = Action::Export;
                w.labels = None;
            },
        ),
        case(
            RuleId::NoConsent,
            |w| {
                w.ask_as_delegate();
                w.delegate(|delegate| delegate.key = STRANGER);
            },
            RuleId::DelegateRead,
            |w| w.ask_as_delegate(),
        ),
        // A delegate who is none any more may still be a grantee.
        case(
            RuleId::Revoked,
            |w| {
                w.ask_as_delegate();
                w.request.caller.key = GRANTEE;
                w.delegate(|delegate| (delegate.key, delegate.removed) = (GRANTEE, true));
                w.consent(|consent| consent.revoked = true);
            },
            BASE,
            |w| {
                w.ask_as_delegate();
                w.request.caller.key = GRANTEE;
                w.delegate(|delegate| (delegate.key, delegate.removed) = (GRANTEE, true));
            },
        ),
        // Consents.
        case(RuleId::NoConsent, |w| w.request.caller.key = STRANGER, BASE, |_| ()),
        case(RuleId::NoConsent, |w| w.both(|chain| chain.consents.clear()), BASE, |_| ()),
        case(RuleId::NoConsent, |w| w.openings.clear(), BASE, |_| ()),
        case(RuleId::OpeningMismatch, |w| w.openings[0].salt[0] ^= 1, BASE, |_| ()),
        case(RuleId::OpeningMismatch, |w| w.openings[0].policy_salt[0] ^= 1, BASE, |_| ()),
        case(RuleId::OpeningMismatch, |w| w.consent(|consent| consent.consent_id[0] ^= 1), BASE, |_| ()),
        case(
            RuleId::OpeningMismatch,
            |w| {
                // The opening of somebody else's consent, with the own name in it.
                let (mut opening, consent) = seal(CONSENT, STRANGER, w.openings[0].policy.value().clone());
                opening.grantee = GRANTEE;
                w.openings = vec![opening];
                w.consent(|theirs| *theirs = consent);
            },
            BASE,
            |_| (),
        ),
        case(
            RuleId::OpeningMismatch,
            |w| {
                // A wider policy than the one that was signed.
                w.policy(|policy| policy.base = Base::Deny);
                w.openings = World::new().openings;
            },
            BASE,
            |w| w.policy(|policy| policy.preview = Some([1; 32])),
        ),
        case(RuleId::Revoked, |w| w.consent(|consent| consent.revoked = true), BASE, |_| ()),
        case(
            RuleId::EarlierEpoch,
            |w| w.vault(|vault| vault.consent_epoch += 1),
            BASE,
            |w| w.vault(|vault| (vault.delegate_epoch, vault.key_epoch) = (99, 99)),
        ),
        case(
            RuleId::NotYetInEffect,
            |w| w.request.now = i64::from(TODAY - 5) * DAY - 1,
            BASE,
            |w| w.request.now = i64::from(TODAY - 5) * DAY,
        ),
        case(
            RuleId::Expired,
            |w| w.request.now = i64::from(TODAY + 5) * DAY,
            BASE,
            |w| w.request.now = i64::from(TODAY + 5) * DAY - 1,
        ),
        case(
            RuleId::EraseByPassed,
            |w| w.policy(|policy| policy.erase_by = day("2026-02-28")),
            BASE,
            |w| w.policy(|policy| policy.erase_by = day("2026-03-01")),
        ),
        case(
            RuleId::PurposeNotGranted,
            |w| w.consent(|consent| consent.purposes = ALL_PURPOSES & !(Purpose::Treatment as u16)),
            BASE,
            |w| w.consent(|consent| consent.purposes = ALL_PURPOSES),
        ),
        case(
            RuleId::ActionNotGranted,
            |w| w.request.action = Action::Export,
            BASE,
            |w| {
                w.request.action = Action::Export;
                w.consent(|consent| consent.actions = ALL_ACTIONS);
            },
        ),
        // Credentials.
        case(
            RuleId::CredentialMissing,
            |w| w.both(|chain| chain.credentials.clear()),
            BASE,
            |w| {
                w.both(|chain| chain.credentials.clear());
                w.request.purpose = Purpose::PatientRequest;
            },
        ),
        case(RuleId::CredentialMissing, |w| w.credential(|credential| credential.subject = STRANGER), BASE, |_| ()),
        case(
            RuleId::CredentialWrongKind,
            |w| w.credential(|credential| credential.kind = CredentialKind::Agent),
            BASE,
            |w| w.credential(|credential| credential.kind = CredentialKind::Pharmacy),
        ),
        case(
            RuleId::CredentialSuspended,
            |w| w.credential(|credential| credential.status = CredentialStatus::Suspended),
            BASE,
            |w| {
                // Another registrar still answers for the grantee.
                w.credential(|credential| credential.status = CredentialStatus::Suspended);
                let other = credential(Key([77; 32]), GRANTEE, CredentialKind::Practitioner);
                w.both(|chain| chain.credentials.push(other));
            },
        ),
        case(
            RuleId::CredentialRevoked,
            |w| w.credential(|credential| credential.status = CredentialStatus::Revoked),
            BASE,
            |_| (),
        ),
        case(
            RuleId::CredentialRegistrarRemoved,
            |w| w.credential(|credential| credential.registrar_removed = true),
            BASE,
            |_| (),
        ),
        case(
            RuleId::CredentialExpired,
            |w| w.credential(|credential| credential.until_day = TODAY),
            BASE,
            |w| w.credential(|credential| credential.until_day = TODAY + 1),
        ),
        case(
            RuleId::CredentialNotYetValid,
            |w| w.credential(|credential| credential.from_day = TODAY + 1),
            BASE,
            |w| w.credential(|credential| credential.from_day = TODAY),
        ),
        case(
            RuleId::PractitionerMissing,
            |w| {
                w.ask_as_organization();
                w.request.caller.practitioner = None;
            },
            BASE,
            |w| w.ask_as_organization(),
        ),
        case(
            RuleId::PractitionerUnqualified,
            |w| {
                w.ask_as_organization();
                w.both(|chain| chain.credentials[1].status = CredentialStatus::Suspended);
            },
            BASE,
            |w| w.ask_as_organization(),
        ),
        case(
            RuleId::PractitionerUnqualified,
            |w| {
                w.ask_as_organization();
                w.both(|chain| chain.credentials[1].kind = CredentialKind::Pharmacy);
            },
            BASE,
            |w| {
                // The grantee is a practitioner of its own, too.
                w.ask_as_organization();
                w.request.caller.practitioner = None;
                let own = credential(Key([77; 32]), GRANTEE, CredentialKind::Practitioner);
                w.both(|chain| chain.credentials.push(own));
            },
        ),
        // The record.
        case(RuleId::RecordMissing, |w| w.record.confirmed = None, BASE, |_| ()),
        case(RuleId::RecordMismatch, |w| w.record.finalized.as_mut().unwrap().commitment[0] ^= 1, BASE, |_| ()),
        case(
            RuleId::RecordMismatch,
            |w| {
                w.request.caller.key = OWNER;
                w.record.finalized.as_mut().unwrap().record = STRANGER;
            },
            RuleId::Owner,
            |w| w.request.caller.key = OWNER,
        ),
        case(
            RuleId::RecordErased,
            |w| w.record(|record| record.status = RecordStatus::Erased),
            BASE,
            |w| w.record(|record| record.status = RecordStatus::EnteredInError),
        ),
        case(
            RuleId::RecordErased,
            |w| {
                w.request.caller.key = OWNER;
                w.record.confirmed.as_mut().unwrap().status = RecordStatus::Erased;
            },
            BASE,
            |w| w.record(|record| record.status = RecordStatus::Amended),
        ),
        case(
            RuleId::RecordErased,
            |w| w.record.finalized.as_mut().unwrap().status = RecordStatus::Erased,
            BASE,
            |_| (),
        ),
        case(RuleId::NotFinalYet, |w| w.record.finalized = None, BASE, |_| ()),
        case(RuleId::LabelsMissing, |w| w.labels = None, BASE, |_| ()),
        // What a consent covers.
        case(RuleId::BaseDeny, |w| w.policy(|policy| policy.base = Base::Deny), FIRST, |w| only(w, |_| ())),
        case(
            RuleId::BreakGlassOnly,
            |w| w.policy(|policy| policy.base = Base::BreakGlassOnly),
            FIRST,
            |w| {
                only(w, |rule| rule.records = [RECORD].into());
                w.policy(|policy| policy.base = Base::BreakGlassOnly);
            },
        ),
        case(
            RuleId::CategoryNotCovered,
            |w| {
                only(w, |rule| rule.categories = codes(["laboratory", "imaging"]));
                w.labels(|labels| labels.categories = codes(["laboratory", "medication"]));
            },
            FIRST,
            |w| only(w, |rule| rule.categories = codes(["laboratory", "imaging"])),
        ),
        case(
            RuleId::TypeNotCovered,
            |w| only(w, |rule| rule.types = codes(["Observation"])),
            FIRST,
            |w| only(w, |rule| rule.types = codes(["Observation", "DiagnosticReport"])),
        ),
        case(
            RuleId::TypeNotCovered,
            |w| {
                only(w, |rule| rule.types = codes(["Observation", "DiagnosticReport"]));
                w.labels(|labels| labels.types.clear());
            },
            FIRST,
            |w| only(w, |rule| rule.types = codes(["Observation", "DiagnosticReport"])),
        ),
        case(
            RuleId::TimeNotCovered,
            |w| only(w, |rule| rule.from = day("2026-01-11")),
            FIRST,
            |w| only(w, |rule| rule.from = day("2026-01-10")),
        ),
        case(
            RuleId::TimeNotCovered,
            |w| only(w, |rule| rule.until = day("2026-01-11")),
            FIRST,
            |w| only(w, |rule| rule.until = day("2026-01-12")),
        ),
        case(
            RuleId::TimeNotCovered,
            |w| {
                only(w, |rule| rule.until = day("2026-01-12"));
                w.labels(|labels| (labels.from, labels.until) = (None, None));
            },
            FIRST,
            |w| {
                only(w, |_| ());
                w.labels(|labels| (labels.from, labels.until) = (None, None));
            },
        ),
        case(
            RuleId::AuthorNotCovered,
            |w| only(w, |rule| rule.authors = [STRANGER].into()),
            FIRST,
            |w| only(w, |rule| rule.authors = [STRANGER, AUTHOR].into()),
        ),
        case(
            RuleId::AuthorNotCovered,
            |w| {
                only(w, |rule| rule.authors = [AUTHOR].into());
                w.labels(|labels| labels.author = None);
            },
            FIRST,
            |w| only(w, |rule| rule.authors = [AUTHOR].into()),
        ),
        case(
            RuleId::StudyNotCovered,
            |w| {
                only(w, |rule| rule.studies = [STUDY].into());
                w.labels(|labels| labels.study = None);
            },
            FIRST,
            |w| only(w, |rule| rule.studies = [STUDY].into()),
        ),
        case(
            RuleId::RecordNotCovered,
            |w| only(w, |rule| rule.records = [STRANGER].into()),
            FIRST,
            |w| only(w, |rule| rule.records = [RECORD].into()),
        ),
        // Several rules: the nearest miss is named, and the first that opens.
        case(
            RuleId::RecordNotCovered,
            |w| {
                w.policy(|policy| {
                    policy.base = Base::Deny;
                    policy.permit = vec![
                        rule(|rule| rule.records = [STRANGER].into()),
                        rule(|rule| rule.categories = codes(["imaging"])),
                    ];
                });
            },
            RuleId::ConsentPermitRule { index: 1 },
            |w| {
                w.policy(|policy| {
                    policy.base = Base::Deny;
                    policy.permit = vec![rule(|rule| rule.records = [STRANGER].into()), Rule::default()];
                });
            },
        ),
        // Sensitivity: withheld unless named, by whatever code.
        case(
            RuleId::Sensitivity,
            |w| w.labels(|labels| labels.sensitivity = codes(["HIV"])),
            BASE,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["HIV"]));
                w.policy(|policy| policy.sensitivity = codes(["HIV", "PSY"]));
            },
        ),
        case(
            RuleId::Sensitivity,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["HIV", "PSY"]));
                w.policy(|policy| policy.sensitivity = codes(["HIV"]));
            },
            BASE,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["HIV", "PSY"]));
                w.policy(|policy| policy.sensitivity = codes(["HIV", "PSY"]));
            },
        ),
        case(
            RuleId::Sensitivity,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["a-clinics-own-code"]));
                only(w, |_| ());
            },
            FIRST,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["a-clinics-own-code"]));
                only(w, |_| ());
                w.policy(|policy| policy.sensitivity = codes(["a-clinics-own-code"]));
            },
        ),
        case(
            // The basic policy opens nothing sensitive, also what is named; a rule does.
            RuleId::Sensitivity,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["SDV"]));
                w.policy(|policy| (policy.base, policy.sensitivity) = (Base::BasicNormal, codes(["SDV"])));
            },
            FIRST,
            |w| {
                w.labels(|labels| labels.sensitivity = codes(["SDV"]));
                only(w, |_| ());
                w.policy(|policy| (policy.base, policy.sensitivity) = (Base::BasicNormal, codes(["SDV"])));
            },
        ),
        case(
            RuleId::Sensitivity,
            |w| {
                w.policy(|policy| policy.base = Base::BasicNormal);
                w.labels(|labels| labels.sensitivity = codes(["ETH"]));
            },
            BASE,
            |w| w.policy(|policy| policy.base = Base::BasicNormal),
        ),
        // Exceptions: touching is enough, and what is not known may be meant.
        case(SECOND_EXCEPTION, |w| except(w, |_| ()), BASE, |w| w.policy(|policy| policy.deny.clear())),
        case(
            SECOND_EXCEPTION,
            |w| {
                except(w, |rule| rule.categories = codes(["medication"]));
                w.labels(|labels| labels.categories = codes(["laboratory", "medication"]));
            },
            BASE,
            |w| except(w, |rule| rule.categories = codes(["medication"])),
        ),
        case(
            SECOND_EXCEPTION,
            |w| except(w, |rule| rule.types = codes(["Observation", "Patient"])),
            BASE,
            |w| {
                // Not FHIR, so not of these types.
                except(w, |rule| rule.types = codes(["Observation", "Patient"]));
                w.labels(|labels| labels.types.clear());
            },
        ),
        case(
            SECOND_EXCEPTION,
            |w| except(w, |rule| (rule.from, rule.until) = (day("2026-01-12"), day("2026-02-01"))),
            BASE,
            |w| except(w, |rule| (rule.from, rule.until) = (day("2026-01-13"), day("2026-02-01"))),
        ),
        case(
            SECOND_EXCEPTION,
            |w| {
                except(w, |rule| rule.until = day("1999-12-31"));
                w.labels(|labels| (labels.from, labels.until) = (None, None));
            },
            BASE,
            |w| except(w, |rule| rule.until = day("2026-01-09")),
        ),
        case(
            SECOND_EXCEPTION,
            |w| except(w, |rule| rule.authors = [AUTHOR].into()),
            BASE,
            |w| except(w, |rule| rule.authors = [STRANGER].into()),
        ),
        case(
            SECOND_EXCEPTION,
            |w| {
                except(w, |rule| rule.authors = [STRANGER].into());
                w.labels(|labels| labels.author = None);
            },
            BASE,
            |w| except(w, |rule| rule.authors = [STRANGER].into()),
        ),
        case(
            SECOND_EXCEPTION,
            |w| except(w, |rule| rule.studies = [STUDY].into()),
            BASE,
            |w| {
                except(w, |rule| rule.studies = [STUDY].into());
                w.labels(|labels| labels.study = None);
            },
        ),
        case(
            SECOND_EXCEPTION,
            |w| except(w, |rule| rule.records = [RECORD].into()),
            BASE,
            |w| {
                // All conditions have to touch.
                except(w, |rule| (rule.records, rule.types) = ([RECORD].into(), codes(["Patient"])));
            },
        ),
        case(
            // Against a rule that names the very record.
            SECOND_EXCEPTION,
            |w| {
                only(w, |rule| rule.records = [RECORD].into());
                except(w, |rule| rule.categories = codes(["laboratory"]));
            },
            FIRST,
            |w| {
                only(w, |rule| rule.records = [RECORD].into());
                except(w, |rule| rule.categories = codes(["medication"]));
            },
        ),
    ]
}

#[test]
fn inv_1_every_rule_refuses_and_a_world_beside_it_is_permitted() {
    for (index, Case { refuses, by, permits, beside }) in cases().iter().enumerate() {
        let (mut refused, mut permitted) = (World::new(), World::new());
        by(&mut refused);
        beside(&mut permitted);
        assert_eq!((refused.read().permits(), refused.read().rule()), (false, *refuses), "case {index}");
        assert_eq!((permitted.read().permits(), permitted.read().rule()), (true, *permits), "case {index}");
    }
}

#[test]
fn no_rule_is_without_a_case() {
    let named = |rule: RuleId| serde_json::to_value(rule).unwrap()["rule"].as_str().unwrap().to_owned();
    let tried: BTreeSet<String> = cases().iter().flat_map(|case| [named(case.refuses), named(case.permits)]).collect();
    let mut all: BTreeSet<String> = crate::ALL_RULES.iter().map(|rule| named(*rule)).collect();
    // Of opening, of acting and of what the chain does not have, not of reading.
    for other in ["emergency_unreviewed", "not_acting", "not_there"] {
        assert!(all.remove(other));
    }
    assert_eq!(tried, all);
}

/// Kinds of credentials by purpose, as `docs/access.md` has them.
#[test]
fn a_purpose_needs_a_credential_of_its_kinds() {
    use CredentialKind::*;
    let kinds = [Practitioner, Organization, Researcher, Pharmacy, Manufacturer, Insurer, Custodian, Agent];
    let purposes: [(Purpose, &[CredentialKind]); 9] = [
        (Purpose::Treatment, &[Practitioner, Organization, Pharmacy]),
        (Purpose::EmergencyTreatment, &[Practitioner, Organization, Pharmacy]),
        (Purpose::Payment, &[Organization, Insurer]),
        (Purpose::Operations, &[Organization]),
        (Purpose::Research, &[Organization, Researcher]),
        (Purpose::PublicHealth, &[Organization]),
        (Purpose::FamilyRequest, &kinds),
        (Purpose::PatientRequest, &kinds),
        (Purpose::Marketing, &[Organization, Manufacturer]),
    ];
    for (purpose, accepted) in purposes {
        let reads = |kind: &CredentialKind| {
            let mut world = World::new();
            world.ask_as_organization();
            world.request.purpose = purpose;
            world.consent(|consent| consent.purposes = ALL_PURPOSES);
            world.credential(|credential| credential.kind = *kind);
            world.read().permits()
        };
        let read: Vec<CredentialKind> = kinds.into_iter().filter(reads).collect();
        assert_eq!(read, accepted, "{purpose:?}");
    }
}

#[test]
fn a_permit_names_the_credentials_it_rests_on() {
    let mut world = World::new();
    assert_eq!(world.decide().permit().unwrap().credentials, [CREDENTIAL]);
    world.ask_as_organization();
    assert_eq!(world.decide().permit().unwrap().credentials, [CREDENTIAL, PRACTITIONERS_CREDENTIAL]);
    world.request.purpose = Purpose::PatientRequest;
    assert!(world.decide().permit().unwrap().credentials.is_empty());
}

#[test]
fn an_exception_holds_for_its_own_consent_alone() {
    let mut world = World::new();
    except(&mut world, |rule| rule.records = [RECORD].into());
    assert_eq!(world.read(), Verdict::Deny { consent: Some(CONSENT), rule: SECOND_EXCEPTION });
    let other = Key([200; 32]);
    world.grant(other, Policy { base: Base::AllNormal, ..policy() });
    assert_eq!((world.read().consent(), world.read().rule()), (Some(other), BASE));
}

#[test]
fn readers_by_consent_are_told_what_to_do_and_the_longest_time_to_keep_counts() {
    let mut world = World::new();
    world.policy(|policy| policy.erase_by = day("2026-06-01"));
    let kept = |world: &World| match world.read() {
        Verdict::Permit { obligations, consent, .. } => {
            assert!(obligations.redisclosure_notice && !obligations.entered_in_error);
            (consent.unwrap(), obligations.erase_by)
        }
        deny => panic!("{deny:?}"),
    };
    assert_eq!(kept(&world), (CONSENT, day("2026-06-01")));
    let sooner = Policy { base: Base::AllNormal, erase_by: day("2026-05-01"), ..policy() };
    world.grant(Key([1; 32]), sooner);
    assert_eq!(kept(&world), (CONSENT, day("2026-06-01")));
    assert_eq!(world.decide().permit().unwrap().obligations.erase_by, day("2026-05-01"));
    world.grant(Key([201; 32]), Policy { base: Base::AllNormal, ..policy() });
    assert_eq!(kept(&world), (Key([201; 32]), None));
}

#[test]
fn whoever_reads_a_record_entered_in_error_is_told() {
    for view in 0..2 {
        for caller in [GRANTEE, OWNER] {
            let mut world = World::new();
            world.request.caller.key = caller;
            let views = &mut world.record;
            let record = if view == 0 { &mut views.confirmed } else { &mut views.finalized };
            record.as_mut().unwrap().status = RecordStatus::EnteredInError;
            let Verdict::Permit { obligations, .. } = world.read() else { panic!("{:?}", world.read()) };
            assert!(obligations.entered_in_error);
            assert_eq!(obligations.redisclosure_notice, caller == GRANTEE);
        }
    }
}

#[test]
fn labels_that_make_no_sense_are_taken_for_not_known() {
    let senseless: [fn(&mut Labels); 3] = [
        |labels| labels.until = None,
        |labels| (labels.from, labels.until) = (labels.until, labels.from),
        |labels| labels.categories.clear(),
    ];
    for spoil in senseless {
        let mut world = World::new();
        world.labels(spoil);
        let all = |rule: &mut Rule| {
            (rule.categories, rule.from) = (codes(["laboratory", "imaging"]), day("1900-01-01"));
        };
        only(&mut world, all);
        assert!(!world.read().permits());
        let mut world = World::new();
        world.labels(spoil);
        except(&mut world, |rule| (rule.categories, rule.until) = (codes(["laboratory"]), day("2026-12-31")));
        assert!(matches!(world.read().rule(), RuleId::Exception { .. }));
    }
}

#[test]
fn a_denial_names_every_consent_that_does_not_stand() {
    let mut world = World::new();
    world.grant(Key([200; 32]), policy());
    world.both(|chain| chain.consents[0].revoked = true);
    world.both(|chain| chain.consents[1].actions = Action::Compute as u8);
    let Decision::Deny(denial) = world.decide() else { panic!("permitted") };
    assert_eq!(denial.rule, RuleId::ActionNotGranted);
    let refusals: Vec<_> = denial.consents.iter().map(|refusal| (refusal.consent, refusal.rule)).collect();
    assert_eq!(refusals, [(CONSENT, RuleId::Revoked), (Key([200; 32]), RuleId::ActionNotGranted)]);
}

#[test]
fn of_several_consents_that_refuse_the_nearest_is_named_and_the_first_of_equals() {
    let nearest = |policies: [Policy; 3]| {
        let mut world = World::new();
        (world.openings, world.views.confirmed.consents, world.views.finalized.consents) = Default::default();
        for (key, policy) in [102, 101, 103].into_iter().zip(policies) {
            world.grant(Key([key; 32]), policy);
        }
        let Verdict::Deny { consent, rule } = world.read() else { panic!("permitted") };
        (consent.unwrap().0[0], rule)
    };
    let imaging = Policy { permit: vec![rule(|rule| rule.categories = codes(["imaging"]))], ..policy() };
    let excepted = Policy { base: Base::AllNormal, deny: vec![Rule::default()], ..policy() };
    let exception = RuleId::Exception { index: 0 };
    assert_eq!(nearest([policy(), imaging.clone(), policy()]), (101, RuleId::CategoryNotCovered));
    assert_eq!(nearest([imaging.clone(), policy(), policy()]), (102, RuleId::CategoryNotCovered));
    assert_eq!(nearest([imaging.clone(), excepted.clone(), imaging.clone()]), (101, exception));
    assert_eq!(nearest([excepted.clone(), imaging, excepted]), (102, exception));
    assert_eq!(nearest([policy(), policy(), policy()]), (101, RuleId::BaseDeny));
}

#[test]
fn an_account_seen_twice_has_to_permit_twice_and_an_opening_handed_in_twice_once() {
    let mut world = World::new();
    world.both(|chain| chain.consents.push(chain.consents[0]));
    world.both(|chain| chain.credentials.push(chain.credentials[0]));
    assert!(world.read().permits());
    for index in 0..2 {
        let mut revoked = world.clone();
        revoked.views.confirmed.consents[index].revoked = true;
        assert_eq!(revoked.read().rule(), RuleId::Revoked);
        let mut suspended = world.clone();
        suspended.views.confirmed.credentials[index].status = CredentialStatus::Suspended;
        assert_eq!(suspended.read().rule(), RuleId::CredentialSuspended);
        let mut handed_in = World::new();
        let mut wrong = handed_in.openings[0].clone();
        wrong.salt[0] ^= 1;
        handed_in.openings.insert(index, wrong);
        assert_eq!(handed_in.read().rule(), BASE);
        assert_eq!(handed_in.decide().permit().unwrap().filter.policies().unwrap().count(), 1);
    }
}
