//! The secret that opens the installation's key, where the operator gave none: made once, kept 0600.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::values::{Secret, Token, TokenKind, WrappingKey};

/// Its name in the data folder.
const NAME: &str = "secret_key";

/// The name of the one that is to take its place.
const NEXT: &str = "secret_key.next";

/// Reads the secret, or makes it.
pub fn load_or_make(data_dir: &Path) -> io::Result<WrappingKey> {
    load_or_make_as(data_dir, NAME)
}

/// The secret that is to take its place: made now, or by an attempt that came to nothing.
pub fn load_or_make_next(data_dir: &Path) -> io::Result<WrappingKey> {
    load_or_make_as(data_dir, NEXT)
}

/// The next secret takes the place of the present one.
pub fn take_next(data_dir: &Path) -> io::Result<()> {
    fs::rename(data_dir.join(NEXT), data_dir.join(NAME))?;
    fs::File::open(data_dir)?.sync_all()
}

/// Written whole under another name first, so that it is never half.
fn load_or_make_as(data_dir: &Path, name: &str) -> io::Result<WrappingKey> {
    let path = data_dir.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => key_of(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = Token::make(TokenKind::Admin).expose().to_owned();
            let half = data_dir.join(format!("{name}.new"));
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&half)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&half, &path)?;
            fs::File::open(data_dir)?.sync_all()?;
            key_of(text)
        }
        Err(error) => Err(error),
    }
}

fn key_of(text: String) -> io::Result<WrappingKey> {
    let text = Secret::new(text);
    WrappingKey::new(&Secret::new(text.expose().trim())).map_err(|error| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the file secret_key is broken: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_and_for_nobody_else_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_make(dir.path()).unwrap();
        let again = load_or_make(dir.path()).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_next_one_takes_its_place_whole() {
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_make(dir.path()).unwrap();
        let next = load_or_make_next(dir.path()).unwrap();
        assert_eq!(load_or_make_next(dir.path()).unwrap().fingerprint(), next.fingerprint());
        assert_eq!(load_or_make(dir.path()).unwrap().fingerprint(), first.fingerprint());
        take_next(dir.path()).unwrap();
        assert_eq!(load_or_make(dir.path()).unwrap().fingerprint(), next.fingerprint());
    }
}
