//! Root keys: the one secret that lies outside the database, in a file that is the same on all
//! nodes. They seal data keys and nothing else.

use std::fmt;

use aws_lc_rs::hkdf::Prk;
use sekimori_base::{Entropy, Sealed, Secret, base32};
use zeroize::Zeroizing;

use crate::purpose::{Purpose, Scope};
use crate::ring::{DataKey, KeyVersion};
use crate::seal::{self, Binding, OpenError};

/// Begins each key in the file and says how the rest is to be read.
const PREFIX: &str = "srk1_";
/// Key and checksum, in base 32.
const TEXT_CHARACTERS: usize = 58;
const CHECKSUM_BYTES: usize = 4;
/// Most keys in one file.
const KEYS_MAX: usize = 16;
/// Longest root key file, in bytes.
const FILE_BYTES_MAX: usize = 16 * 1024;
/// What stands at the top of a file that we write.
const FILE_COMMENT: &str = "\
# Sekimori root keys, newest first; the same file on every node.
# Whoever reads this file and the database can read every secret in it; without this file the
# database cannot be used. Keep a copy apart from the database's backups.
";

/// What is wrong with a line of a root key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyProblem {
    /// It does not begin with `srk1_`.
    #[error("it does not begin with srk1_: is this a root key file, and of this version?")]
    Kind,
    /// It is shorter or longer than a root key.
    #[error("a root key has 58 characters after srk1_: was it cut, or joined with another?")]
    Length,
    /// It has a character that is not of base 32.
    #[error("it has a character that root keys do not have")]
    Character,
    /// Its checksum does not fit.
    #[error("its checksum does not fit: a character was changed")]
    Checksum,
    /// The same key stands above.
    #[error("the same key stands in a line above")]
    Twice,
}

/// Why a text is not a root key file. Never holds what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// No line has a key.
    #[error("the root key file has no key")]
    Empty,
    /// It is longer than a root key file can be.
    #[error("the file is too long to be a root key file")]
    TooLong,
    /// It has more keys than are kept.
    #[error("the root key file has more than 16 keys: remove those that seal nothing any more")]
    TooMany,
    /// A line is damaged.
    #[error("line {line} of the root key file: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: RootKeyProblem,
    },
}

/// The public name of a root key: says which one sealed a data key, and nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootKeyId([u8; 8]);

impl fmt::Display for RootKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32::encode(&self.0))
    }
}

impl fmt::Debug for RootKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One root key: 256 random bits.
pub struct RootKey {
    bytes: Secret<[u8; 32]>,
    id: RootKeyId,
}

impl RootKey {
    /// A fresh key.
    pub fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self::from_secret(Secret::new(sekimori_base::random(entropy)))
    }

    /// The public name.
    pub fn id(&self) -> RootKeyId {
        self.id
    }

    /// The line that stands for it in the file.
    pub fn to_text(&self) -> Secret<String> {
        let mut bytes = Zeroizing::new(self.bytes.expose().to_vec());
        bytes.extend_from_slice(&checksum(self.bytes.expose()));
        let text = Zeroizing::new(base32::encode(&bytes));
        Secret::new(format!("{PREFIX}{}", *text))
    }

    /// From such a line.
    pub fn parse(text: &str) -> Result<Self, RootKeyProblem> {
        let text = text.strip_prefix(PREFIX).ok_or(RootKeyProblem::Kind)?;
        if text.chars().count() != TEXT_CHARACTERS {
            return Err(RootKeyProblem::Length);
        }
        if !text.chars().all(|one| base32::value(one).is_some()) {
            return Err(RootKeyProblem::Character);
        }
        // What does not decode now has padding that is not zero.
        let bytes = base32::decode(text).map(Zeroizing::new);
        let bytes = bytes.ok_or(RootKeyProblem::Checksum)?;
        let (key, sum) = bytes.split_first_chunk::<32>().expect("58 characters are 36 bytes");
        if !crate::digest::equal(sum, &checksum(key)) {
            return Err(RootKeyProblem::Checksum);
        }
        Ok(Self::from_secret(Secret::new(*key)))
    }

    fn from_secret(bytes: Secret<[u8; 32]>) -> Self {
        let mut id = [0; 8];
        let name = crate::digest::sha256(&[b"sekimori/1/root-key-id", bytes.expose()]);
        id.copy_from_slice(&name[..8]);
        Self { bytes, id: RootKeyId(id) }
    }

    fn context_key(&self, scope: Scope) -> Prk {
        let root = seal::extract("sekimori/1/root-key", &self.bytes);
        seal::context_key(&root, Purpose::DataKeyAtRest, scope)
    }
}

fn checksum(key: &[u8; 32]) -> [u8; CHECKSUM_BYTES] {
    let sum = crate::digest::sha256(&[b"sekimori/1/root-key-checksum", key]);
    let (first, _) = sum.split_first_chunk().expect("SHA-256 is longer than the checksum");
    *first
}

/// The keys of a root key file, newest first: the first one seals, all open.
pub struct RootKeys(Vec<RootKey>);

/// Format byte of a data key that is sealed under a root key.
const FORMAT: u8 = 2;
/// Format byte and root key id.
const HEADER_BYTES: usize = 9;

impl RootKeys {
    /// A file's worth of one fresh key.
    pub fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(vec![RootKey::generate(entropy)])
    }

    /// Read a root key file: a key a line, newest first; empty lines and those that begin with `#`
    /// say nothing.
    pub fn parse(file: &str) -> Result<Self, RootKeyError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(RootKeyError::TooLong);
        }
        let mut keys: Vec<RootKey> = Vec::new();
        let lines = file.trim_start_matches('\u{feff}').lines().zip(1..);
        for (text, line) in lines.map(|(text, line)| (text.trim(), line)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let at_line = |problem| RootKeyError::Line { line, problem };
            let key = RootKey::parse(text).map_err(at_line)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(at_line(RootKeyProblem::Twice));
            }
            if keys.len() == KEYS_MAX {
                return Err(RootKeyError::TooMany);
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(RootKeyError::Empty);
        }
        Ok(Self(keys))
    }

    /// These keys with a fresh one in front. Roll the file out to every node before anything is
    /// sealed under the new key: until then nodes keep opening with the old ones.
    pub fn rotated(mut self, entropy: &(impl Entropy + ?Sized)) -> Result<Self, RootKeyError> {
        if self.0.len() == KEYS_MAX {
            return Err(RootKeyError::TooMany);
        }
        self.0.insert(0, RootKey::generate(entropy));
        Ok(self)
    }

    /// The whole text of the file.
    pub fn to_file(&self) -> Secret<String> {
        let mut file = FILE_COMMENT.to_owned();
        for key in &self.0 {
            file.push_str(key.to_text().expose());
            file.push('\n');
        }
        Secret::new(file)
    }

    /// The key that seals.
    pub fn newest(&self) -> &RootKey {
        self.0.first().expect("there is always at least one")
    }

    /// All keys, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &RootKey> {
        self.0.iter()
    }

    /// Seal a data key for its row.
    pub fn seal_data_key(
        &self,
        scope: impl Into<Scope>,
        version: KeyVersion,
        key: &DataKey,
        entropy: &(impl Entropy + ?Sized),
    ) -> Sealed<DataKey> {
        let (scope, root) = (scope.into(), self.newest());
        let mut header = [FORMAT; HEADER_BYTES];
        header[1..].copy_from_slice(&root.id.0);
        let about = version.0.to_be_bytes();
        let binding = Binding::new(Purpose::DataKeyAtRest, scope).about(&about);
        let context = root.context_key(scope);
        seal::seal_bytes(&context, &header, &binding, key.expose(), entropy)
            .map(Sealed::from_bytes)
            .expect("32 bytes are below the limit")
    }

    /// Open the data key of a row; scope and version are those of the row.
    pub fn open_data_key(
        &self,
        scope: impl Into<Scope>,
        version: KeyVersion,
        sealed: &Sealed<DataKey>,
    ) -> Result<DataKey, OpenError> {
        let scope = scope.into();
        let id = Self::sealed_under(sealed)?;
        let root = self.0.iter().find(|root| root.id == id);
        let root = root.ok_or(OpenError::UnknownRootKey(id))?;
        let about = version.0.to_be_bytes();
        let binding = Binding::new(Purpose::DataKeyAtRest, scope).about(&about);
        let bytes =
            seal::open_bytes(&root.context_key(scope), HEADER_BYTES, &binding, sealed.bytes())?;
        let bytes: [u8; 32] =
            bytes.expose().as_slice().try_into().map_err(|_| OpenError::Content)?;
        Ok(DataKey::from_secret(Secret::new(bytes)))
    }

    /// Which root key sealed a data key.
    pub fn sealed_under(sealed: &Sealed<DataKey>) -> Result<RootKeyId, OpenError> {
        match sealed.bytes().split_first_chunk::<HEADER_BYTES>() {
            Some(([FORMAT, id @ ..], _)) => Ok(RootKeyId(*id)),
            _ => Err(OpenError::Malformed),
        }
    }

    /// True if a data key is sealed under another root key than the newest, so that it is time to
    /// seal it again.
    pub fn outdated(&self, sealed: &Sealed<DataKey>) -> bool {
        Self::sealed_under(sealed) != Ok(self.newest().id)
    }
}
