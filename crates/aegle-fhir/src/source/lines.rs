//! One JSON value in a file, or one in each line.

use std::{
    io::{BufRead, Cursor, Read},
    sync::Arc,
};

use serde::de::IgnoredAny;

use super::{Sink, bundle, reason};
use crate::problem::{Position, Reason};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file; `lined` if its name says that each line is a value.
///
/// Without such a name it is one where its first line is JSON by itself. A line that is broken is
/// skipped alone, a value over several lines that is broken is all there is.
pub(super) fn read(name: &Arc<str>, mut reader: impl BufRead, lined: bool, sink: &mut Sink<'_>) {
    let limit = sink.limits.resource;
    let at = Position::file(name);
    let mut line = match next_line(&mut reader, limit) {
        Ok(line) => line,
        Err(error) => return sink.skip(at, reason(&error)),
    };
    if let Some(rest) = line.bytes.strip_prefix(BYTE_ORDER_MARK) {
        line.bytes = rest.to_vec();
    }
    let complete = || serde_json::from_slice::<IgnoredAny>(&line.bytes).is_ok();
    if lined || (line.ended && complete()) {
        return each_line(name, line, reader, sink);
    }
    let mut whole = line.bytes;
    if line.ended {
        whole.push(b'\n');
    }
    if let Err(error) = reader.by_ref().take((limit + 1).saturating_sub(whole.len()) as u64).read_to_end(&mut whole) {
        return sink.skip(at, reason(&error));
    }
    if whole.len() > limit {
        bundle::stream(&at, Cursor::new(whole).chain(reader), sink);
    } else if !whole.trim_ascii().is_empty() {
        value(at, &whole, sink);
    }
}

fn each_line(name: &Arc<str>, first: Line, mut reader: impl BufRead, sink: &mut Sink<'_>) {
    let (mut line, mut number) = (first, 1);
    loop {
        let at = Position { line: Some(number), ..Position::file(name) };
        if line.bytes.len() > sink.limits.resource {
            sink.skip(at.clone(), Reason::TooLarge);
            if let Err(error) = to_line_end(&mut reader, line.ended) {
                return sink.skip(at, reason(&error));
            }
        } else if !line.bytes.trim_ascii().is_empty() {
            value(at.clone(), &line.bytes, sink);
        }
        number += 1;
        line = match next_line(&mut reader, sink.limits.resource) {
            Ok(line) if line.bytes.is_empty() && !line.ended => return,
            Ok(line) => line,
            Err(error) => return sink.skip(Position { line: Some(number), ..at }, reason(&error)),
        };
    }
}

fn value(at: Position, bytes: &[u8], sink: &mut Sink<'_>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => bundle::value(&at, text.trim_ascii(), sink),
        Err(_) => sink.skip(at, Reason::NotUtf8),
    }
}

struct Line {
    /// Without its end; one byte more than the limit if there is more of it.
    bytes: Vec<u8>,
    ended: bool,
}

fn next_line(reader: &mut impl BufRead, limit: usize) -> std::io::Result<Line> {
    let mut bytes = Vec::new();
    reader.by_ref().take(limit as u64 + 1).read_until(b'\n', &mut bytes)?;
    let ended = bytes.last() == Some(&b'\n');
    if ended {
        bytes.pop();
    }
    Ok(Line { bytes, ended })
}

/// Reads over what is left of a line.
fn to_line_end(reader: &mut impl BufRead, mut ended: bool) -> std::io::Result<()> {
    while !ended {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(buffer.len(), |end| end + 1);
        ended = end.is_some() || read == 0;
        reader.consume(read);
    }
    Ok(())
}
