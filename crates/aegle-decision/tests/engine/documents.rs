//! The documents and names that others store, sign and show.

use std::collections::BTreeSet;

use aegle_decision::{
    Base, Denial, Document, Key, Labels, Obligations, Policy, Preview, Refusal, Rule, RuleId, SENSITIVITIES,
    Sensitivity, Verdict, preview,
};
use serde_json::json;

use crate::{ALL_RULES, world::*};

#[test]
fn the_names_of_rules_are_kept() {
    let names: Vec<String> =
        ALL_RULES.iter().map(|rule| serde_json::to_value(rule).unwrap()["rule"].as_str().unwrap().into()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), ALL_RULES.len());
    assert_eq!(
        names.join(" "),
        "no_vault vault_mismatch withdrawal_pending not_acting not_there delegate_removed delegate_earlier_epoch \
         delegate_expired delegate_right_missing delegate_action_not_covered no_consent opening_mismatch revoked earlier_epoch expired \
         not_yet_in_effect erase_by_passed purpose_not_granted action_not_granted emergency_forbidden \
         emergency_not_opened emergency_expired emergency_unreviewed credential_missing \
         credential_wrong_kind credential_revoked credential_suspended credential_registrar_removed \
         credential_expired credential_not_yet_valid credential_not_for_emergencies practitioner_missing practitioner_unqualified record_missing \
         record_mismatch record_erased not_final_yet labels_missing base_deny category_not_covered type_not_covered \
         time_not_covered author_not_covered study_not_covered record_not_covered break_glass_only sensitivity \
         exception owner delegate_read consent_base consent_permit_rule break_glass"
    );
    for rule in ALL_RULES {
        assert_eq!(serde_json::from_value::<RuleId>(serde_json::to_value(rule).unwrap()).unwrap(), rule);
        assert_eq!(rule.permits(), rule >= RuleId::Owner);
    }
}

#[test]
fn every_rule_is_on_the_page_about_access() {
    let page = include_str!("../../../../docs/access.md");
    for rule in ALL_RULES {
        let name = serde_json::to_value(rule).unwrap()["rule"].as_str().unwrap().to_owned();
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn outcomes_are_written_with_their_rule() {
    let permit = Verdict::Permit {
        consent: Some(CONSENT),
        rule: RuleId::ConsentPermitRule { index: 2 },
        obligations: Obligations {
            redisclosure_notice: true,
            erase_by: Some("2027-01-01".parse().unwrap()),
            entered_in_error: false,
        },
    };
    let written = json!({
        "outcome": "permit", "consent": CONSENT.to_string(), "rule": "consent_permit_rule", "index": 2,
        "obligations": { "redisclosure_notice": true, "erase_by": "2027-01-01", "entered_in_error": false },
    });
    assert_eq!(serde_json::to_value(permit).unwrap(), written);
    assert_eq!(serde_json::from_value::<Verdict>(written).unwrap(), permit);
    let deny = Verdict::Deny { consent: None, rule: RuleId::NoConsent };
    assert_eq!(
        serde_json::to_value(deny).unwrap(),
        json!({ "outcome": "deny", "consent": null, "rule": "no_consent" })
    );
    let denial = Denial { rule: RuleId::Revoked, consents: vec![Refusal { consent: CONSENT, rule: RuleId::Revoked }] };
    assert_eq!(
        serde_json::to_value(denial).unwrap(),
        json!({ "rule": "revoked", "consents": [{ "consent": CONSENT.to_string(), "rule": "revoked" }] })
    );
}

#[test]
fn a_policy_reads_as_it_is_written() {
    let text = r#"{"kind":"aegle:policy:v1","base":"break-glass-only",
        "permit":[{"categories":["laboratory"],"from":"2025-01-01"}],"deny":[{"types":["Encounter"]}],
        "sensitivity":["HIV"],"erase_by":"2027-01-01"}"#;
    let document = Document::<Policy>::read(text.as_bytes().to_vec()).unwrap();
    let expected = Policy {
        base: Base::BreakGlassOnly,
        permit: vec![Rule {
            categories: codes(["laboratory"]),
            from: Some("2025-01-01".parse().unwrap()),
            ..Rule::default()
        }],
        deny: vec![Rule { types: codes(["Encounter"]), ..Rule::default() }],
        sensitivity: codes(["HIV"]),
        erase_by: Some("2027-01-01".parse().unwrap()),
        ..policy()
    };
    assert_eq!(document.value(), &expected);
    // The bytes that were signed, not others of the same meaning.
    assert_eq!(document.bytes(), text.as_bytes());
    assert_ne!(document.commitment(&[1; 32]), Document::new(expected).commitment(&[1; 32]));
    for refused in [
        r#"{"kind":"aegle:policy:v3"}"#,
        r#"{}"#,
        r#"{"kind":"aegle:policy:v1","base":"anything"}"#,
        r#"{"kind":"aegle:policy:v1","permits":[]}"#,
        r#"{"kind":"aegle:policy:v1","deny":[{"category":["laboratory"]}]}"#,
        r#"{"kind":"aegle:policy:v1","sensitivity":["H I V"]}"#,
        r#"{"kind":"aegle:policy:v1","preview":"00"}"#,
        r#"{"kind":"aegle:policy:v2","recipient":"00"}"#,
    ] {
        assert!(Document::<Policy>::read(refused.as_bytes().to_vec()).is_err(), "{refused}");
    }
}

#[derive(serde::Deserialize)]
struct Vector {
    policy: String,
    #[serde(with = "hex::serde")]
    salt: [u8; 32],
    #[serde(with = "hex::serde")]
    commitment: [u8; 32],
    recipient: Option<String>,
}

#[test]
fn policies_of_both_versions_read_and_commit_as_published() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../vectors/policy.json")).unwrap();
    let read = |vector: &Vector| Document::<Policy>::read(vector.policy.clone().into_bytes()).unwrap();
    for vector in &vectors {
        let document = read(vector);
        document.value().validate().unwrap();
        assert_eq!(document.value().recipient.map(hex::encode), vector.recipient, "{}", vector.policy);
        assert_eq!(document.commitment(&vector.salt), vector.commitment, "{}", vector.policy);
        assert_eq!(Document::new(document.value().clone()).bytes(), document.bytes(), "written as it is read");
    }
    let kinds: BTreeSet<&str> = vectors.iter().map(|vector| &vector.policy[..26]).collect();
    assert_eq!(kinds, BTreeSet::from([r#"{"kind":"aegle:policy:v1","#, r#"{"kind":"aegle:policy:v2","#]));
    // A version 1 that names a recipient is none, and neither is a version 2 that does not.
    for vector in &vectors {
        let other = vector.policy.replace("v1", "v3").replace("v2", "v1").replace("v3", "v2");
        let other = Document::<Policy>::read(other.into_bytes()).unwrap();
        assert!(other.value().validate().is_err(), "{:?}", other.value());
    }
}

#[test]
fn what_the_types_cannot_say_is_checked() {
    let mut inverted = policy();
    inverted.deny.push(Rule {
        from: Some("2026-01-02".parse().unwrap()),
        until: Some("2026-01-01".parse().unwrap()),
        ..Rule::default()
    });
    assert!(inverted.validate().is_err());
    let many = Policy { permit: vec![Rule::default(); 2_001], ..policy() };
    assert!(many.validate().is_err());
    assert!(Policy { permit: vec![Rule::default(); 2_000], ..policy() }.validate().is_ok());
    let refused: [fn(&mut Labels); 3] = [
        |labels| labels.categories.clear(),
        |labels| labels.until = None,
        |labels| (labels.from, labels.until) = (labels.until, labels.from),
    ];
    assert!(labels().validate().is_ok());
    for spoil in refused {
        let mut labels = labels();
        spoil(&mut labels);
        assert!(labels.validate().is_err());
    }
}

#[test]
fn a_preview_names_what_would_be_open_and_counts_the_rest() {
    let world = World::new();
    let record = |key: u8| aegle_decision::RecordView { record: Key([key; 32]), ..world.record.confirmed.unwrap() };
    let sensitive = Labels { sensitivity: codes(["PSY"]), ..labels() };
    let plain = labels();
    let granted = Policy { base: Base::BasicNormal, ..policy() };
    let of = |records: &[(u8, Option<&Labels>)], policy: &Policy| {
        preview(VAULT, 1, policy, records.iter().map(|(key, labels)| (record(*key), *labels)))
    };
    let shown = of(&[(3, Some(&plain)), (1, Some(&plain)), (2, Some(&sensitive)), (4, None)], &granted);
    assert_eq!(shown.value().records, [Key([1; 32]), Key([3; 32])].into());
    assert_eq!(shown.value().withheld, 2);
    // The same whatever the order, and with the hash in the policy; another for other records.
    let again = of(&[(1, Some(&plain)), (2, Some(&sensitive)), (4, None), (3, Some(&plain))], &granted);
    assert_eq!(shown.hash(), again.hash());
    let signed = Policy { preview: Some(shown.hash()), ..granted.clone() };
    assert_eq!(
        of(&[(3, Some(&plain)), (1, Some(&plain)), (2, Some(&sensitive)), (4, None)], &signed).hash(),
        shown.hash()
    );
    assert_ne!(of(&[(3, Some(&plain)), (2, Some(&sensitive))], &granted).hash(), shown.hash());
    let text = of(&[(2, Some(&sensitive))], &granted);
    let expected = format!(r#"{{"kind":"aegle:preview:v1","vault":"{VAULT}","purposes":1,"records":[],"withheld":1}}"#);
    assert_eq!(text.bytes(), expected.as_bytes());
    assert_eq!(Document::<Preview>::read(expected.into_bytes()).unwrap().hash(), text.hash());
}

#[test]
fn sensitivities_offered_are_codes_in_order() {
    let codes: Vec<Sensitivity> = SENSITIVITIES.iter().map(|(code, _)| code.parse().unwrap()).collect();
    assert!(codes.is_sorted_by(|one, other| one < other));
    assert!(SENSITIVITIES.iter().all(|(_, name)| !name.is_empty()));
    for named in ["PSY", "HIV", "ETH", "SDV", "SEX", "STD", "SUD", "MARST"] {
        assert!(codes.contains(&named.parse().unwrap()), "{named}");
    }
}
