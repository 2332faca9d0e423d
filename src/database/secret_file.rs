//! The secret from which all keys are made, where the operator gave none: made once, kept 0600.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::values::{SecretKey, Token, TokenKind};

/// Its name in the data folder.
const NAME: &str = "secret_key";

/// Reads the secret, or makes it: written whole under another name first, so that it is never half.
pub fn load_or_make(data_dir: &Path) -> io::Result<SecretKey> {
    let path = data_dir.join(NAME);
    match fs::read_to_string(&path) {
        Ok(text) => key_of(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = Token::make(TokenKind::Admin).expose().to_owned();
            let half = data_dir.join(format!("{NAME}.new"));
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
            key_of(&text)
        }
        Err(error) => Err(error),
    }
}

fn key_of(text: &str) -> io::Result<SecretKey> {
    SecretKey::new(text.trim()).map_err(|error| {
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
        assert_eq!(first.hash("x"), again.hash("x"));
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
