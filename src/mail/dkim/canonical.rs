//! Headers and bodies in the relaxed form (RFC 6376, section 3.4), in which they are signed.

use aws_lc_rs::digest::{Context, SHA256};

/// The SHA-256 digest of a body, whose lines end with CRLF.
pub(super) fn body_digest(body: &[u8]) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    // Empty lines count only if another follows.
    let mut empty = 0;
    let mut line_bytes = Vec::new();
    for line in lines(body) {
        line_bytes.clear();
        relax(line, &mut line_bytes);
        if line_bytes.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..empty {
            digest.update(b"\r\n");
        }
        empty = 0;
        digest.update(&line_bytes);
        digest.update(b"\r\n");
    }
    digest.finish().as_ref().to_vec()
}

/// Lines without their ends; what follows the last end is a line only if there is something.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let (line, after) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 2..)?),
            None => (rest, &rest[rest.len()..]),
        };
        rest = after;
        Some(line)
    })
}

/// A header in its relaxed form, without its end: `subject:Hello there`.
pub(super) fn header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut relaxed = name.trim_end().to_ascii_lowercase().into_bytes();
    relaxed.push(b':');
    let unfolded: Vec<u8> =
        value.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    let begin = unfolded.iter().position(|byte| !is_space(*byte)).unwrap_or(unfolded.len());
    relax(&unfolded[begin..], &mut relaxed);
    relaxed
}

/// Several spaces become one, and those at the end none.
fn relax(line: &[u8], into: &mut Vec<u8>) {
    let mut space = false;
    for byte in line {
        if is_space(*byte) {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) {
            into.push(b' ');
        }
        into.push(*byte);
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Each header of a block with its value as it stands there; a line that begins with a space goes on with the
/// one before.
pub(super) fn headers(block: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let end = end_of_header(rest);
        let (one, after) = rest.split_at(end);
        rest = after;
        let Some(colon) = one.iter().position(|byte| *byte == b':') else { continue };
        let name = String::from_utf8_lossy(&one[..colon]).into_owned();
        let value = one[colon + 1..].strip_suffix(b"\r\n").unwrap_or(&one[colon + 1..]);
        found.push((name, value));
    }
    found
}

fn end_of_header(block: &[u8]) -> usize {
    let goes_on = |after: usize| block.get(after).is_some_and(|byte| is_space(*byte));
    let ends = block.windows(2).enumerate().filter(|(_, two)| *two == b"\r\n");
    let mut ends = ends.map(|(at, _)| at + 2).filter(|after| !goes_on(*after));
    ends.next().unwrap_or(block.len())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::digest;

    use super::*;

    fn same(body: &str, relaxed: &str) {
        assert_eq!(body_digest(body.as_bytes()), digest(&SHA256, relaxed.as_bytes()).as_ref());
    }

    #[test]
    fn the_specifications_example() {
        // RFC 6376, section 3.4.5.
        assert_eq!(header("A", b" X"), b"a:X");
        assert_eq!(header("B ", b" Y\t\r\n\tZ  "), b"b:Y Z");
        same(" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
    }

    #[test]
    fn a_body_may_be_empty_and_may_have_no_end() {
        same("", "");
        same("\r\n\r\n", "");
        same("a", "a\r\n");
        same("\r\na\r\n\r\nb\r\n", "\r\na\r\n\r\nb\r\n");
        same("a\rb\nc\r\n", "a\rb\nc\r\n");
    }

    #[test]
    fn a_folded_header_is_one() {
        let block = b"From: a@b.c\r\nSubject: one\r\n two\r\nX:\r\n";
        let found = headers(block);
        let named: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let wanted: [(&str, &[u8]); 3] =
            [("From", b" a@b.c"), ("Subject", b" one\r\n two"), ("X", b"")];
        assert_eq!(named, wanted);
    }
}
