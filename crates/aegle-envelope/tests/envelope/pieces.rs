//! Content and records that come in pieces of any size open to the same, and are refused for the same, as those
//! that are read (INV-5).

use std::io::{self, Read, Write};

use aegle_decision::Document;
use aegle_envelope::{
    ContentKey, Expected, Manifest, Measure, RecordError, RecordPieces, RecordWriter,
    content::{ContentError, Pieces},
    measure, open_record, seal_record,
};
use serde_json::Value;

use crate::{
    record::{details, forged, labels},
    rng,
};

/// Sizes of pieces: byte by byte, across the ends of chunks, and all at once.
const SIZES: [usize; 4] = [1, 7, 65_553, usize::MAX];

fn open(key: ContentKey, ciphertext: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let (mut pieces, mut plain) = (Pieces::new(key), Vec::new());
    let mut out = |bytes: &[u8]| {
        plain.extend_from_slice(bytes);
        Ok(())
    };
    for piece in ciphertext.chunks(size) {
        pieces.push(piece, &mut out)?;
    }
    pieces.finish(&mut out)?;
    Ok(plain)
}

#[test]
fn streams_open_in_pieces_and_are_refused_for_the_same_reasons() {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/content.json")).unwrap();
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let key = |vector: &Value| ContentKey::from_bytes(bytes(&vector["key"]).try_into().unwrap());
    for size in SIZES {
        for vector in vectors["streams"].as_array().unwrap() {
            let Some(ciphertext) = vector["ciphertext"].as_str() else { continue };
            let opened = open(key(vector), &hex::decode(ciphertext).unwrap(), size).unwrap();
            assert_eq!(opened.len() as u64, vector["plaintext_length"], "{}", vector["name"]);
            assert!(opened.iter().enumerate().all(|(place, byte)| usize::from(*byte) == place * 31 % 251));
        }
        for vector in vectors["refused"].as_array().unwrap() {
            let refusal = open(key(vector), &bytes(&vector["ciphertext"]), size).unwrap_err();
            let refusal = ContentError::of(&refusal).unwrap().to_string();
            assert_eq!(refusal, vector["error"].as_str().unwrap(), "{} in pieces of {size}", vector["name"]);
        }
    }
}

fn manifest(content: &[u8]) -> Manifest {
    Manifest::new(labels(), Document::new(details(content)), &mut rng(1)).unwrap()
}

/// What is given out before the end, and with it.
fn open_pieces(
    key: &ContentKey,
    ciphertext: &[u8],
    expected: Expected,
    size: usize,
) -> (Vec<u8>, Result<Vec<u8>, RecordError>) {
    let (mut pieces, mut before) = (RecordPieces::new(key.clone(), expected), Vec::new());
    for piece in ciphertext.chunks(size) {
        if let Err(error) = pieces.push(piece, &mut before) {
            return (before, Err(error));
        }
    }
    let mut end = Vec::new();
    let finished = pieces.finish(&mut end);
    assert!(pieces.push(b"more", &mut Vec::new()).is_err(), "it is over");
    (before, finished.map(|()| end))
}

#[test]
fn a_record_that_comes_in_pieces_is_the_one_that_is_read() {
    for content in [&b""[..], b"{}", &vec![5; 65_536], &vec![6; 300_000]] {
        let manifest = manifest(content);
        let expected = Expected { vault: manifest.details().value().vault, commitment: Some(manifest.commitment()) };
        let (key, ciphertext) = seal_record(&manifest, content, Vec::new(), &mut rng(2)).unwrap();
        for size in SIZES {
            let (before, end) = open_pieces(&key, &ciphertext, expected, size);
            assert!(before.len() < content.len() || content.is_empty(), "the end waits for its proof");
            assert_eq!([before, end.unwrap()].concat(), content);

            let (other, mut writer) = RecordWriter::new(&manifest, Vec::new(), &mut rng(2)).unwrap();
            let mut measured = Measure::default();
            for piece in content.chunks(size) {
                measured.push(piece);
                writer.write_all(piece).unwrap();
            }
            assert_eq!(measured.finish(), measure(content).unwrap());
            while writer.pad(1_000).unwrap() {}
            assert_eq!(writer.finish().unwrap(), ciphertext, "the same random bytes make the same ciphertext");
            assert_eq!(other.to_bytes(), key.to_bytes());
        }
    }
}

#[test]
fn a_record_in_pieces_is_refused_where_one_that_is_read_is() {
    let content = vec![7; 100_000];
    let manifest = manifest(&content);
    let expected = Expected { vault: manifest.details().value().vault, commitment: Some(manifest.commitment()) };
    let (_, whole) = seal_record(&manifest, &content[..], Vec::new(), &mut rng(2)).unwrap();
    let padding = {
        let (key, _) = seal_record(&manifest, &content[..], Vec::new(), &mut rng(2)).unwrap();
        let mut record = open_record(&key, &whole[..], &expected).unwrap();
        record.read_to_end(&mut Vec::new()).unwrap();
        aegle_envelope::content::padded_length(4 + manifest.bytes().len() as u64 + 100_000)
            - (4 + manifest.bytes().len() as u64 + 100_000)
    };
    let zeros = vec![0; usize::try_from(padding).unwrap()];
    let other = vec![8; 100_000];
    let cases: [(&str, &[u8], Vec<u8>); 5] = [
        ("other content", &other, zeros.clone()),
        ("content that is short", &content[1..], zeros.clone()),
        ("padding that is short", &content, zeros[1..].to_vec()),
        ("padding that is long", &content, [&zeros[..], &[0]].concat()),
        ("padding that is not zeros", &content, vec![1; zeros.len()]),
    ];
    for (what, content, padding) in cases {
        let (key, ciphertext) = forged(&manifest, content, &padding);
        for size in SIZES {
            let (before, end) = open_pieces(&key, &ciphertext, expected, size);
            assert!(before.len() < 100_000, "{what}: the end is not given out");
            assert!(matches!(end, Err(RecordError::Content | RecordError::Padding)), "{what}");
        }
    }
    let (key, ciphertext) = forged(&manifest, &content, &zeros);
    let vault = aegle_decision::Key([9; 32]);
    let refused = [
        (Expected { commitment: Some([9; 32]), ..expected }, "the chain"),
        (Expected { vault, ..expected }, "another vault's"),
    ];
    for (expected, why) in refused {
        let (before, end) = open_pieces(&key, &ciphertext, expected, 7);
        assert!(before.is_empty() && end.unwrap_err().to_string().contains(why), "{why}");
    }
    let (_, mut writer) = RecordWriter::new(&manifest, Vec::new(), &mut rng(3)).unwrap();
    writer.write_all(&content[1..]).unwrap();
    assert!(matches!(writer.finish(), Err(RecordError::Content)), "content that is short is not sealed");
}
