//! Files and folders of ours: read within bounds, made with modes that keep others out.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

/// A secret in a file of its own is not longer than this.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The text of a file of at most `bytes_max` bytes.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    String::from_utf8(read_bytes(path, bytes_max)?).map_err(|error| {
        // The place, as an editor counts it.
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let byte = error.as_bytes()[error.utf8_error().valid_up_to()];
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is not UTF-8: line {line}, column {column} has the byte {byte:02x}; save it as UTF-8"),
        )
    })
}

/// The bytes of a file of at most `bytes_max`.
pub fn read_bytes(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    within(read, bytes_max).map(|()| bytes)
}

fn within(read: usize, bytes_max: u64) -> io::Result<()> {
    if read as u64 > bytes_max {
        return Err(io::Error::other(format!("it is longer than {bytes_max} bytes")));
    }
    Ok(())
}

/// A secret in a file of its own, without the line end.
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(read_text(path, SECRET_BYTES_MAX)?);
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(text)
}

/// Make `folder` and the folders above it, if they are not there; what is made is for us alone.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Make the folder in which `file` will lie.
pub fn make_folder_of(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), make_folder)
}

/// Make an empty file that only we can read; an existing one is an error.
pub fn new_private(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Write a new file that only we can read; an existing one is an error. On return it is on the disk.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_folder_of(path)?;
    let mut file = new_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What is unsafe about a file that holds a secret, and what to do; `None` = nothing, or it is not there.
pub fn unsafe_mode(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let of_others = mode & 0o077;
    if of_others == 0 {
        return None;
    }
    let shown = path.display();
    Some(format!("{shown} can be used by others (mode {mode:04o}): chmod 600 {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_utf_8_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        fs::write(&file, b"issuer = \"x\"\nname = \"\xe4\xba\xac\xe9\"\n").unwrap();
        let said = read_text(&file, 100).unwrap_err().to_string();
        assert!(said.contains("line 2, column 10 has the byte e9"), "{said}");
        assert!(read_text(&file, 10).unwrap_err().to_string().contains("longer than 10 bytes"));
    }

    #[test]
    fn what_we_write_is_for_us_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/root.key");
        write_private(&file, b"secret").unwrap();
        assert_eq!(unsafe_mode(&file), None);
        assert_eq!(
            fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(write_private(&file, b"another").is_err());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(unsafe_mode(&file).unwrap().contains("mode 0644"));
    }

    #[test]
    fn files_are_read_within_bounds_and_secrets_without_their_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "s3cret \n").unwrap();
        assert_eq!(read_secret(&file).unwrap().as_str(), "s3cret ");
        assert!(read_text(&file, 3).is_err());
    }
}
