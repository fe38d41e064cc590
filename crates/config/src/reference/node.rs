//! The keys of `sekimori.toml`.

use super::Default::{Depends, Nothing, Required, Value};
use super::Repeats::{Often, Once};
use super::{Key, Section, section};

pub(super) const SECTIONS: &[Section] = &[
    section(
        "",
        Once,
        "Relative paths begin at the folder of this file; without a file, at the working directory.",
    ),
    section(
        "listen",
        Often,
        "Where browsers and services connect. A single `[listen]` will do for one.",
    ),
    section("tls", Once, "Certificate and key of listeners; read again when the files change."),
    section(
        "certificates",
        Once,
        "Where people present a certificate to sign in: the hosts that the site document names under `[certificates]`. TLS 1.3, and nothing else than that happens here.",
    ),
    section(
        "proxy",
        Often,
        "Reverse proxies in front of this node. Only their word about a person's address is taken, and only from the one header that they are known to write.",
    ),
    section("management", Once, "Health, metrics, and commands beside the running server."),
    section("database", Once, "One of the three."),
    section(
        "pkcs11",
        Once,
        "A token in which keys of certificate authorities may be: SoftHSM2, or a hardware security module. Its module is a foreign library that runs in this process; nothing is loaded without this section.",
    ),
    section("hashing", Once, "Argon2id. Each worker holds one piece of memory of that size."),
    section(
        "mail",
        Once,
        "The mail server that notices go to. Without it, they wait in the outbox.",
    ),
    section(
        "mail.second",
        Once,
        "A second mail server, asked when the first one cannot be reached or does not answer in time.",
    ),
    section(
        "audit",
        Once,
        "Checkpoints over the audit. Ship the file to where neither this node nor the database's administrators can write: only there it shows that lines were cut off.",
    ),
    section("log", Once, "Logs go to standard error."),
    section(
        "tenant",
        Often,
        "Organisations on this deployment, by host name. Without any, there is one, and it answers to every host name.",
    ),
];

keys! {
    "" {
        "key_file", "file", Value("\"data/root.key\""),
            "The root key that seals all secrets at rest: the same on all nodes, kept apart from backups of the database.";
        "site_file", "file", Nothing, "A site document to apply when the database holds none yet.";
    }
    "listen" {
        "address", "address and port", Depends("`[::]:443` with `[tls]`, else `127.0.0.1:8080`"), "Where to listen.";
        "tls", "true or false", Depends("true with `[tls]`"), "Whether this listener speaks TLS.";
        "proxy_protocol", "true or false", Value("false"),
            "Every connection begins with a PROXY protocol header (version 1 or 2). Those that do not are closed.";
        "from", "list of networks", Depends("required with `proxy_protocol`"), "Peers that may connect with such a header.";
    }
    "tls" {
        "certificate_file", "file", Required, "The certificate and its chain, PEM.";
        "key_file", "file", Required, "Its private key, PEM.";
    }
    "certificates" {
        "address", "address and port", Required, "Where to listen; an address of `[listen]` cannot be shared.";
        "certificate_file", "file", Depends("none behind a proxy that ends TLS"), "The certificate that covers these hosts, and not the issuer's, with its chain, PEM; read again when it changes.";
        "key_file", "file", Depends("required with `certificate_file`"), "Its private key, PEM.";
        "proxy_protocol", "true or false", Value("false"), "As under `[listen]`.";
        "from", "list of networks", Depends("required with `proxy_protocol`"), "As under `[listen]`.";
    }
    "proxy" {
        "addresses", "list of networks", Required, "The proxies' own addresses.";
        "header", "`x-forwarded-for` or `forwarded`", Required, "The one header in which they state the person's address.";
        "client_cert", "true or false", Value("false"),
            "They end TLS on the certificate hosts, ask for a certificate without verifying it, and say in `Client-Cert` (RFC 9440) which one was presented, whatever came in it before. Whoever writes this header is anybody.";
    }
    "management" {
        "address", "address and port", Value("\"127.0.0.1:9090\""), "Health and metrics, without sign-in: keep it off public networks.";
        "socket", "file", Value("\"data/management.sock\""), "The socket (mode 0600) of commands beside the running server.";
    }
    "database" {
        "sqlite", "file", Value("\"data/sekimori.db\""), "The embedded database, for one node.";
        "postgres", "`postgres://user@host/name`", Nothing, "PostgreSQL, for many nodes; without a password.";
        "postgres_file", "file", Nothing, "A file that holds such an address, with a password.";
        "ca_file", "file", Depends("the system's authorities"), "PEM certificates of who vouches for the PostgreSQL server. Over a network the connection is encrypted and the server verified, unless the address ends in `?sslmode=require` (encrypted, and verified only with this file) or `?sslmode=disable` (in clear).";
    }
    "pkcs11" {
        "module", "file", Required, "The PKCS#11 module, a shared library. Who can write this file is this server.";
        "token", "text", Required, "The label of the token.";
        "pin_file", "file", Required, "A file (mode 0600) that holds the PIN of its user; read again whenever somebody logs in.";
    }
    "hashing" {
        "memory_kib", "7168 to 1048576", Value("19456"), "Memory of one hash, in KiB.";
        "passes", "1 to 16", Value("2"), "Passes over the memory.";
        "lanes", "1 to 16", Value("1"), "Lanes.";
        "workers", "1 to 256", Depends("one for each processor"), "Hashes at the same time.";
        "queue", "1 to 100000", Value("1000"), "Sign-ins that may wait for a worker; beyond, the answer is 503 with Retry-After.";
    }
    "mail" {
        "host", "host name or address", Required, "The SMTP server.";
        "port", "1 to 65535", Depends("587 for `starttls`, 465 for `implicit`, 25 for `none`"), "Its port.";
        "tls", "`starttls`, `implicit` or `none`", Value("\"starttls\""), "How the connection is protected.";
        "user", "text", Nothing, "The name to sign in with.";
        "password_file", "file", Nothing, "A file that holds the password.";
    }
    "mail.second" {
        "host", "host name or address", Required, "The SMTP server.";
        "port", "1 to 65535", Depends("587 for `starttls`, 465 for `implicit`, 25 for `none`"), "Its port.";
        "tls", "`starttls`, `implicit` or `none`", Value("\"starttls\""), "How the connection is protected.";
        "user", "text", Nothing, "The name to sign in with.";
        "password_file", "file", Nothing, "A file that holds the password.";
    }
    "audit" {
        "checkpoint_file", "file", Value("\"data/checkpoints.jsonl\""),
            "Gets every signed checkpoint, one JSON object a line; only ever appended to. It may be moved away at any time.";
    }
    "log" {
        "format", "`json` or `text`", Value("\"json\""), "One JSON object a line, or lines for people.";
        "level", "`error`, `warn`, `info`, `debug` or `trace`", Value("\"info\""), "The least that is logged.";
    }
    "tenant" {
        "host", "host name", Required, "The host name that it answers to: that of its issuer.";
        "site_file", "file", Nothing, "A site document to apply when the database holds none yet for it.";
    }
}
