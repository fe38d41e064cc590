//! Revocation lists of other authorities by https: a real TLS server, trusted as the system's roots say.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::certificates::content;
use super::issuers::{base64, list, national};
use super::ports::free;
use super::printed;
use super::serving::{Server, get};

/// OpenSSL serving the files of a folder by TLS.
struct Files(Child, SocketAddr);

impl Files {
    fn start(folder: &Path, certificate: &str) -> Self {
        let address = free();
        let mut openssl = Command::new("openssl");
        openssl.args(["s_server", "-quiet", "-WWW", "-accept", &address.to_string()]);
        openssl.args(["-cert", &format!("{certificate}.pem")]);
        openssl.args(["-key", &format!("{certificate}.key")]).current_dir(folder);
        let process = openssl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(process.spawn().unwrap(), address)
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/list.der", self.1.port())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `roots.pem`, which this system trusts, and certificates of localhost: `known` below it, and `unknown`.
fn tls(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for root in ["roots", "others"] {
        content(
            folder,
            &format!("req -x509 {key} -subj /CN={root} -keyout {root}.key -out {root}.pem"),
        );
    }
    std::fs::write(folder.join("tls.ext"), "subjectAltName=DNS:localhost\n").unwrap();
    for (name, root) in [("known", "roots"), ("unknown", "others")] {
        content(
            folder,
            &format!("req -new {key} -subj /CN=lists -keyout {name}.key -out {name}.csr"),
        );
        content(
            folder,
            &format!(
                "x509 -req -in {name}.csr -CA {root}.pem -CAkey {root}.key -extfile tls.ext -days 9 -out {name}.pem"
            ),
        );
    }
}

#[test]
fn a_list_is_fetched_by_https_from_whom_the_system_trusts_by_that_name_and_from_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path();
    national(ca, "127.0.0.1:1".parse().unwrap());
    list(ca);
    tls(ca);
    let (known, unknown) = (Files::start(ca, "known"), Files::start(ca, "unknown"));
    let issuer = |url: &str| {
        format!(
            "\n[[certificates.issuer]]\nname = \"national\"\ncertificates = [\"{}\", \"{}\"]\n\
             identities = [\"organizational_unit\"]\nlists = [\"{url}\"]\n",
            base64(ca, "ca.pem"),
            base64(ca, "root.pem")
        )
    };
    let mut site = String::new();
    let server = Server::prepared("", |at| {
        std::fs::copy(ca.join("roots.pem"), at.join("roots.pem")).unwrap();
        site = std::fs::read_to_string(at.join("site.toml")).unwrap();
        std::fs::write(at.join("site.toml"), site.clone() + &issuer(&unknown.url("localhost")))
            .unwrap();
    });
    let apply = |url: &str| {
        std::fs::write(server.path().join("site.toml"), site.clone() + &issuer(url)).unwrap();
        printed(server.path(), &["apply", "site.toml", "--yes"], 0);
    };
    let metric = |name: &str, value: u64| {
        get(server.management, "/metrics").contains(&format!("sekimori_{name} {value}\n"))
    };
    let refused = |why: &str| {
        server.until(why, || server.log().contains(why));
        assert!(metric("certificate_issuers_without_fresh_list", 1));
    };
    refused("UnknownIssuer");
    apply(&known.url("127.0.0.1"));
    refused("not valid for name");
    apply(&known.url("localhost"));
    server.until("the list is here", || metric("certificate_issuers_without_fresh_list", 0));
    assert!(metric("revocation_list_addresses_failing", 0));
}
