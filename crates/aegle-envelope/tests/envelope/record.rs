//! Records: manifest, content and padding in one stream, bound to the chain's commitment (INV-5) and
//! to their issuer.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use aegle_decision::{Document, Key, Labels};
use aegle_envelope::{
    Coding, ContentKey, Details, DetailsVersion, Expected, Issue, IssueError, LabelsOpening, Manifest, ManifestError,
    RecordError,
    content::{Writer, padded_length},
    measure, open_record, seal_record, sealed_length,
};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

use crate::rng;

const VAULT: Key = Key([7; 32]);
const CREDENTIAL: Key = Key([8; 32]);
const CONTENT: &[u8] = br#"{"resourceType":"Observation"}"#;

pub fn labels() -> Document<Labels> {
    Document::read(br#"{"kind":"aegle:labels:v1","categories":["laboratory"]}"#.to_vec()).unwrap()
}

pub fn details(content: &[u8]) -> Details {
    let (length, content_sha256) = measure(content).unwrap();
    Details {
        kind: DetailsVersion::V1,
        vault: VAULT,
        media_type: "application/fhir+json".into(),
        length,
        content_sha256,
        title: Some("Full blood count".into()),
        codes: vec![Coding { system: "http://loinc.org".into(), code: "58410-2".into(), display: None }],
        author: None,
        issued: Some("2026-03-01".parse().unwrap()),
        issue: None,
    }
}

fn manifest(details: Details) -> Manifest {
    Manifest::new(labels(), Document::new(details), &mut rng(1)).unwrap()
}

fn sealed(manifest: &Manifest, content: &[u8]) -> (ContentKey, Vec<u8>) {
    seal_record(manifest, content, Vec::new(), &mut rng(2)).unwrap()
}

fn expected(manifest: &Manifest) -> Expected {
    Expected { vault: VAULT, commitment: Some(manifest.commitment()) }
}

#[test]
fn a_record_opens_to_its_manifest_and_content() {
    for content in [CONTENT, b"", &vec![5; 200_000]] {
        let manifest = manifest(details(content));
        let (key, ciphertext) = sealed(&manifest, content);
        assert_eq!(ciphertext.len() as u64, sealed_length(&manifest));
        let mut record = open_record(&key, &ciphertext[..], &expected(&manifest)).unwrap();
        assert_eq!(record.manifest(), &manifest);
        let mut read = Vec::new();
        record.read_to_end(&mut read).unwrap();
        assert_eq!(read, content);

        let mut record = open_record(&key, Cursor::new(&ciphertext), &expected(&manifest)).unwrap();
        for start in [content.len() / 2, 0, content.len()] {
            read.clear();
            record.seek(SeekFrom::Start(start as u64)).unwrap();
            record.read_to_end(&mut read).unwrap();
            assert_eq!(read, &content[start..]);
        }
    }
}

#[test]
fn two_records_of_the_same_content_have_nothing_but_their_length_in_common() {
    let first = seal_record(&manifest(details(CONTENT)), CONTENT, Vec::new(), &mut rng(2)).unwrap().1;
    let second = seal_record(&manifest(details(CONTENT)), CONTENT, Vec::new(), &mut rng(3)).unwrap().1;
    assert_eq!(first.len(), second.len());
    let equal = first.iter().zip(&second).skip(7).filter(|(one, other)| one == other).count();
    assert!(equal < first.len() / 64, "{equal} of {} bytes are equal", first.len());
}

#[test]
fn the_labels_are_proven_without_the_details() {
    let manifest = manifest(details(CONTENT));
    let opening = manifest.labels_opening();
    let text = serde_json::to_string(&opening).unwrap();
    assert!(!text.contains("blood") && !text.contains("58410"));
    let read: LabelsOpening = serde_json::from_str(&text).unwrap();
    assert_eq!(read.commitment(), manifest.commitment());

    let other = br#"{"kind":"aegle:labels:v1","categories":["vital-signs"]}"#;
    let lie = LabelsOpening { labels: Document::read(other.to_vec()).unwrap(), ..read };
    assert_ne!(lie.commitment(), manifest.commitment());
}

#[test]
fn the_commitment_is_of_salted_hashes() {
    let manifest = manifest(details(CONTENT));
    let opening = manifest.labels_opening();
    let labels = Sha256::new().chain_update(opening.labels_salt).chain_update(labels().bytes()).finalize();
    let whole = [&opening.salt[..], &labels, &opening.details_commitment].concat();
    assert_eq!(manifest.commitment(), <[u8; 32]>::from(Sha256::digest(whole)));
}

#[test]
fn a_record_of_another_commitment_or_vault_is_refused() {
    let manifest = manifest(details(CONTENT));
    let (key, ciphertext) = sealed(&manifest, CONTENT);
    let refused = |expected| open_record(&key, &ciphertext[..], &expected).err();
    let other = Expected { vault: VAULT, commitment: Some([1; 32]) };
    assert!(matches!(refused(other), Some(RecordError::Commitment)));
    let other = Expected { vault: Key([1; 32]), commitment: None };
    assert!(matches!(refused(other), Some(RecordError::Vault)));
    assert!(refused(Expected { vault: VAULT, commitment: None }).is_none());
}

#[test]
fn content_that_is_not_the_one_named_is_not_sealed() {
    let manifest = manifest(details(CONTENT));
    for other in [&CONTENT[1..], b"", &[CONTENT, b" "].concat(), &vec![b'x'; CONTENT.len()]] {
        let refused = seal_record(&manifest, other, Vec::new(), &mut rng(2));
        assert!(matches!(refused, Err(RecordError::Content)));
    }
}

/// A record as somebody writes it who has the key and does not keep to the format.
pub fn forged(manifest: &Manifest, content: &[u8], padding: &[u8]) -> (ContentKey, Vec<u8>) {
    let key = ContentKey::generate(&mut rng(4));
    let mut writer = Writer::new(&key, Vec::new(), &mut rng(5)).unwrap();
    let text = manifest.bytes();
    for part in [&(text.len() as u32).to_le_bytes(), &text[..], content, padding] {
        writer.write_all(part).unwrap();
    }
    (key, writer.finish().unwrap())
}

#[test]
fn content_of_another_hash_or_length_and_wrong_padding_are_refused_before_the_end() {
    let manifest = manifest(details(CONTENT));
    let plain = 4 + manifest.bytes().len() + CONTENT.len();
    let zeros = vec![0; padded_length(plain as u64) as usize - plain];
    assert!(!zeros.is_empty());
    let mut marked = zeros.clone();
    marked[0] = 1;
    let read = |content: &[u8], padding: &[u8]| {
        let (key, ciphertext) = forged(&manifest, content, padding);
        let mut given = vec![0xee; CONTENT.len()];
        let mut record = open_record(&key, &ciphertext[..], &expected(&manifest)).unwrap();
        let read = record.read_exact(&mut given);
        if read.is_err() {
            assert!([Some(&0), Some(&0xee)].contains(&given.last()), "the last byte does not come out");
            assert!(record.read(&mut given).is_err(), "nor anything after");
        }
        read.map(|()| given).map_err(RecordError::from)
    };
    assert_eq!(read(CONTENT, &zeros).unwrap(), CONTENT);
    let reason = |content: &[u8], padding: &[u8]| match read(content, padding) {
        Err(RecordError::Io(error)) => RecordError::of(&error).expect("a reason").to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(&vec![b'x'; CONTENT.len()], &zeros), RecordError::Content.to_string());
    assert_eq!(reason(&CONTENT[1..], &[]), RecordError::Content.to_string());
    for padding in [&[][..], &zeros[1..], &[&zeros[..], &[0]].concat(), &marked] {
        assert_eq!(reason(CONTENT, padding), RecordError::Padding.to_string());
    }
}

#[test]
fn a_manifest_that_is_too_long_malformed_or_invalid_is_refused() {
    let read = |bytes: &[u8]| Manifest::read(bytes);
    assert_eq!(read(&vec![b' '; 1 << 20]), Err(ManifestError::TooLong));
    assert!(matches!(read(b"{}"), Err(ManifestError::Malformed { .. })));
    let good = String::from_utf8(manifest(details(CONTENT)).bytes()).unwrap();
    assert!(read(good.as_bytes()).is_ok());
    assert!(matches!(
        read(good.replace("manifest:v1", "manifest:v2").as_bytes()),
        Err(ManifestError::Malformed { .. })
    ));
    let unlabelled = good.replace(r#"[\"laboratory\"]"#, "[]");
    assert!(matches!(read(unlabelled.as_bytes()), Err(ManifestError::Labels(_))));
    assert!(matches!(read(good.replace("application/fhir+json", "fhir").as_bytes()), Err(ManifestError::Details(_))));

    let key = ContentKey::generate(&mut rng(4));
    let mut writer = Writer::new(&key, Vec::new(), &mut rng(5)).unwrap();
    writer.write_all(&u32::MAX.to_le_bytes()).unwrap();
    let ciphertext = writer.finish().unwrap();
    let refused = open_record(&key, &ciphertext[..], &Expected { vault: VAULT, commitment: None }).err();
    assert!(matches!(refused, Some(RecordError::Manifest(ManifestError::TooLong))));
}

#[test]
fn an_issue_verifies_for_its_content_and_nothing_else() {
    let issuer = SigningKey::from_bytes(&[6; 32]);
    let mut signed = details(CONTENT);
    assert_eq!(signed.verify_issue(), Err(IssueError::Unsigned));
    signed.issue = Some(Issue::sign(&signed, CREDENTIAL, &issuer));
    let issue = signed.verify_issue().unwrap();
    assert_eq!((issue.issuer, issue.credential), (Key(issuer.verifying_key().to_bytes()), CREDENTIAL));

    let refused = |change: &dyn Fn(&mut Details)| {
        let mut changed = signed.clone();
        change(&mut changed);
        changed.verify_issue().err()
    };
    assert_eq!(refused(&|_| {}), None);
    let signature = Some(IssueError::Signature);
    assert_eq!(refused(&|details| details.vault = Key([1; 32])), signature);
    assert_eq!(refused(&|details| details.content_sha256[0] ^= 1), signature);
    assert_eq!(refused(&|details| details.media_type = "text/plain".into()), signature);
    assert_eq!(refused(&|details| details.issue.as_mut().unwrap().credential = Key([1; 32])), signature);
    assert_eq!(refused(&|details| details.issue.as_mut().unwrap().signature[5] ^= 1), signature);
    // The neutral element as key and as R, with s = 0, passes a verification that is not strict.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let forged = |details: &mut Details| {
        let issue = details.issue.as_mut().unwrap();
        issue.issuer = Key(neutral);
        issue.signature = [0; 64];
        issue.signature[0] = 1;
    };
    assert_eq!(refused(&forged), signature);
}

#[test]
fn labels_that_name_another_author_than_the_issuer_are_refused() {
    let issuer = SigningKey::from_bytes(&[6; 32]);
    let mut signed = details(CONTENT);
    signed.issue = Some(Issue::sign(&signed, CREDENTIAL, &issuer));
    let by = |author: Key| {
        let labels = Labels { author: Some(author), ..labels().value().clone() };
        Manifest::new(Document::new(labels), Document::new(signed.clone()), &mut rng(1))
    };
    assert!(by(Key(issuer.verifying_key().to_bytes())).is_ok());
    assert!(matches!(by(Key([3; 32])), Err(ManifestError::Details(_))));
}
