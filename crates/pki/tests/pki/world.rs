//! An authority for tests, and OpenSSL in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sekimori_base::{Entropy, Timestamp};
use sekimori_keys::{KeyProfile, SigningKey};
use sekimori_pki::{
    Authority, AuthorityName, Certificate, IssuedWithKey, Lifetime, Locations, MailRule, PemKind,
    PersonalKeyKind, Profile, Request, Subject, make_root, pem, request_issuing,
};
use tempfile::TempDir;

/// Where the authority says that its list is.
pub const CRL_URL: &str = "http://pki.example.ac.jp/issuing.crl";
/// Where the authority says that its responder is.
pub const OCSP_URL: &str = "http://pki.example.ac.jp/ocsp";
/// Twenty years.
pub const ROOT_MONTHS: u16 = 240;
/// Ten years.
pub const ISSUING_MONTHS: u16 = 120;

/// Chance that is the same in every run.
pub struct Chance(AtomicU64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let step = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (step ^ step >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ mixed >> 31).to_le_bytes()[0];
        }
    }
}

/// The present second: OpenSSL knows no other in some of its commands.
#[expect(clippy::disallowed_methods, reason = "the clock of OpenSSL is the wall's")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap())
}

/// A fresh key.
pub fn key(profile: KeyProfile) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(profile).unwrap())
}

/// A name.
pub fn name(common_name: &str) -> AuthorityName {
    AuthorityName::parse(common_name, Some("Example University 例示大学"), Some("JP")).unwrap()
}

/// A root and an issuing authority below it.
pub struct World {
    /// The root.
    pub root: Authority,
    /// The issuing authority.
    pub issuing: Authority,
    /// Chance.
    pub chance: Chance,
    /// When they were made.
    pub now: Timestamp,
}

impl World {
    /// With keys of this kind.
    pub fn with(profile: KeyProfile) -> Self {
        let (now, chance) = (now(), Chance::new(1));
        let root = make_root(&name("Test Root"), ROOT_MONTHS, key(profile), now, &chance).unwrap();
        let signer = key(profile);
        let asked = request_issuing(&name("Test Issuing"), signer.clone()).unwrap();
        let asked = Request::read(&asked).unwrap();
        let locations = Locations::parse(&["http://pki.example.ac.jp/root.crl"], &[], &[]).unwrap();
        let signed = root
            .sign_issuing(&asked, &name("Test Issuing"), ISSUING_MONTHS, &locations, now, &chance)
            .unwrap();
        let issuing = Authority::open(signed.der(), signer).unwrap();
        Self { root, issuing, chance, now }
    }

    /// With ECDSA keys.
    pub fn new() -> Self {
        Self::with(KeyProfile::Es256)
    }

    /// A certificate with a key for somebody.
    pub fn issue(&self, user_name: &str) -> IssuedWithKey {
        self.issue_by(&profile(), user_name)
    }

    /// The same by another profile.
    pub fn issue_by(&self, profile: &Profile, user_name: &str) -> IssuedWithKey {
        let mail = format!("{user_name}@example.ac.jp");
        let subject = Subject::parse(user_name, Some(&mail)).unwrap();
        let (kind, now) = (PersonalKeyKind::P256, self.now);
        self.issuing.issue_with_key(profile, &subject, kind, "", now, &self.chance).unwrap()
    }
}

/// The site's profile.
pub fn profile() -> Profile {
    let locations = Locations::parse(&[CRL_URL], &[OCSP_URL], &[]).unwrap();
    Profile::new(Lifetime::Months25, locations)
        .in_organization(Some("JP"), Some("Example University 例示大学"), Some("Members"))
        .unwrap()
        .with_realm("example.ac.jp")
        .unwrap()
        .with_mail(MailRule::Present)
}

/// A folder in which OpenSSL works.
pub struct Bench(TempDir);

impl Bench {
    /// A fresh one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A file's path.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Writes a file.
    #[expect(clippy::disallowed_methods, reason = "OpenSSL reads files")]
    pub fn put(&self, file: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(file), bytes).unwrap();
    }

    /// Writes a certificate in text form.
    pub fn put_certificate(&self, file: &str, certificate: &Certificate) {
        self.put(file, pem(PemKind::Certificate, certificate.der()));
    }

    /// Reads a file.
    #[expect(clippy::disallowed_methods, reason = "OpenSSL writes files")]
    pub fn get(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path(file)).unwrap()
    }

    /// Runs OpenSSL (words split at spaces); whether it was content, and all that it said.
    #[expect(clippy::disallowed_methods, reason = "OpenSSL is a program")]
    pub fn try_openssl(&self, line: &str) -> (bool, String) {
        let mut command = Command::new("openssl");
        command.args(line.split_whitespace()).current_dir(self.0.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Runs OpenSSL, which must be content.
    pub fn openssl(&self, line: &str) -> String {
        let (content, said) = self.try_openssl(line);
        assert!(content, "openssl {line}: {said}");
        said
    }

    /// The DER form of a certificate that OpenSSL wrote as text.
    pub fn der(&self, file: &str) -> Vec<u8> {
        self.openssl(&format!("x509 -in {file} -outform DER -out {file}.der"));
        self.get(&format!("{file}.der"))
    }
}

/// Answers one POST on a port of this machine, as an HTTP server would; what was posted goes to
/// `answer`. Returns the port.
#[expect(clippy::disallowed_methods, reason = "OpenSSL asks by HTTP")]
pub fn serve_once(answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim().to_ascii_lowercase();
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = answer(&body);
        let head = format!(
            "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n\
             Content-Length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
    });
    port
}

impl AsRef<Path> for Bench {
    fn as_ref(&self) -> &Path {
        self.0.path()
    }
}
