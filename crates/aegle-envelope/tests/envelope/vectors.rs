//! The vectors that other languages check themselves by: they are what this crate writes, and what it
//! opens. `AEGLE_UPDATE=1` writes them anew, from fixed seeds.

use std::{
    io::{Cursor, Read, Write},
    path::Path,
};

use aegle_decision::{Document, Key, Labels};
use aegle_envelope::{
    Binding, Coding, ContentKey, Details, DetailsVersion, Expected, Issue, Keyring, LabelsOpening, Manifest,
    ReadingKeyMessage, RecoveryCode, RootSecret, SecretKey, Wrap,
    content::{ContentError, HEADER_LENGTH, Header, Layout, Reader, Writer, padded_length},
    keyring::{Guardian, RecoveryPlace, RecoveryShare, Share, WalletMessage},
    measure, open_record, seal_record,
};
use ed25519_dalek::{Signer, SigningKey};
use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{rng, wrap::LOW_ORDER};

/// Remembers what it gave.
struct Recorder {
    rng: ChaCha20Rng,
    given: Vec<u8>,
}

impl Recorder {
    fn new(seed: u64) -> Self {
        Self { rng: rng(seed), given: Vec::new() }
    }

    fn given(&self) -> String {
        hex::encode(&self.given)
    }
}

impl RngCore for Recorder {
    fn next_u32(&mut self) -> u32 {
        self.rng.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
        self.given.extend_from_slice(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Recorder {}

/// The committed file, which is as `made` would have it.
fn committed(name: &str, made: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("AEGLE_UPDATE").is_some() {
        std::fs::write(&path, format!("{made:#}\n")).unwrap();
    }
    let committed = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(*made == committed, "{name} is not what is written now; look at the difference with AEGLE_UPDATE=1");
    committed
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn key(value: &Value) -> Key {
    value.as_str().unwrap().parse().unwrap()
}

/// Byte n is 31 n modulo 251.
fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 % 251) as u8).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn the_content_vectors_hold() {
    let content_key = ContentKey::generate(&mut rng(1));
    let stream = |chunk_log2: u8, length: usize| {
        let mut writer = Writer::with_chunks(&content_key, chunk_log2, Vec::new(), &mut rng(2)).unwrap();
        writer.write_all(&plaintext(length)).unwrap();
        writer.finish().unwrap()
    };
    let streams: Vec<Value> = [
        ("empty", 16, 0),
        ("one chunk", 8, 100),
        ("a full chunk", 8, 256),
        ("three chunks", 8, 700),
        ("usual chunks", 16, 200_000),
    ]
    .map(|(name, chunk_log2, length)| {
        let ciphertext = stream(chunk_log2, length);
        let mut payload_key = [0; 32];
        let header = &ciphertext[..HEADER_LENGTH];
        Hkdf::<Sha256>::new(Some(header), &*content_key.to_bytes())
            .expand(b"aegle:content:v1", &mut payload_key)
            .unwrap();
        json!({
            "name": name,
            "key": hex::encode(content_key.to_bytes()),
            "header": hex::encode(header),
            "payload_key": hex::encode(payload_key),
            "plaintext_length": length,
            "ciphertext": (ciphertext.len() < 2000).then(|| hex::encode(&ciphertext)),
            "ciphertext_length": ciphertext.len(),
            "ciphertext_sha256": hex::encode(Sha256::digest(&ciphertext)),
        })
    })
    .into();
    let whole = stream(8, 700);
    let chunk = |place: usize| &whole[HEADER_LENGTH + place * 272..whole.len().min(HEADER_LENGTH + (place + 1) * 272)];
    let header = &whole[..HEADER_LENGTH];
    let altered = |place: usize| {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        altered
    };
    let refused: Vec<Value> = [
        ("the header is cut off", whole[..HEADER_LENGTH - 1].to_vec()),
        ("the magic is another", altered(0)),
        ("the version is another", altered(5)),
        ("the chunk size is another", altered(6)),
        ("the random part of the header is another", altered(7)),
        ("a byte of a chunk is another", altered(HEADER_LENGTH + 300)),
        ("a byte of a tag is another", altered(HEADER_LENGTH + 271)),
        ("there are no chunks", header.to_vec()),
        ("the last chunk is missing", [header, chunk(0), chunk(1)].concat()),
        ("the last byte is missing", whole[..whole.len() - 1].to_vec()),
        ("a byte follows", [&whole[..], &[0]].concat()),
        ("an empty chunk follows", [&whole[..], &chunk(2)[..16]].concat()),
        ("two chunks changed places", [header, chunk(1), chunk(0), chunk(2)].concat()),
        ("a chunk is there twice", [header, chunk(0), chunk(0), chunk(1), chunk(2)].concat()),
        ("the first chunk is missing", [header, chunk(1), chunk(2)].concat()),
    ]
    .map(|(name, ciphertext)| {
        let refusal =
            Reader::new(&content_key, &ciphertext[..]).and_then(|mut reader| reader.read_to_end(&mut Vec::new()));
        json!({
            "name": name,
            "key": hex::encode(content_key.to_bytes()),
            "ciphertext": hex::encode(&ciphertext),
            "error": ContentError::of(&refusal.unwrap_err()).unwrap().to_string(),
        })
    })
    .into();
    let header = Header::generate(&mut rng(2));
    let ranges: Vec<Value> = [
        (0, 0, 1),
        (1, 0, 9),
        (65_536, 0, 65_536),
        (200_000, 65_535, 65_537),
        (200_000, 131_072, 200_001),
        (200_000, 70_000, 70_000),
        (200_000, 200_000, 300_000),
    ]
    .map(|(length, start, end)| {
        let layout = Layout::of_plaintext(&header, length);
        let range = layout.ciphertext_range(start..end);
        json!({
            "chunk_log2": header.chunk_log2(),
            "plaintext_length": length,
            "ciphertext_length": layout.ciphertext_length(),
            "plaintext": [start, end],
            "ciphertext": [range.start, range.end],
        })
    })
    .into();
    let padding: Vec<Value> =
        [0, 1, 7, 8, 9, 17, 100, 1_000, 4_097, 65_537, 1 << 20, 10_000_000, (1 << 31) + 1, (1 << 40) + 1]
            .map(|length: u64| json!({ "length": length, "padded": padded_length(length) }))
            .into();
    let vectors = committed(
        "content.json",
        &json!({
            "about": "docs/content.md, 'Stream'. Byte n of each plaintext is 31 n modulo 251. Lengths and offsets in bytes; ranges without their end.",
            "streams": streams, "refused": refused, "ranges": ranges, "padding": padding,
        }),
    );

    for vector in list(&vectors["streams"]).iter().filter(|vector| vector["ciphertext"].is_string()) {
        let ciphertext = bytes(&vector["ciphertext"]);
        let mut reader = Reader::new(&ContentKey::from_bytes(array(&vector["key"])), Cursor::new(ciphertext)).unwrap();
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, plaintext(vector["plaintext_length"].as_u64().unwrap() as usize), "{}", vector["name"]);
    }
}

#[test]
fn the_record_vectors_hold() {
    let content = br#"{"resourceType":"Observation","id":"made-up"}"#;
    let (vault, credential) = (Key([7; 32]), Key([8; 32]));
    let issuer = SigningKey::from_bytes(&[6; 32]);
    let (length, content_sha256) = measure(&content[..]).unwrap();
    let mut details = Details {
        kind: DetailsVersion::V1,
        vault,
        media_type: "application/fhir+json".into(),
        length,
        content_sha256,
        title: Some("Blutbild \"klein\"".into()),
        codes: vec![Coding {
            system: "http://loinc.org".into(),
            code: "58410-2".into(),
            display: Some("CBC panel".into()),
        }],
        author: Some("Laboratory".into()),
        issued: Some("2026-03-01".parse().unwrap()),
        issue: None,
    };
    details.issue = Some(Issue::sign(&details, credential, &issuer));
    let message = Issue::message(&vault, &content_sha256, &details.media_type, &credential);
    let labels: Document<Labels> = Document::read(
        br#"{"kind":"aegle:labels:v1","categories":["laboratory"],"types":["Observation"],"from":"2026-02-27","until":"2026-02-27"}"#.to_vec(),
    )
    .unwrap();
    let manifest = Manifest::new(labels, Document::new(details), &mut rng(1)).unwrap();
    let mut recorder = Recorder::new(2);
    let (content_key, ciphertext) = seal_record(&manifest, &content[..], Vec::new(), &mut recorder).unwrap();
    let text = String::from_utf8(manifest.bytes()).unwrap();
    let plain = 4 + text.len() + content.len();
    let vectors = committed(
        "record.json",
        &json!({
            "about": "docs/content.md, 'Record'. The manifest's text is exact, as are those of labels and details in it.",
            "vault": vault,
            "manifest": text,
            "labels_opening": manifest.labels_opening(),
            "labels_commitment": hex::encode(manifest.labels().commitment(&manifest.labels_opening().labels_salt)),
            "commitment": hex::encode(manifest.commitment()),
            "issue": {
                "issuer_seed": hex::encode(issuer.to_bytes()),
                "issuer": Key(issuer.verifying_key().to_bytes()),
                "credential": credential,
                "message": hex::encode(message),
                "signature": hex::encode(manifest.details().value().issue.as_ref().unwrap().signature),
            },
            "content": hex::encode(content),
            "content_sha256": hex::encode(content_sha256),
            "padded_length": padded_length(plain as u64),
            "random": recorder.given(),
            "key": hex::encode(content_key.to_bytes()),
            "ciphertext": hex::encode(&ciphertext),
        }),
    );

    let expected = Expected { vault: key(&vectors["vault"]), commitment: Some(array(&vectors["commitment"])) };
    let content_key = ContentKey::from_bytes(array(&vectors["key"]));
    let mut record = open_record(&content_key, Cursor::new(bytes(&vectors["ciphertext"])), &expected).unwrap();
    assert_eq!(record.manifest().bytes(), vectors["manifest"].as_str().unwrap().as_bytes());
    assert_eq!(record.details().verify_issue().unwrap().issuer, key(&vectors["issue"]["issuer"]));
    let mut read = Vec::new();
    record.read_to_end(&mut read).unwrap();
    assert_eq!(read, bytes(&vectors["content"]));
    let opening: LabelsOpening = serde_json::from_value(vectors["labels_opening"].clone()).unwrap();
    assert_eq!(opening.commitment(), array(&vectors["commitment"]));
}

#[test]
fn the_wrap_vectors_hold() {
    let recipient = SecretKey::generate(&mut rng(1));
    let address = Key([3; 32]);
    let wraps: Vec<Value> =
        [("record", "aegle:wrap:v1", Binding::Record(address)), ("mail", "aegle:mail:v1", Binding::Mail(address))]
            .map(|(kind, info, binding)| {
                let mut recorder = Recorder::new(2);
                let content_key = ContentKey::from_bytes([9; 32]);
                let wrap = Wrap::seal(&content_key, &binding, &recipient.encryption_key(), &mut recorder).unwrap();
                json!({
                    "kind": kind,
                    "address": address,
                    "recipient_secret": hex::encode(recipient.to_bytes()),
                    "recipient": recipient.encryption_key(),
                    "info": info,
                    "aad": hex::encode([address.0, recipient.encryption_key().0].concat()),
                    "ephemeral_ikm": recorder.given(),
                    "key": hex::encode(content_key.to_bytes()),
                    "wrap": wrap,
                })
            })
            .into();
    let vectors = committed(
        "wraps.json",
        &json!({
            "about": "docs/content.md, 'Wraps'. The ephemeral key pair is RFC 9180's DeriveKeyPair of ephemeral_ikm. Keys of low order are refused as recipient and as encapsulated key.",
            "wraps": wraps, "low_order": LOW_ORDER,
        }),
    );

    for vector in list(&vectors["wraps"]) {
        let address = key(&vector["address"]);
        let binding = if vector["kind"] == "record" { Binding::Record(address) } else { Binding::Mail(address) };
        let recipient = SecretKey::from_bytes(&array(&vector["recipient_secret"])).unwrap();
        let opened = Wrap(array(&vector["wrap"])).open(&binding, &recipient).unwrap();
        assert_eq!(*opened.to_bytes(), array(&vector["key"]));
    }
}

#[test]
fn the_reading_key_vectors_hold() {
    let wallet = SigningKey::from_bytes(&[4; 32]);
    let address = Key(wallet.verifying_key().to_bytes());
    let (domain, uri) = ("aegle.example", "https://aegle.example");
    let keys: Vec<Value> = [1, 2]
        .map(|number| {
            let message = ReadingKeyMessage::new(domain, uri, address, number).unwrap();
            let signature = wallet.sign(message.to_string().as_bytes()).to_bytes();
            let key = message.signed(&signature, &signature).unwrap();
            json!({
                "number": number,
                "message": message.to_string(),
                "signature": hex::encode(signature),
                "secret": hex::encode(key.to_bytes()),
                "public": key.encryption_key(),
            })
        })
        .into();
    let vectors = committed(
        "reading-key.json",
        &json!({
            "about": "docs/content.md, 'Reading keys'. Secret keys are X25519's, clamped; the wallet's seed is Ed25519's.",
            "seed": hex::encode(wallet.to_bytes()), "wallet": address, "domain": domain, "uri": uri, "keys": keys,
        }),
    );

    for vector in list(&vectors["keys"]) {
        let number = vector["number"].as_u64().unwrap() as u32;
        let message = ReadingKeyMessage::new(domain, uri, key(&vectors["wallet"]), number).unwrap();
        let signature = array(&vector["signature"]);
        let opened = message.signed(&signature, &signature).unwrap();
        assert_eq!(*opened.to_bytes(), array(&vector["secret"]));
    }
}

#[test]
fn the_keyring_vectors_hold() {
    let (vault, key_epoch, recovery) = (Key([7; 32]), 3, Key([5; 32]));
    let root = RootSecret::generate(&mut rng(1));
    let previous = RootSecret::generate(&mut rng(2));
    let wallet = SigningKey::from_bytes(&[4; 32]);
    let owner = Key(wallet.verifying_key().to_bytes());
    let (domain, uri) = ("aegle.example", "https://aegle.example/");
    let message = || WalletMessage::new(domain, uri, owner, vault, key_epoch).unwrap();
    let signature = wallet.sign(message().to_string().as_bytes()).to_bytes();
    let mut code_rng = Recorder::new(3);
    let code = RecoveryCode::generate(&mut code_rng);
    let guardians: Vec<(Key, SecretKey)> =
        (1..=3).map(|place| (Key([100 + place; 32]), SecretKey::generate(&mut rng(100 + u64::from(place))))).collect();
    let places: Vec<Guardian> = guardians
        .iter()
        .map(|(guardian, secret)| Guardian { guardian: *guardian, encryption_key: secret.encryption_key() })
        .collect();

    let mut keyring = Keyring::new(vault, key_epoch);
    keyring.set_wallet(&root, &message().signed(&signature, &signature).unwrap(), &mut rng(4)).unwrap();
    keyring.set_code(&root, &code, &mut rng(5)).unwrap();
    keyring.set_guardians(&root, 2, &places, &mut rng(6)).unwrap();
    keyring.set_previous(&root, key_epoch - 1, &previous, &mut rng(7)).unwrap();
    let new_owner = SecretKey::generate(&mut rng(8));
    let place = RecoveryPlace { vault, key_epoch, recovery };
    let handed: Vec<RecoveryShare> = guardians[1..]
        .iter()
        .map(|(guardian, secret)| {
            let share = keyring.open_share(guardian, secret).unwrap();
            share.hand_over(&place, *guardian, &new_owner.encryption_key(), &mut rng(9)).unwrap()
        })
        .collect();
    let (vault_key, consent_id) = (root.vault_key(&vault, key_epoch), [11; 32]);
    let vectors = committed(
        "keyring.json",
        &json!({
            "about": "docs/content.md, 'Keys'. Secret keys are X25519's, clamped; the wallet's seed is Ed25519's.",
            "vault": vault,
            "key_epoch": key_epoch,
            "root": hex::encode(root.to_bytes()),
            "vault_key": { "secret": hex::encode(vault_key.to_bytes()), "public": vault_key.encryption_key() },
            "grantee_salt": { "consent_id": hex::encode(consent_id), "salt": hex::encode(root.grantee_salt(&vault, &consent_id)) },
            "wallet": {
                "seed": hex::encode(wallet.to_bytes()),
                "owner": owner,
                "domain": domain,
                "uri": uri,
                "message": message().to_string(),
                "signature": hex::encode(signature),
            },
            "code": { "secret": code_rng.given(), "text": &*code.text() },
            "guardians": guardians.iter().map(|(guardian, secret)| json!({
                "guardian": guardian, "secret": hex::encode(secret.to_bytes()), "public": secret.encryption_key(),
            })).collect::<Vec<_>>(),
            "previous": { "key_epoch": key_epoch - 1, "root": hex::encode(previous.to_bytes()) },
            "keyring": keyring,
            "recovery": {
                "new_owner_secret": hex::encode(new_owner.to_bytes()),
                "new_owner": new_owner.encryption_key(),
                "shares": handed,
            },
        }),
    );

    let root = RootSecret::from_bytes(array(&vectors["root"]));
    let keyring: Keyring = serde_json::from_value(vectors["keyring"].clone()).unwrap();
    let signature = array(&vectors["wallet"]["signature"]);
    let wallet = message().signed(&signature, &signature).unwrap();
    let code = vectors["code"]["text"].as_str().unwrap().parse().unwrap();
    let shares: Vec<Share> = list(&vectors["guardians"])[..2]
        .iter()
        .map(|vector| {
            let secret = SecretKey::from_bytes(&array(&vector["secret"])).unwrap();
            keyring.open_share(&key(&vector["guardian"]), &secret).unwrap()
        })
        .collect();
    let new_owner = SecretKey::from_bytes(&array(&vectors["recovery"]["new_owner_secret"])).unwrap();
    let handed: Vec<RecoveryShare> = serde_json::from_value(vectors["recovery"]["shares"].clone()).unwrap();
    let handed: Vec<Share> = handed.iter().map(|share| share.open(&new_owner).unwrap()).collect();
    for opened in [
        keyring.open_with_wallet(&wallet),
        keyring.open_with_code(&code),
        keyring.open_with_shares(&shares),
        keyring.open_with_shares(&handed),
    ] {
        assert_eq!(opened.unwrap().to_bytes(), root.to_bytes());
    }
    let (epoch, opened) = keyring.open_previous(&root).unwrap().unwrap();
    assert_eq!((epoch, opened.to_bytes()), (2, array(&vectors["previous"]["root"]).into()));
    let vault_key = root.vault_key(&key(&vectors["vault"]), 3);
    assert_eq!(hex::encode(vault_key.to_bytes()), vectors["vault_key"]["secret"]);
}
