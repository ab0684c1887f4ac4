//! The encrypted stream: what comes back is what went in, and nothing else opens.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use aegle_envelope::{
    ContentKey,
    content::{ContentError, HEADER_LENGTH, Layout, Reader, TAG_LENGTH, Writer, padded_length},
};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use proptest::prelude::*;
use sha2::Sha256;

use crate::rng;

/// Small chunks, so that many fit into a test.
const LOG2: u8 = 8;
const CHUNK: usize = 1 << LOG2;
const SEALED: usize = CHUNK + TAG_LENGTH;

fn key(seed: u64) -> ContentKey {
    ContentKey::generate(&mut rng(seed))
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 % 251) as u8).collect()
}

fn seal(plaintext: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_chunks(&key(1), LOG2, Vec::new(), &mut rng(2)).unwrap();
    writer.write_all(plaintext).unwrap();
    writer.finish().unwrap()
}

/// What a reader gives out before it ends or fails, and how it fails.
fn open(ciphertext: &[u8], key: &ContentKey) -> (Vec<u8>, Option<ContentError>) {
    let mut plaintext = Vec::new();
    let result = Reader::new(key, ciphertext).and_then(|mut reader| reader.read_to_end(&mut plaintext));
    (plaintext, result.err().map(|error| ContentError::of(&error).expect("a reason")))
}

fn refusal(ciphertext: &[u8]) -> Option<ContentError> {
    open(ciphertext, &key(1)).1
}

/// Lengths around the ends of chunks.
fn lengths() -> impl Strategy<Value = usize> {
    (0..5usize, -2..3isize).prop_map(|(chunks, more)| (chunks * CHUNK).saturating_add_signed(more))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_comes_back_however_it_is_written_and_read(
        length in lengths(), written in 1..700usize, read in 1..700usize,
    ) {
        let plaintext = plaintext(length);
        let mut writer = Writer::with_chunks(&key(1), LOG2, Vec::new(), &mut rng(2)).unwrap();
        plaintext.chunks(written).for_each(|part| writer.write_all(part).unwrap());
        let ciphertext = writer.finish().unwrap();
        prop_assert_eq!(&ciphertext, &seal(&plaintext));

        let mut reader = Reader::new(&key(1), &ciphertext[..]).unwrap();
        let layout = Layout::of_plaintext(reader.header(), length as u64);
        prop_assert_eq!(layout.ciphertext_length(), ciphertext.len() as u64);
        prop_assert_eq!(Layout::of_ciphertext(reader.header(), ciphertext.len() as u64), Ok(layout));
        let (mut opened, mut part) = (Vec::new(), vec![0; read]);
        loop {
            match reader.read(&mut part).unwrap() {
                0 => break,
                count => opened.extend_from_slice(&part[..count]),
            }
        }
        prop_assert_eq!(opened, plaintext);
    }

    #[test]
    fn seeking_gives_what_is_there(length in lengths(), jumps in prop::collection::vec((0..6u8, 0..1400i64, 1..600usize), 1..12)) {
        let plaintext = plaintext(length);
        let mut reader = Reader::new(&key(1), Cursor::new(seal(&plaintext))).unwrap();
        let mut truth = Cursor::new(&plaintext);
        for (kind, offset, count) in jumps {
            let to = match kind {
                0 | 1 => SeekFrom::Start(offset as u64),
                2 => SeekFrom::Current(offset / 2),
                3 => SeekFrom::Current(-offset),
                _ => SeekFrom::End(-offset),
            };
            match truth.seek(to) {
                Ok(position) => prop_assert_eq!(reader.seek(to).unwrap(), position),
                Err(error) => prop_assert_eq!(reader.seek(to).unwrap_err().kind(), error.kind()),
            }
            let (mut expected, mut read) = (Vec::new(), Vec::new());
            truth.by_ref().take(count as u64).read_to_end(&mut expected).unwrap();
            reader.by_ref().take(count as u64).read_to_end(&mut read).unwrap();
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_range_of_ciphertext_holds_the_chunks_of_its_plaintext(length in 1..1400u64, start in 0..1400u64, count in 0..900u64) {
        let ciphertext = seal(&plaintext(length as usize));
        let header = *Reader::new(&key(1), &ciphertext[..]).unwrap().header();
        let layout = Layout::of_ciphertext(&header, ciphertext.len() as u64).unwrap();
        let range = layout.ciphertext_range(start..start + count);
        if start >= length || count == 0 {
            prop_assert!(range.is_empty());
            return Ok(());
        }
        // Everything outside the range is lost: the plaintext of the range is still there. The last
        // chunk stays, which proves the length.
        let last = layout.ciphertext_range(length - 1..length);
        let mut kept = vec![0; ciphertext.len()];
        for part in [0..HEADER_LENGTH as u64, range.clone(), last] {
            let part = part.start as usize..part.end as usize;
            kept[part.clone()].copy_from_slice(&ciphertext[part]);
        }
        let mut reader = Reader::new(&key(1), Cursor::new(kept)).unwrap();
        let mut read = Vec::new();
        reader.seek(SeekFrom::Start(start)).unwrap();
        reader.take(count).read_to_end(&mut read).unwrap();
        prop_assert_eq!(&read[..], &plaintext(length as usize)[start as usize..(start + count).min(length) as usize]);
        prop_assert!(range.end - range.start <= (count / CHUNK as u64 + 2) * SEALED as u64);
    }

    #[test]
    fn any_altered_byte_is_refused(length in lengths(), place in any::<prop::sample::Index>(), bits in 1..=255u8) {
        let mut ciphertext = seal(&plaintext(length));
        let place = place.index(ciphertext.len());
        ciphertext[place] ^= bits;
        let (given, refused) = open(&ciphertext, &key(1));
        prop_assert!(refused.is_some());
        let before = place.saturating_sub(HEADER_LENGTH) / SEALED * CHUNK;
        prop_assert_eq!(&given[..], &plaintext(length)[..before], "only whole true chunks before it come out");
        let mut reader = match Reader::new(&key(1), Cursor::new(&ciphertext)) {
            Ok(reader) => reader,
            Err(_) => return Ok(()),
        };
        let mut all = vec![0; length];
        prop_assert!(reader.seek(SeekFrom::Start(0)).and_then(|_| reader.read_exact(&mut all)).is_err() || length == 0);
    }

    #[test]
    fn a_stream_cut_anywhere_is_refused(length in lengths(), kept in any::<prop::sample::Index>(), front in any::<bool>()) {
        let ciphertext = seal(&plaintext(length));
        let kept = kept.index(ciphertext.len());
        let part = if front { &ciphertext[..kept] } else { &ciphertext[ciphertext.len() - kept..] };
        prop_assert!(refusal(part).is_some());
        let sought = Reader::new(&key(1), Cursor::new(part)).and_then(|mut reader| reader.seek(SeekFrom::End(0)));
        prop_assert!(sought.is_err(), "its length is not believed either");
    }

    #[test]
    fn padding_adds_at_most_an_eighth(length in 0..1u64 << 40) {
        let padded = padded_length(length);
        prop_assert!(padded >= length && padded - length <= length / 8);
        prop_assert_eq!(padded_length(padded), padded);
    }
}

#[test]
fn chunks_that_are_moved_left_out_added_or_taken_from_elsewhere_are_refused() {
    let ciphertext = seal(&plaintext(4 * CHUNK));
    let chunk = |place: usize| &ciphertext[HEADER_LENGTH + place * SEALED..HEADER_LENGTH + (place + 1) * SEALED];
    let header = &ciphertext[..HEADER_LENGTH];
    let with = |chunks: &[&[u8]]| refusal(&[&[header], chunks].concat().concat());
    assert_eq!(with(&[chunk(0), chunk(1), chunk(2), chunk(3)]), None);

    assert_eq!(with(&[chunk(0), chunk(2), chunk(1), chunk(3)]), Some(ContentError::Altered(1)));
    assert_eq!(with(&[chunk(0), chunk(2), chunk(3)]), Some(ContentError::Altered(1)));
    assert_eq!(with(&[chunk(0), chunk(1), chunk(2)]), Some(ContentError::Altered(2)));
    assert_eq!(with(&[chunk(0), chunk(1), chunk(1), chunk(2), chunk(3)]), Some(ContentError::Altered(2)));
    assert_eq!(with(&[chunk(0), chunk(1), chunk(2), chunk(3), chunk(3)]), Some(ContentError::Altered(3)));
    assert_eq!(with(&[chunk(0), chunk(1), chunk(2), chunk(3), b"more"]), Some(ContentError::Altered(3)));
    assert_eq!(with(&[]), Some(ContentError::Truncated));

    // The same content under the same key, with another header.
    let mut writer = Writer::with_chunks(&key(1), LOG2, Vec::new(), &mut rng(3)).unwrap();
    writer.write_all(&plaintext(4 * CHUNK)).unwrap();
    let other = writer.finish().unwrap();
    let spliced = [&ciphertext[..HEADER_LENGTH + SEALED], &other[HEADER_LENGTH + SEALED..]].concat();
    assert_eq!(refusal(&spliced), Some(ContentError::Altered(1)));
    let exchanged = [&other[..HEADER_LENGTH], &ciphertext[HEADER_LENGTH..]].concat();
    assert_eq!(refusal(&exchanged), Some(ContentError::Altered(0)));
}

/// As somebody writes them who has the key and does not keep to the format.
fn forged(chunks: &[&[u8]]) -> Vec<u8> {
    let header = &seal(b"")[..HEADER_LENGTH];
    let mut payload_key = [0; 32];
    Hkdf::<Sha256>::new(Some(header), &*key(1).to_bytes()).expand(b"aegle:content:v1", &mut payload_key).unwrap();
    let stream = StreamBE32::from_aead(ChaCha20Poly1305::new(&payload_key.into()), &[0; 7].into());
    let mut ciphertext = header.to_vec();
    for (place, chunk) in chunks.iter().enumerate() {
        ciphertext.extend(stream.encrypt(place as u32, place + 1 == chunks.len(), *chunk).unwrap());
    }
    ciphertext
}

#[test]
fn the_same_content_in_other_chunks_is_refused() {
    let full = plaintext(CHUNK);
    assert_eq!(open(&forged(&[&full, b"rest"]), &key(1)).1, None);
    assert_eq!(forged(&[&full]), seal(&full));
    for chunks in [&[&full[..], b""][..], &[b"short", b"rest"], &[b"", b""], &[&full[..], b"", b"rest"]] {
        let ciphertext = forged(chunks);
        assert!(refusal(&ciphertext).is_some(), "{} chunks", chunks.len());
        let sought = Reader::new(&key(1), Cursor::new(&ciphertext)).and_then(|mut reader| reader.layout());
        assert!(sought.is_err(), "{} chunks", chunks.len());
    }
    let header = *Reader::new(&key(1), &seal(b"")[..]).unwrap().header();
    let length = (HEADER_LENGTH + SEALED + TAG_LENGTH) as u64;
    assert_eq!(Layout::of_ciphertext(&header, length), Err(ContentError::Truncated));
}

#[test]
fn another_key_opens_nothing() {
    assert_eq!(open(&seal(b"content"), &key(9)), (Vec::new(), Some(ContentError::Altered(0))));
}

#[test]
fn a_header_of_something_else_is_named() {
    let ciphertext = seal(b"content");
    let with = |place: usize, byte: u8| {
        let mut altered = ciphertext.clone();
        altered[place] = byte;
        refusal(&altered)
    };
    assert_eq!(with(0, b'X'), Some(ContentError::NotContent));
    assert_eq!(with(5, 2), Some(ContentError::UnknownVersion(2)));
    assert_eq!(with(6, 7), Some(ContentError::ChunkSize(7)));
    assert_eq!(with(6, 21), Some(ContentError::ChunkSize(21)));
    assert_eq!(with(6, 9), Some(ContentError::Altered(0)));
    assert_eq!(refusal(&ciphertext[..HEADER_LENGTH - 1]), Some(ContentError::Truncated));
}

#[test]
fn content_that_is_not_finished_does_not_open() {
    let mut ciphertext = Vec::new();
    let mut writer = Writer::with_chunks(&key(1), LOG2, &mut ciphertext, &mut rng(2)).unwrap();
    writer.write_all(&plaintext(2 * CHUNK + 1)).unwrap();
    drop(writer);
    assert_eq!(open(&ciphertext, &key(1)), (plaintext(CHUNK), Some(ContentError::Altered(1))));
}

#[test]
fn after_a_failure_nothing_more_is_read_or_written() {
    let mut ciphertext = seal(&plaintext(3 * CHUNK));
    ciphertext[HEADER_LENGTH + SEALED] ^= 1;
    let mut reader = Reader::new(&key(1), Cursor::new(ciphertext)).unwrap();
    let mut all = Vec::new();
    assert!(reader.read_to_end(&mut all).is_err());
    let again = reader.read_to_end(&mut all).unwrap_err();
    assert_eq!(ContentError::of(&again), Some(ContentError::Failed));
    assert!(reader.seek(SeekFrom::Start(0)).is_err());
    assert_eq!(all, plaintext(CHUNK));

    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::with_chunks(&key(1), LOG2, Full(HEADER_LENGTH + SEALED), &mut rng(2)).unwrap();
    assert_eq!(writer.write_all(&plaintext(4 * CHUNK)).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(ContentError::of(&writer.write_all(b"more").unwrap_err()), Some(ContentError::Failed));
    assert_eq!(ContentError::of(&writer.finish().err().unwrap()), Some(ContentError::Failed));
}

#[test]
fn padme_lengths_are_those_of_the_paper() {
    // Nikitin et al., figure 4 and its worked example: 9 becomes 10, powers of two stay.
    for (length, padded) in [(0, 0), (1, 1), (2, 2), (7, 7), (8, 8), (9, 10), (17, 18), (100, 104), (1 << 20, 1 << 20)]
    {
        assert_eq!(padded_length(length), padded);
    }
    assert_eq!(padded_length(u64::MAX), u64::MAX);
}
