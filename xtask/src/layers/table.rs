//! The tables: which of our crates may depend on which, and who may use what from outside.
//!
//! `docs/architecture.md` says why the shape is as it is; here it is said so that it can be checked.
//! Names of our crates stand without their prefix `sekimori-`.

use std::fmt::Write as _;

/// One of our crates and what of ours it may depend on; `base` is open to all.
pub struct Layer {
    /// The crate.
    pub name: &'static str,
    /// The crates of ours that it may name in `[dependencies]`.
    pub may_use: &'static [&'static str],
    /// What the crate is for, and so why it may not use more.
    pub reason: &'static str,
}

const PROTOCOL: &[&str] = &["directory", "login", "keys"];

/// From the bottom to the top. A crate that is missing here may depend on nothing of ours.
pub const LAYERS: &[Layer] = &[
    Layer { name: "base", may_use: &[], reason: "everything stands on it" },
    Layer {
        name: "hashmem",
        may_use: &[],
        reason: "the one crate that may say `unsafe` stays alone",
    },
    Layer { name: "directory", may_use: &[], reason: "types of the site, pure" },
    Layer { name: "credential", may_use: &["hashmem"], reason: "judges proofs, pure, CPU only" },
    Layer { name: "keys", may_use: &[], reason: "signs and seals, knows nobody" },
    Layer { name: "xml", may_use: &[], reason: "fences hostile input" },
    Layer { name: "login", may_use: &["directory"], reason: "the engine: facts in, decision out" },
    Layer { name: "words", may_use: &["directory", "login"], reason: "texts, no behaviour" },
    Layer { name: "pki", may_use: &["keys"], reason: "certificates; signs through keys" },
    Layer { name: "protocol-oidc", may_use: PROTOCOL, reason: "bytes to typed messages and back" },
    Layer {
        name: "protocol-saml",
        may_use: &["directory", "login", "keys", "xml"],
        reason: "bytes to typed messages and back",
    },
    Layer { name: "protocol-cas", may_use: PROTOCOL, reason: "bytes to typed messages and back" },
    Layer { name: "protocol-ldap", may_use: PROTOCOL, reason: "bytes to typed messages and back" },
    Layer {
        name: "protocol-radius",
        may_use: PROTOCOL,
        reason: "bytes to typed messages and back",
    },
    Layer {
        name: "protocol-forward",
        may_use: PROTOCOL,
        reason: "bytes to typed messages and back",
    },
    Layer {
        name: "store",
        may_use: &["directory", "credential", "login"],
        reason: "keeps secrets only sealed; flow opens them through keys",
    },
    Layer {
        name: "flow",
        may_use: &[
            "directory",
            "credential",
            "hashmem",
            "keys",
            "xml",
            "login",
            "words",
            "pki",
            "protocol-*",
            "store",
        ],
        reason: "the driver: the one place where decisions meet storage and keys",
    },
    Layer {
        name: "pages",
        may_use: &["directory", "login", "words"],
        reason: "view models to HTML, no look-ups",
    },
    Layer {
        name: "paper",
        may_use: &["directory", "words"],
        reason: "letters to PDF, no look-ups: who gets one and what it holds is decided elsewhere",
    },
    Layer {
        name: "web",
        may_use: &["directory", "flow", "pages", "protocol-*", "login", "words"],
        reason: "parse, call flow, answer: never storage or credentials",
    },
    Layer {
        name: "gateway",
        may_use: &["flow", "login", "protocol-ldap", "protocol-radius"],
        reason: "frames to flow and back: never storage or credentials",
    },
    Layer {
        name: "config",
        may_use: &["directory", "login"],
        reason: "text to settings, with all mistakes at once",
    },
    Layer { name: "signer-pkcs11", may_use: &["keys"], reason: "a signer, wired by server" },
    Layer { name: "server", may_use: &["*"], reason: "wires everything" },
    Layer {
        name: "testbed",
        may_use: &["*"],
        reason: "the whole server in one process, for tests",
    },
    Layer {
        name: "bench",
        may_use: &["*"],
        reason: "measures from outside, against the bare parts",
    },
    Layer { name: "xtask", may_use: &["*"], reason: "reads what it documents" },
];

/// Crates of ours on which nothing may depend, with the reason.
pub const TOPS: &[(&str, &str)] = &[
    ("server", "it is the only reader of files and environment; what is shared belongs below it"),
    ("bench", "it measures, it is measured by nothing"),
    ("xtask", "it checks the others"),
];

/// A crate of ours that may stand in `[dev-dependencies]` of any other, and nowhere else.
pub const DEV_ONLY: (&str, &str) =
    ("testbed", "it holds a clock that can be moved and known keys: nothing for production");

/// Crates from outside that only some of ours may name in `[dependencies]`.
/// (Tests may use what they need: `[dev-dependencies]` are held to [`BANNED`] only.)
pub struct Confined {
    /// Names as on crates.io.
    pub crates: &'static [&'static str],
    /// The crates of ours that may use them.
    pub to: &'static [&'static str],
    /// Why the others may not.
    pub reason: &'static str,
}

/// What carries the weight of the outside world, and who may carry it.
pub const CONFINED: &[Confined] = &[
    Confined {
        crates: &[
            "tokio",
            "tokio-util",
            "async-std",
            "smol",
            "futures",
            "futures-util",
            "async-trait",
        ],
        to: &["store", "flow", "web", "gateway", "server", "testbed", "bench"],
        reason: "below store nothing waits: decisions are pure and return at once",
    },
    Confined {
        crates: &["axum", "axum-core", "axum-extra", "tower", "tower-http", "tower-service"],
        to: &["web", "server", "testbed"],
        reason: "HTTP frameworks stay at the door, so that the rest can be driven without one",
    },
    Confined {
        crates: &["hyper", "hyper-util", "http", "http-body", "http-body-util", "h2"],
        to: &["web", "server", "testbed", "bench"],
        reason: "protocol crates turn text into types; who carried the text is not their business",
    },
    Confined {
        crates: &["reqwest", "ureq", "isahc", "attohttpc", "curl"],
        to: &[],
        reason: "what is asked of others goes through server/fetch.rs, to addresses of the settings, bounded",
    },
    Confined {
        crates: &[
            "rusqlite",
            "libsqlite3-sys",
            "postgres",
            "tokio-postgres",
            "tokio-postgres-rustls",
            "deadpool-postgres",
        ],
        // bench measures the bare commit beside our own.
        to: &["store", "bench"],
        reason: "one crate speaks SQL",
    },
    Confined {
        crates: &["postgres-types", "postgres-protocol", "r2d2", "deadpool"],
        to: &["store"],
        reason: "one crate speaks SQL",
    },
    Confined {
        crates: &["tracing", "tracing-subscriber", "log", "env_logger", "slog"],
        to: &["store", "flow", "web", "gateway", "server", "testbed", "bench"],
        reason: "the decision is the log: what is pure has nothing to narrate",
    },
    Confined {
        crates: &["rand", "rand_core", "rand_chacha", "getrandom", "fastrand", "uuid", "ulid"],
        to: &["server", "testbed", "bench"],
        reason: "chance is an argument (`base::Entropy`), or replay would not give the same answer",
    },
    Confined {
        crates: &["aws-lc-rs", "aws-lc-sys"],
        to: &["base", "keys", "credential", "pki", "xml", "server", "testbed", "bench"],
        reason: "cryptography lives where it can be reviewed together",
    },
    Confined {
        crates: &["rustls", "tokio-rustls", "rustls-native-certs", "rustls-webpki"],
        to: &["store", "pki", "web", "gateway", "server", "testbed", "bench"],
        reason: "connections belong to listeners and drivers",
    },
    Confined {
        crates: &["webauthn-rs-core", "webauthn-rs-proto"],
        to: &["credential"],
        reason: "what a passkey signed is judged in one place",
    },
    Confined {
        crates: &["cryptoki", "cryptoki-sys", "libloading"],
        to: &["signer-pkcs11"],
        reason: "one crate loads a foreign library into the process",
    },
    Confined {
        crates: &["lettre"],
        to: &["server"],
        reason: "mail leaves through the outbox only",
    },
    Confined {
        crates: &["mail-parser"],
        to: &["server"],
        reason: "what comes back by mail is read by the command that takes it",
    },
    Confined {
        crates: &["socket2", "libc", "nix", "rustix"],
        to: &["hashmem", "server", "testbed", "bench"],
        reason: "the operating system is met in server, memory advice in hashmem",
    },
    Confined {
        crates: &["clap", "indicatif", "csv", "core_affinity"],
        to: &["server", "bench"],
        reason: "command lines belong to programs",
    },
    // The demo and the bench live in a folder that goes with them.
    Confined {
        crates: &["tempfile"],
        to: &["testbed", "server", "bench"],
        reason: "others are told where their files are",
    },
    Confined { crates: &["proptest", "insta"], to: &["testbed"], reason: "belongs to tests" },
    Confined { crates: &["krilla", "skrifa"], to: &["paper"], reason: "one crate writes PDF" },
    Confined { crates: &["askama"], to: &["pages", "web"], reason: "one crate writes HTML" },
    Confined {
        crates: &["fluent-bundle", "fluent", "fluent-syntax", "unic-langid"],
        to: &["words"],
        reason: "texts are in one place",
    },
];

/// Uses that [`CONFINED`] would forbid, let through: (ours, theirs, why). One that is no longer
/// needed is reported.
pub const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "store",
    "aws-lc-rs",
    "SHA-256 of the audit's chains, whose order only the writing connection knows",
)];

/// Crates that may not be in the tree at all, however they came in, with the reason.
pub const BANNED: &[(&str, &str)] = &[
    ("ring", "one cryptographic provider: aws-lc-rs"),
    ("openssl", "one cryptographic provider: aws-lc-rs; no system library to match"),
    ("openssl-sys", "one cryptographic provider: aws-lc-rs; no system library to match"),
    ("native-tls", "TLS is rustls, the same on every machine"),
    ("sqlx", "its `Any` hides differences between databases; SQL lies in files, checked on both"),
    ("diesel", "SQL lies in files, checked on both databases"),
    ("sea-orm", "SQL lies in files, checked on both databases"),
    ("josekit", "JOSE through jsonwebtoken with aws-lc-rs; josekit brings OpenSSL"),
    ("jwt-compact", "JOSE through jsonwebtoken with aws-lc-rs"),
    ("biscuit", "unmaintained"),
    ("rust-argon2", "half the speed of argon2"),
    ("argon2-kdf", "bakes in -march=native: the binary dies on another processor"),
    ("sodiumoxide", "unmaintained"),
    ("serde_yaml", "unmaintained; configuration is TOML"),
    ("serde_yml", "unsound fork of an unmaintained crate; configuration is TOML"),
    ("figment", "merges sources silently; configuration has one place and exact errors"),
    ("rustls-pemfile", "unmaintained; use rustls::pki_types::pem"),
    ("ip_network_table", "unmaintained; use prefix-trie"),
    ("turso", "not ready to keep anybody's accounts"),
    ("xml-sec", "documents pass although a signed part was moved; see the xml crate"),
    ("samael", "binds libxmlsec into the server"),
    ("libxml", "a C parser in front of hostile input"),
];

/// Crates that may be in the tree only below certain others.
pub const BELOW_ONLY: &[(&str, &[&str], &str)] = &[(
    "rsa",
    &["webauthn-rs", "webauthn-rs-core", "webauthn-attestation-ca", "crypto-glue"],
    "RUSTSEC-2023-0071 (Marvin): no private key may pass through it; verification only",
)];

/// The tables as Markdown, for people.
pub fn markdown() -> String {
    let mut text =
        String::from("| crate | may depend on (and always base) | because |\n|---|---|---|\n");
    for Layer { name, may_use, reason } in LAYERS {
        let uses = if *may_use == ["*"] { "everything".to_owned() } else { may_use.join(", ") };
        writeln!(text, "| {name} | {uses} | {reason} |").expect("a String takes everything");
    }
    text.push_str("\n| from outside | only in | because |\n|---|---|---|\n");
    for Confined { crates, to, reason } in CONFINED {
        let to = if to.is_empty() { "nowhere".to_owned() } else { to.join(", ") };
        writeln!(text, "| {} | {to} | {reason} |", crates.join(", "))
            .expect("a String takes everything");
    }
    for (ours, other, reason) in EXCEPTIONS {
        writeln!(text, "| {other} | also {ours} | {reason} |").expect("a String takes everything");
    }
    text.push_str("\n| nowhere in the tree | because |\n|---|---|\n");
    for (name, reason) in BANNED {
        writeln!(text, "| {name} | {reason} |").expect("a String takes everything");
    }
    for (name, above, reason) in BELOW_ONLY {
        writeln!(text, "| {name}, except below {} | {reason} |", above.join(", "))
            .expect("a String takes everything");
    }
    text
}
