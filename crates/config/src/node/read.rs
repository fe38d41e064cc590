//! Reading `sekimori.toml`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use super::{
    Audit, Database, Hashing, Listener, Log, LogFormat, LogLevel, Management, Node, Pkcs11, Smtp,
    SmtpLogin, SmtpTls, Tenant,
};
use crate::closest::shown;
use crate::node::listen;
use crate::reader::{Item, Keys, Wrong};
use crate::values;

pub(super) fn node(keys: Keys<'_, '_>) -> Node {
    let proxies = listen::proxies(&keys);
    let listeners = listen::listeners(&keys, &proxies);
    let certificates = listen::certificates(&keys, &listeners, &proxies);
    let default = Node::default();
    let (database, database_ca_file) = database(&keys);
    let node = Node {
        management: management(&keys, listeners.iter().chain(&certificates)),
        listeners,
        certificates,
        proxies,
        database,
        database_ca_file,
        key_file: path_or(&keys, "key_file", default.key_file),
        pkcs11: keys.table("pkcs11", "pkcs11").and_then(pkcs11),
        site_file: keys.take("site_file").and_then(|item| path(&item)),
        hashing: hashing(&keys),
        mail: keys.table("mail", "mail").and_then(mail),
        audit: audit(&keys),
        log: log(&keys),
        tenants: tenants(&keys),
    };
    if !node.tenants.is_empty()
        && let Some(item) = keys.take("site_file")
    {
        item.error(
            "with `[[tenant]]`, no organisation is left that this document could be of",
            "write `site_file` under the `[[tenant]]` that it belongs to",
        );
    }
    keys.finish();
    node
}

/// A path, as written. Whether there is a file is for `server` to see.
pub(super) fn path(item: &Item<'_, '_>) -> Option<PathBuf> {
    item.checked(|text| {
        if text.is_empty() || text.len() > 4096 || text.chars().any(char::is_control) {
            let what = format!("{} is not a path", shown(text));
            Err(Wrong::new(what, "write a path: \"data/file\", \"/etc/sekimori/file\""))
        } else {
            Ok(PathBuf::from(text))
        }
    })
}

fn path_or(keys: &Keys<'_, '_>, key: &'static str, default: PathBuf) -> PathBuf {
    let item = keys.take(key);
    item.and_then(|item| path(&item)).unwrap_or(default)
}

/// `address:port`.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let remedy = match text.strip_prefix("localhost:") {
            Some(port) => format!("write \"127.0.0.1:{port}\""),
            None => "write address and port: \"127.0.0.1:8080\", \"[::]:443\"".to_owned(),
        };
        Wrong::new(format!("{} is not an address with a port", shown(text)), remedy)
    })
}

fn management<'l>(
    keys: &Keys<'_, '_>,
    mut listeners: impl Iterator<Item = &'l Listener>,
) -> Management {
    // The longest path of a Unix socket is 108 bytes with its end (unix(7)).
    const SOCKET_BYTES_MAX: usize = 107;
    let mut management = Management::default();
    let Some(keys) = keys.table("management", "management") else {
        return management;
    };
    if let Some(item) = keys.take("address")
        && let Some(address) = item.checked(socket_address)
    {
        management.address = address;
        if !address.ip().is_loopback() {
            item.warning(
                "health and metrics are shown to everybody who reaches this address",
                "use 127.0.0.1, or keep the address off public networks",
            );
        }
        if listeners.any(|listener| listener.address == address) {
            let what = format!("{address} is an address of a listener already");
            item.error(what, "give one of them another port");
        }
    }
    if let Some(item) = keys.take("socket")
        && let Some(socket) = path(&item)
    {
        if socket.as_os_str().len() > SOCKET_BYTES_MAX {
            let what = "this path is too long for a socket";
            item.error(what, format!("at most {SOCKET_BYTES_MAX} bytes"));
        }
        management.socket = socket;
    }
    keys.finish();
    management
}

/// The database, and who vouches for its server.
fn database(keys: &Keys<'_, '_>) -> (Database, Option<PathBuf>) {
    let Some(keys) = keys.table("database", "database") else {
        return (Database::default(), None);
    };
    let sqlite = keys.take("sqlite").map(|item| (item.place(), path(&item).map(Database::Sqlite)));
    let postgres = keys.take("postgres").map(|item| {
        let address = item.checked(postgres).map(Database::Postgres);
        (item.place(), address)
    });
    let file = keys
        .take("postgres_file")
        .map(|item| (item.place(), path(&item).map(Database::PostgresFile)));
    let mut given = [sqlite, postgres, file].into_iter().flatten();
    let first = given.next();
    for (place, _) in given {
        let what = "there is more than one database";
        keys.reader().error(&place, what, "keep one of `sqlite`, `postgres`, `postgres_file`");
    }
    let authority = keys.take("ca_file").map(|item| (item.place(), path(&item)));
    let database = first.and_then(|(_, database)| database).unwrap_or_default();
    if let (Database::Sqlite(_), Some((place, _))) = (&database, &authority) {
        let what = "a certificate authority for a database that is a file";
        keys.reader().error(place, what, "`ca_file` belongs to `postgres` and `postgres_file`");
    }
    keys.finish();
    (database, authority.and_then(|(_, file)| file))
}

/// The address of a PostgreSQL database. Messages never show it: it may hold a password.
fn postgres(text: &str) -> Result<String, Wrong> {
    let looks = "it looks like postgres://sekimori@db.example.ac.jp/sekimori";
    let wrong = || Wrong::new("this is not the address of a PostgreSQL database", looks);
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !["postgres", "postgresql"].contains(&url.scheme()) || text.contains(char::is_whitespace) {
        return Err(wrong());
    }
    if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") {
        return Err(Wrong::new(
            "this address holds a password, and secrets do not stand here",
            "write the address to a file (mode 0600) and name it: `postgres_file = \"…\"`",
        ));
    }
    Ok(text.to_owned())
}

fn pkcs11(keys: Keys<'_, '_>) -> Option<Pkcs11> {
    // Tokens have 32 bytes for their label (CK_TOKEN_INFO).
    const LABEL_BYTES_MAX: usize = 32;
    let module = keys
        .required("module", "module = \"/usr/lib/softhsm/libsofthsm2.so\"")
        .and_then(|item| path(&item));
    let token = keys.required("token", "token = \"sekimori\"").and_then(|item| {
        let label = item.line(256)?;
        if label.len() > LABEL_BYTES_MAX {
            item.error("this label of a token is too long", "at most 32 bytes, as the token has");
            return None;
        }
        Some(label)
    });
    let pin_file =
        keys.required("pin_file", "pin_file = \"data/token.pin\"").and_then(|item| path(&item));
    keys.finish();
    Some(Pkcs11 { module: module?, token: token?, pin_file: pin_file? })
}

fn hashing(keys: &Keys<'_, '_>) -> Hashing {
    // OWASP Password Storage Cheat Sheet: 19 MiB and 2 passes; its lightest equal is 7 MiB and 5.
    const WORK_LEAST: u64 = 7168 * 5;
    let default = Hashing::default();
    let Some(keys) = keys.table("hashing", "hashing") else {
        return default;
    };
    let hashing = Hashing {
        memory_kib: keys.number_or("memory_kib", [7168, 1_048_576], default.memory_kib),
        passes: keys.number_or("passes", [1, 16], default.passes),
        lanes: keys.number_or("lanes", [1, 16], default.lanes),
        workers: keys.take("workers").and_then(|item| item.number([1, 256])),
        queue: keys.number_or("queue", [1, 100_000], default.queue),
    };
    let work = u64::from(hashing.memory_kib) * u64::from(hashing.passes);
    if work < WORK_LEAST {
        keys.reader().warning(
            keys.place(),
            format!(
                "{} KiB and {} passes are lighter than OWASP advises: a stolen database is guessed faster",
                hashing.memory_kib, hashing.passes
            ),
            "leave both out for 19456 KiB and 2 passes",
        );
    }
    keys.finish();
    hashing
}

fn mail(keys: Keys<'_, '_>) -> Option<Smtp> {
    let second = keys.table("second", "mail.second").and_then(|keys| smtp(keys, None));
    smtp(keys, second)
}

fn smtp(keys: Keys<'_, '_>, second: Option<Smtp>) -> Option<Smtp> {
    let host = keys.required("host", "host = \"smtp.example.ac.jp\"").and_then(|item| {
        item.checked(|text| match text.parse::<IpAddr>() {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => values::host_name(text),
        })
    });
    let tls_item = keys.take("tls");
    let tls = tls_item.as_ref().map_or(Some(SmtpTls::default()), Item::word).unwrap_or_default();
    let port = keys.number_or("port", [1, 65_535], tls.default_port());
    let user = keys.take("user");
    let password_file = keys.take("password_file");
    let login = match (&user, &password_file) {
        (Some(user), Some(file)) => user
            .line(256)
            .zip(path(file))
            .map(|(user, password_file)| SmtpLogin { user, password_file }),
        (Some(alone), None) => {
            alone.error("a name without a password", "add `password_file = \"…\"`");
            None
        }
        (None, Some(alone)) => {
            alone.error("a password without a name", "add `user = \"…\"`");
            None
        }
        (None, None) => None,
    };
    let local = host.as_deref().is_none_or(is_local);
    if let Some(item) = tls_item.filter(|_| tls == SmtpTls::None && !local) {
        if user.is_some() {
            let what = "the password of the mail server would travel in clear";
            item.error(what, "write \"starttls\" or \"implicit\"");
        } else {
            let what = "mail to people would travel in clear to the mail server";
            item.warning(what, "write \"starttls\" or \"implicit\" if the server can");
        }
    }
    keys.finish();
    Some(Smtp { host: host?, port, tls, login, second: second.map(Box::new) })
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn audit(keys: &Keys<'_, '_>) -> Audit {
    let default = Audit::default();
    let Some(keys) = keys.table("audit", "audit") else {
        return default;
    };
    let checkpoint_file = path_or(&keys, "checkpoint_file", default.checkpoint_file);
    keys.finish();
    Audit { checkpoint_file }
}

fn log(keys: &Keys<'_, '_>) -> Log {
    let Some(keys) = keys.table("log", "log") else {
        return Log::default();
    };
    let log = Log {
        format: keys.word_or("format", LogFormat::default()),
        level: keys.word_or("level", LogLevel::default()),
    };
    keys.finish();
    log
}

fn tenants(keys: &Keys<'_, '_>) -> Vec<Tenant> {
    let mut tenants: Vec<Tenant> = Vec::new();
    for one in keys.tables("tenant", "tenant", "host") {
        let host = one.required("host", "host = \"login.example.ac.jp\"").and_then(|item| {
            let host = item.checked(values::host_name)?;
            if tenants.iter().any(|tenant| tenant.host == host) {
                let what = format!("a tenant at {host} stands above already");
                item.error(what, "each has a host name of its own");
            }
            Some(host)
        });
        let site_file = one.take("site_file").and_then(|item| path(&item));
        one.finish();
        tenants.extend(host.map(|host| Tenant { host, site_file }));
    }
    tenants
}
