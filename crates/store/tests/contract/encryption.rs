//! The way to PostgreSQL: encrypted and to the right server over a network, in clear on the machine itself.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use sekimori_base::NodeId;
use sekimori_store::{Options, Place, Store};
use tokio_postgres::{Client, NoTls};

use crate::world::{World, bytes};

/// A database of PostgreSQL, and a connection of our own to look at the store's.
struct Database {
    url: String,
    client: Client,
    /// The server's certificate, which is for `db.example`.
    certificate: String,
}

impl Database {
    async fn new() -> Option<Self> {
        let Some(Place::Postgres { url }) = World::empty_postgres().await else { return None };
        // A pooler in between is not what this is about.
        let url = url.split('?').next().unwrap_or_default().to_owned();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let shown = client.query_one("SHOW ssl_cert_file", &[]).await.unwrap();
        let certificate: String = shown.get(0);
        let speaks: String = client.query_one("SHOW ssl", &[]).await.unwrap().get(0);
        assert_eq!(speaks, "on", "tests/postgres starts one that speaks TLS");
        Some(Self { url, client, certificate })
    }

    /// The address under another host name, which is found on this machine in truth.
    fn as_host(&self, host: &str, words: &str) -> String {
        let url = self.url.replace("127.0.0.1", host);
        assert_ne!(url, self.url);
        format!("{url}?hostaddr=127.0.0.1{words}")
    }

    /// Whether each connection of a store that is opened so is encrypted, or why it does not open.
    async fn opened(&self, url: String) -> Result<bool, String> {
        let options = Options::serve(NodeId::from_bytes(bytes()));
        let place = Place::Postgres { url };
        let store = Store::open(&place, &options).map_err(|error| error.to_string())?;
        store.tenants().await.map_err(|error| error.to_string())?;
        let rows = self
            .client
            .query(
                "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE application_name = 'sekimori' AND datname = current_database()",
                &[],
            )
            .await
            .unwrap();
        let encrypted: Vec<bool> = rows.iter().map(|row| row.get(0)).collect();
        assert!(!encrypted.is_empty());
        store.close();
        assert!(encrypted.windows(2).all(|two| two[0] == two[1]), "all alike: {encrypted:?}");
        Ok(encrypted[0])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_network_the_database_is_encrypted_and_the_right_one() {
    let Some(database) = Database::new().await else { return };
    let ours = format!("&sslrootcert={}", database.certificate);
    for words in [ours.clone(), format!("&sslmode=verify-full{ours}")] {
        assert_eq!(database.opened(database.as_host("db.example", &words)).await, Ok(true));
    }
    // Another name, an authority that nobody knows.
    for url in [database.as_host("other.example", &ours), database.as_host("db.example", "")] {
        let refused = database.opened(url).await.unwrap_err();
        assert!(refused.contains("certificate"), "{refused}");
    }
    let encrypted = database.as_host("other.example", "&sslmode=require");
    assert_eq!(database.opened(encrypted).await, Ok(true));
    let clear = database.as_host("db.example", "&sslmode=disable");
    assert_eq!(database.opened(clear).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_machine_itself_the_address_says_whether_it_is_encrypted() {
    let Some(database) = Database::new().await else { return };
    let url = database.url.clone();
    assert_eq!(database.opened(url.clone()).await, Ok(false));
    assert_eq!(database.opened(format!("{url}?sslmode=prefer")).await, Ok(true));
    assert_eq!(database.opened(format!("{url}?sslmode=require")).await, Ok(true));
    let missing = database.opened(format!("{url}?sslrootcert=/nowhere.pem")).await.unwrap_err();
    assert!(missing.contains("/nowhere.pem"), "{missing}");
    let other = database.opened(format!("{url}?sslmode=verify-ca")).await.unwrap_err();
    assert!(other.contains("use verify-full"), "{other}");
}

/// No name, no password, nothing at all is said to a server that does not encrypt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_elsewhere_that_does_not_encrypt_is_told_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).unwrap();
        // "No": it goes on in clear.
        stream.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        (asked, rest)
    });
    let url = format!("postgres://somebody:secret@db.example:{port}/d?hostaddr=127.0.0.1");
    let options = Options::serve(NodeId::from_bytes(bytes()));
    let Err(refused) = Store::open(&Place::Postgres { url }, &options) else { panic!("it opened") };
    let refused = refused.to_string();
    assert!(refused.contains("TLS"), "{refused}");
    let (asked, rest) = server.join().unwrap();
    // PostgreSQL, frontend protocol: SSLRequest.
    assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47]);
    assert_eq!(rest, b"");
}
