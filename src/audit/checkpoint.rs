//! A signed tree head, as C2SP has it (<https://c2sp.org/tlog-checkpoint>).

use super::key::{NoteError, Signer, VerifierKey};
use super::proof::Head;

/// Signs a tree head: the log's name, its size and its root, each in a line. The same each time.
pub fn sign(signer: &Signer, head: Head) -> Result<String, NoteError> {
    signer.sign(&format!("{}\n{}\n{}\n", signer.verifier().name(), head.size, head.root))
}

/// The tree head that a checkpoint of this key's log vouches for.
pub fn open(key: &VerifierKey, checkpoint: &str) -> Result<Head, NoteError> {
    let text = key.open(checkpoint)?;
    let mut lines = text.split_terminator('\n');
    let (origin, size, root) = (lines.next(), lines.next(), lines.next());
    if origin != Some(key.name()) {
        return Err(NoteError::Malformed);
    }
    // Lines that follow are extensions, which are nothing to us.
    let size = size.and_then(decimal).ok_or(NoteError::Malformed)?;
    let root = root.and_then(|root| root.parse().ok()).ok_or(NoteError::Malformed)?;
    Ok(Head { size, root })
}

/// Decimal without leading zeroes or signs.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::key::NewKey;
    use crate::audit::tree;

    fn signer() -> Signer {
        let new = NewKey::make();
        Signer::new(&new.secret, &new.verifier).unwrap()
    }

    #[test]
    fn it_says_what_was_signed_and_another_implementation_reads_the_same() {
        let (signer, head) = (signer(), Head { size: 12, root: tree::empty() });
        let checkpoint = sign(&signer, head).unwrap();
        assert_eq!(sign(&signer, head).unwrap(), checkpoint);
        assert_eq!(open(signer.verifier(), &checkpoint), Ok(head));

        let text = signer.verifier().open(&checkpoint).unwrap();
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        assert_eq!((theirs.origin(), theirs.size()), (signer.verifier().name(), 12));
        assert_eq!(theirs.hash().to_string(), tree::empty().to_string());
    }

    #[test]
    fn a_note_of_the_same_key_that_is_no_checkpoint_vouches_for_nothing() {
        let signer = signer();
        let (name, root) = (signer.verifier().name(), tree::empty());
        for text in [
            format!("another log\n1\n{root}\n"),
            format!("{name}\n01\n{root}\n"),
            format!("{name}\n-1\n{root}\n"),
            format!("{name}\n1\n\n"),
            format!("{name}\n1\n"),
            format!("{name}\n"),
        ] {
            let note = signer.sign(&text).unwrap();
            assert_eq!(open(signer.verifier(), &note), Err(NoteError::Malformed), "{text}");
        }
    }
}
