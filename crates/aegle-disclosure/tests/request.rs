//! Requests as their callers sign them, and the sign-in that names the key.

use aegle_decision::{Caller, Key, RuleId};
use aegle_disclosure::{
    Digest, Entry, EntryVersion, Operation, Outcome, RequestFault, RequestParts, SIGNED_WITHIN, SignIn, SignInFault,
    SignInText, SignedFault, SignedRequest, Verifier, verify,
};
use ed25519_dalek::{Signer, SigningKey};

const AT: i64 = 1_800_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(key: &SigningKey) -> Key {
    Key(key.verifying_key().to_bytes())
}

fn verifier(key: &SigningKey) -> Verifier {
    Verifier::new(&public(key)).unwrap()
}

fn parts() -> RequestParts {
    RequestParts {
        method: "GET".into(),
        path: format!("/v1/records/{}", Key([4; 32])),
        query: String::new(),
        purpose: "TREAT".into(),
    }
}

fn headers(parts: &RequestParts, key: &SigningKey) -> (String, String) {
    let to_sign = parts.to_sign(&public(key), AT, &[9; 32]);
    to_sign.headers(&key.sign(to_sign.base.as_bytes()).to_bytes())
}

fn read(parts: &RequestParts, headers: &(String, String), by: &SigningKey) -> Result<SignedRequest, RequestFault> {
    SignedRequest::read(parts, (&headers.0, &headers.1), (&verifier(by), Digest::default()), AT)
}

#[test]
fn a_request_is_lined_up_as_rfc_9421_says() {
    let to_sign = RequestParts { query: "a=1&b=%20".into(), ..parts() }.to_sign(&Key([0; 32]), 1_618_884_473, &[0; 32]);
    assert_eq!(
        to_sign.base,
        "\"@method\": GET\n\"@path\": /v1/records/GgBaCs3NCBuZN12kCJgAW63ydqohFkHEdfdEXBPzLHq\n\
         \"@query\": ?a=1&b=%20\n\"aegle-purpose\": TREAT\n\
         \"@signature-params\": (\"@method\" \"@path\" \"@query\" \"aegle-purpose\");created=1618884473;\
         nonce=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\";alg=\"ed25519\";keyid=\"11111111111111111111111111111111\""
    );
}

#[test]
fn a_signature_counts_for_its_request_its_key_and_its_time_alone() {
    let (session, good) = (key(1), headers(&parts(), &key(1)));
    let signed = read(&parts(), &good, &session).unwrap();
    assert_eq!(signed.base, parts().to_sign(&public(&session), AT, &[9; 32]).base);

    type Change = fn(&mut RequestParts);
    let changes: [Change; 4] = [
        |parts| parts.method = "HEAD".into(),
        |parts| parts.path.push_str("/content"),
        |parts| parts.query = "patient=other".into(),
        |parts| parts.purpose = "ETREAT".into(),
    ];
    for change in changes {
        let mut other = parts();
        change(&mut other);
        assert_eq!(read(&other, &good, &session).unwrap_err(), RequestFault::Signature, "{other:?}");
    }
    assert_eq!(read(&parts(), &good, &key(2)).unwrap_err(), RequestFault::Key);
    for (at, fault) in [
        (AT + SIGNED_WITHIN, None),
        (AT - SIGNED_WITHIN, None),
        (AT + SIGNED_WITHIN + 1, Some(RequestFault::Time)),
        (AT - SIGNED_WITHIN - 1, Some(RequestFault::Time)),
    ] {
        let read = SignedRequest::read(&parts(), (&good.0, &good.1), (&verifier(&session), Digest::default()), at);
        assert_eq!(read.err(), fault, "{at}");
    }
}

#[test]
fn other_forms_of_a_signature_are_read_or_refused_as_the_standard_has_them() {
    let session = key(1);
    let id = public(&session);
    let covered = "(\"@method\" \"@path\" \"@query\" \"aegle-purpose\")";
    let with = |parameters: &str| {
        let base = format!("{}\n\"@signature-params\": {parameters}", parts().base());
        let signature = parts().to_sign(&id, AT, &[0; 32]).headers(&session.sign(base.as_bytes()).to_bytes()).1;
        (format!("aegle={parameters}"), signature)
    };
    // Parameters in another order, without alg and with one more.
    let other = with(&format!("{covered};keyid=\"{id}\";tag=\"x\";nonce=\"n\";created={AT}"));
    assert!(read(&parts(), &other, &session).is_ok());
    // Spaces that the standard's serialization does not have are not signed.
    let other = with(&format!("{covered};created={AT};nonce=\"n\";keyid=\"{id}\""));
    let spaced = (other.0.replace(";created", "; created"), other.1.clone());
    assert!(read(&parts(), &spaced, &session).is_ok());
    let label = (other.0.replacen("aegle", "sig1", 1), other.1.replacen("aegle", "sig1", 1));
    assert!(read(&parts(), &label, &session).is_ok());

    for (parameters, fault) in [
        (format!("{covered};created={AT};nonce=\"n\""), RequestFault::Parameters),
        (format!("{covered};created={AT};keyid=\"{id}\""), RequestFault::Parameters),
        (format!("{covered};nonce=\"n\";keyid=\"{id}\""), RequestFault::Parameters),
        (format!("{covered};created={AT};nonce=\"n\";keyid=\"{id}\";alg=\"hmac-sha256\""), RequestFault::Parameters),
        (format!("(\"@method\");created={AT};nonce=\"n\";keyid=\"{id}\""), RequestFault::Covered),
        (
            format!("(\"@path\" \"@method\" \"@query\" \"aegle-purpose\");created={AT};nonce=\"n\";keyid=\"{id}\""),
            RequestFault::Covered,
        ),
        (
            format!("(\"@method\";req \"@path\" \"@query\" \"aegle-purpose\");created={AT};nonce=\"n\";keyid=\"{id}\""),
            RequestFault::Covered,
        ),
    ] {
        assert_eq!(read(&parts(), &with(&parameters), &session).unwrap_err(), fault, "{parameters}");
    }
    let good = headers(&parts(), &session);
    for malformed in [
        (String::new(), String::new()),
        (good.0.clone(), "aegle=:AAAA:".into()),
        (good.0.clone(), good.1.replacen("aegle", "other", 1)),
        (format!("{}, b=()", good.0), good.1.clone()),
        (good.0.clone(), format!("{}, b=:AAAA:", good.1)),
        ("aegle=1".into(), good.1.clone()),
    ] {
        assert_eq!(read(&parts(), &malformed, &session).unwrap_err(), RequestFault::Malformed, "{malformed:?}");
    }
}

fn text(wallet: &SigningKey, practitioner: Option<&SigningKey>, session: &SigningKey) -> SignInText {
    SignInText {
        domain: "aegle.example".into(),
        address: public(wallet),
        statement: SignInText::statement(practitioner.map(public).as_ref()),
        uri: "https://aegle.example".into(),
        chain_id: "solana:localnet".into(),
        nonce: "00ff".into(),
        issued_at: "2027-01-15T08:00:00Z".into(),
        expiration_time: "2027-01-15T08:05:00Z".into(),
        request_key: public(session),
    }
}

fn sign_in(wallet: &SigningKey, practitioner: Option<&SigningKey>, session: &SigningKey) -> SignIn {
    let message = text(wallet, practitioner, session).to_string();
    let sign = |key: &SigningKey| key.sign(message.as_bytes()).to_bytes();
    SignIn { signature: sign(wallet), practitioner_signature: practitioner.map(sign), message }
}

fn caller(wallet: &SigningKey, practitioner: Option<&SigningKey>) -> Caller {
    Caller { key: public(wallet), practitioner: practitioner.map(public) }
}

#[test]
fn a_text_is_read_back_as_it_was_written_and_in_no_other_form() {
    let text = text(&key(1), Some(&key(2)), &key(3));
    let written = text.to_string();
    assert_eq!(SignInText::read(&written), Some(text));
    for changed in [
        format!("{written}\n"),
        format!("{written}\n- aegle:request-key:{}", Key([7; 32])),
        written.replace("Version: 1", "Version: 2"),
        written.replace("\n\nURI", "\nURI"),
        written.replace("aegle:request-key:", "other:"),
        written.replace('\n', "\r\n"),
    ] {
        assert_eq!(SignInText::read(&changed), None, "{changed}");
    }
}

#[test]
fn a_sign_in_shows_whose_the_key_is() {
    let (wallet, practitioner, session) = (key(1), key(2), key(3));
    let alone = sign_in(&wallet, None, &session);
    let together = sign_in(&wallet, Some(&practitioner), &session);
    let id = public(&session);
    assert!(alone.check(&caller(&wallet, None), &id).is_ok());
    assert!(together.check(&caller(&wallet, Some(&practitioner)), &id).is_ok());

    assert_eq!(alone.check(&caller(&key(9), None), &id), Err(SignInFault::Caller));
    assert_eq!(alone.check(&caller(&wallet, Some(&practitioner)), &id), Err(SignInFault::Caller));
    assert_eq!(together.check(&caller(&wallet, None), &id), Err(SignInFault::Caller));
    assert_eq!(alone.check(&caller(&wallet, None), &Key([8; 32])), Err(SignInFault::RequestKey));
    let unsigned = SignIn { practitioner_signature: None, ..together.clone() };
    assert_eq!(unsigned.check(&caller(&wallet, Some(&practitioner)), &id), Err(SignInFault::Signature));
    let by_one = SignIn { practitioner_signature: Some(together.signature), ..together.clone() };
    assert_eq!(by_one.check(&caller(&wallet, Some(&practitioner)), &id), Err(SignInFault::Signature));
    assert!(unsigned.digest() != together.digest() && by_one.digest() != together.digest());
    let json = serde_json::to_string(&together).unwrap();
    assert_eq!(serde_json::from_str::<SignIn>(&json).unwrap(), together);
}

#[test]
fn a_key_of_small_order_signs_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(!verify(&Key(identity), b"anything", &[&identity[..], &[0; 32]].concat().try_into().unwrap()));
}

#[test]
fn inv_9_nobody_is_said_to_have_asked_for_what_they_did_not_ask_for() {
    let (wallet, session) = (key(1), key(3));
    let sign_in = sign_in(&wallet, None, &session);
    let headers = headers(&parts(), &session);
    let signed =
        SignedRequest::read(&parts(), (&headers.0, &headers.1), (&verifier(&session), sign_in.digest()), AT).unwrap();
    let entry = Entry {
        version: EntryVersion::V1,
        vault: Key([5; 32]),
        at: AT + 2,
        finalized_slot: 90,
        confirmed_slot: 100,
        confirmed_hash: Key([2; 32]),
        caller: caller(&wallet, None),
        purpose: "TREAT".into(),
        operation: Operation::ReadRecord,
        record: Some(Key([4; 32])),
        request: signed.digest(),
        signed: Some(signed),
        outcome: Outcome::Deny { rule: RuleId::Revoked, consent: None },
    };
    assert_eq!(entry.check_signed(Some(&sign_in)), Ok(()));
    let written = serde_json::to_string(&entry).unwrap();
    assert_eq!(serde_json::from_str::<Entry>(&written).unwrap(), entry);

    type Change = fn(&mut Entry);
    let changes: [(Change, SignedFault); 9] = [
        (|entry| entry.signed = None, SignedFault::Unsigned),
        (|entry| entry.record = Some(Key([6; 32])), SignedFault::Request),
        (|entry| entry.operation = Operation::ReadContent, SignedFault::Request),
        (|entry| entry.operation = Operation::ListRecords, SignedFault::Request),
        (|entry| entry.purpose = "ETREAT".into(), SignedFault::Request),
        (|entry| entry.request = Digest([1; 32]), SignedFault::Request),
        (|entry| entry.at += SIGNED_WITHIN, SignedFault::Signature(RequestFault::Time)),
        (|entry| entry.caller.key = Key([7; 32]), SignedFault::SignInFault(SignInFault::Caller)),
        (|entry| entry.signed.as_mut().unwrap().signature[0] ^= 1, SignedFault::Signature(RequestFault::Signature)),
    ];
    for (place, (change, fault)) in changes.into_iter().enumerate() {
        let mut changed = entry.clone();
        change(&mut changed);
        assert_eq!(changed.check_signed(Some(&sign_in)), Err(fault), "{place}");
    }
    assert_eq!(entry.check_signed(None), Err(SignedFault::SignIn));
    let other = self::sign_in(&wallet, None, &key(4));
    assert_eq!(entry.check_signed(Some(&other)), Err(SignedFault::SignIn));
}
