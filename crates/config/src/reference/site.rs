//! The keys of `site.toml`.

use super::Default::{Depends, Nothing, Required, Value};
use super::Repeats::{Often, Once};
use super::{Key, Section, section};

pub(super) const SECTIONS: &[Section] = &[
    section("", Once, "Who answers, and how."),
    section("organisation", Once, "The organisation as the pages show it."),
    section("organisation.help", Once, "Who helps: shown wherever somebody cannot go on alone."),
    section(
        "zone",
        Often,
        "Networks. Where ranges of zones overlap, the longest prefix decides. An address in none of them, and an address that cannot be told, is outside.",
    ),
    section(
        "relay",
        Often,
        "Services that hide addresses (a browser's relay, a commercial VPN), so that people can be told that they use one.",
    ),
    section("policy", Once, "What a sign-in must bring."),
    section(
        "policy.row",
        Often,
        "Rows of the policy, in order: the first that matches decides. Empty lists match everything. After them: one factor where a password suffices, else two.",
    ),
    section("service", Often, "Services that people sign in to."),
    section("service.oidc", Once, "The service above as an OpenID Connect client."),
    section("password", Once, "What a new password must be."),
    section("session", Once, "How long a sign-in lasts."),
    section("retention", Once, "How long records are kept."),
    section("mail", Once, "Mail to people, as they see it; how it is sent is in `sekimori.toml`."),
    section("passkeys", Once, "Passkeys."),
    section(
        "desk",
        Often,
        "Help desks: whose members may help whom at the console, `/desk`. Administrators help everybody but each other.",
    ),
    section(
        "certificates",
        Once,
        "Client certificates of the organisation's own authority, once `sekimori ca init` has made one: what they say, for how long, and who may have them.",
    ),
    section(
        "certificates.issuer",
        Often,
        "Other authorities whose certificates are taken, such as a national service. Nothing that a certificate points to is ever fetched: what is not named here is not known.",
    ),
];

keys! {
    "" {
        "issuer", "https origin", Required,
            "The one address of the sign-in, without path and trailing slash: issuer of all tokens. Plain http for loopback only.";
        "mail_domains", "list of domains", Value("[]"),
            "The organisation's mail domains, lower case: taken off when somebody types them after the user name.";
        "time_zone", "IANA time zone", Value("\"Asia/Tokyo\""), "In which times are shown.";
        "language", "`en` or `ja`", Value("\"en\""), "Of pages for browsers that prefer neither language.";
    }
    "organisation" {
        "name", "text", Required, "Its name.";
        "accent", "`#rrggbb`", Value("\"#0017c1\""), "Colour of buttons and links; white text must be readable on it.";
    }
    "organisation.help" {
        "name", "text", Nothing, "Name of the desk, as it stands in a sentence: `the IT desk`.";
        "mail", "mail address", Nothing, "Its mail address.";
        "telephone", "text", Nothing, "Its telephone number.";
        "url", "https address", Nothing, "Its page.";
    }
    "zone" {
        "name", "name", Required, "Its name in policies and in the audit. `outside` describes where all other addresses are; `inside` is taken.";
        "title", "text", Depends("the name"), "What people call it.";
        "explanation", "text", Nothing, "Why it counts as it does, in one sentence.";
        "ranges", "list of networks", Required, "Its addresses, IPv4 and IPv6: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`.";
        "inside", "true or false", Value("false"), "Counts as inside, in words, in the queue and in the counters of failures.";
        "password_suffices", "true or false", Value("false"), "A password alone may be enough there.";
        "may_enrol", "true or false", Value("false"), "A first factor may be registered there with the password alone.";
        "entered_with_password_alone", "true or false", Value("false"),
            "The network itself can be entered with a password alone (a VPN): warned of where that would go round the second factor.";
        "shared_with_outside", "true or false", Value("false"),
            "Its address translation also serves an outside network: warned of if it is inside.";
    }
    "relay" {
        "name", "text", Required, "Its name, as shown.";
        "ranges", "list of networks", Depends("none, with `ranges_file`"), "Its egress addresses.";
        "ranges_file", "file", Nothing,
            "A list of egress addresses: one a line, the first column of comma-separated values, `#` for comments. Read when the document is applied.";
    }
    "policy" {
        "mfa_bindings", "list of `ticket`, `letter`, `other_factor`, `desk`, `inside_with_password`, `break_glass`, `mail_code`",
            Value("[\"ticket\", \"letter\", \"other_factor\", \"desk\", \"break_glass\"]"),
            "How a factor must have come to the account to count as multi-factor towards services.";
        "acr_one_factor", "URI or word", Value("\"https://refeds.org/profile/sfa\""), "The `acr` value of one factor.";
        "acr_two_factors", "URI or word", Value("\"https://refeds.org/profile/mfa\""), "The `acr` value of two.";
        "mail_codes", "true or false", Value("false"),
            "A code sent by mail to an address outside the organisation may be the one more proof. The weakest kind: it never counts as multi-factor towards services.";
    }
    "policy.row" {
        "name", "text", Required, "Its name in the audit and in `explain`.";
        "zones", "list of zones", Value("[]"),
            "Where somebody is. `inside` and `outside` stand for all zones of that kind.";
        "services", "list of services", Value("[]"), "What they sign in to; `portal` is the portal.";
        "groups", "list of groups", Value("[]"), "Who they are: one of the groups is enough.";
        "require", "`one_factor`, `two_factors` or `refuse`", Required, "What is required then.";
        "methods", "list of `passkey`, `totp`, `recovery_code`", Value("[]"), "What counts as the second factor; all, when empty.";
        "max_age_seconds", "60 to 31536000", Nothing, "How old a proof may be.";
    }
    "service" {
        "name", "name", Required, "Its name in policies, on the command line, in the audit. `portal` is taken.";
        "title", "text", Depends("the name"), "What people call it.";
        "home", "https address", Depends("the front page of a web client's first redirect URI"), "Where people start. The portal lists services that say it.";
        "contact", "mail address", Nothing, "Whom to ask about it.";
        "groups", "list of groups", Value("[]"), "Who may use it; everybody, when empty.";
        "max_session_seconds", "60 to 2592000", Nothing, "The longest session that the service should keep by itself.";
        "disabled", "true or false", Value("false"), "Nobody is signed in there.";
    }
    "service.oidc" {
        "client_id", "1 to 128 visible ASCII characters", Depends("the service's name"), "The `client_id`.";
        "kind", "`web` or `native`", Value("\"web\""), "Runs on a server or in a browser, or is installed on a device.";
        "auth", "`client_secret_basic`, `client_secret_post`, `private_key_jwt` or `none`", Value("\"client_secret_basic\""),
            "How it proves itself; `none` is a public client. Secrets are made by `sekimori service secret` and never stand here.";
        "jwks", "JWK set, as JSON", Nothing, "Public keys of a `private_key_jwt` client.";
        "jwks_file", "file", Nothing, "The same from a file, read when the document is applied.";
        "redirect_uris", "list of URIs", Depends("required with `authorization_code`"), "Where sign-ins may be answered to: to the letter, no patterns.";
        "post_logout_redirect_uris", "list of URIs", Value("[]"), "Where a logout may return to.";
        "grants", "list of `authorization_code`, `refresh_token`, `client_credentials`",
            Value("[\"authorization_code\", \"refresh_token\"]"), "Grants that it may use.";
        "scopes", "list of scopes", Value("[\"email\", \"offline_access\", \"openid\", \"profile\"]"),
            "Scopes that it may ask for; `openid` is always among them. `affiliation` and `groups` release those.";
        "pkce", "`required` or `optional`", Value("\"required\""), "Whether PKCE with S256 may be left out.";
        "consent", "`first_party` or `ask`", Value("\"first_party\""), "Whether people are asked before their data goes there.";
        "subject", "`public` or `pairwise`", Value("\"public\""), "The same `sub` as other services see, or one of its own.";
        "sector", "host name", Depends("the host of the redirect URIs"), "Services of one sector see the same pairwise `sub`.";
        "token_algorithm", "`RS256`, `ES256` or `EdDSA`", Value("\"RS256\""), "Signature of its ID tokens and JWT access tokens.";
        "access_token", "`opaque` or `jwt`", Value("\"opaque\""), "Form of its access tokens.";
        "access_token_seconds", "60 to 86400", Value("600"), "Life of an access token.";
        "refresh_token_seconds", "300 to 31622400", Value("2592000"), "Absolute life of a family of refresh tokens.";
        "refresh", "`as_granted` or `by_policy`", Value("\"as_granted\""),
            "What a refresh asks of the sign-in behind it: nothing more, or what the policy asks of somebody whose place is unknown (outside), each time. A token of a password alone is then good where a password alone suffices outside. Nobody goes on who may not use the service any more.";
        "cors_origins", "list of origins", Value("[]"), "Origins whose scripts may call token and userinfo.";
        "default_max_age_seconds", "0 to 31536000", Nothing, "`max_age` of requests that state none.";
    }
    "password" {
        "length_min", "8 to 64", Value("15"), "Shortest new password, in characters.";
        "blocked_words", "list of texts", Value("[]"), "Words of the organisation that a password must not consist of.";
        "start_ticket_days", "1 to 30", Value("14"), "Days for which the tickets of new people are good, with which they choose their first password.";
        "wrong_password_millis", "0 to 2000", Value("150"),
            "A wrong password is answered no sooner than so many milliseconds after it came, so that its time tells nothing about the account. Imported hashes that take longer to check are refused; do not lower it while people have such.";
    }
    "session" {
        "idle_seconds", "60 to 2592000", Value("3600"), "Ends after so long without use.";
        "absolute_seconds", "300 to 2592000", Value("43200"), "Ends after so long in any case.";
        "sudo_seconds", "60 to 3600", Value("900"), "For so long after a proof, sensitive changes do not ask again.";
        "second_factor_seconds", "60 to 2592000", Value("43200"), "A second factor shown in this session counts for so long.";
    }
    "retention" {
        "facts_days", "1 to 3650", Value("90"), "Facts of attempts, full addresses among them.";
        "audit_days", "1 to 3650", Value("365"), "Audit lines.";
    }
    "mail" {
        "from", "mail address", Depends("`no-reply` at the issuer's host"), "The sender of notices.";
        "bounces", "mail address with at most 24 characters before the `@`", Nothing,
            "Where codes by mail that cannot be delivered come back to, each with a mark after a `+` (`bounces+MARK@…`). Give what arrives there to `sekimori mail bounce`: then people and the help desk see that a code came back.";
        "own_domains", "list of domains", Value("[]"),
            "Domains besides `mail_domains`, with all below them, whose mailboxes open with this sign-in: nobody may have codes for signing in sent there, or they would lock themselves out.";
    }
    "passkeys" {
        "relying_party", "domain", Depends("the issuer's host"),
            "What passkeys are bound to: the issuer's host or a domain above it, such as the organisation's. Choose it before the first passkey is registered: another one makes all that there are useless.";
    }
    "desk" {
        "name", "name", Required, "Its name.";
        "staff", "list of groups", Required,
            "Whose members are its staff. They sign in to the console with two factors, wherever they are.";
        "helps", "list of groups", Value("[]"),
            "Whom they help: members of one of these groups; everybody, when empty. Never each other, and no administrator.";
    }
    "certificates" {
        "months", "13, 25 or 48", Value("25"), "For how many months they are valid; never longer than the authority itself.";
        "good_max", "1 to 20", Value("3"), "How many good ones somebody may have at a time.";
        "groups", "list of groups", Value("[]"), "Who may have one; everybody, when empty.";
        "country", "two capital letters", Nothing, "C in the subject.";
        "organization", "text of at most 64 characters", Nothing, "O in the subject.";
        "unit", "text of at most 64 characters", Nothing, "OU in the subject.";
        "realm", "domain", Nothing, "With `user@realm` as the user principal name, by which Windows and RADIUS servers know people.";
        "mail", "true or false", Value("false"), "With the person's mail address. It may change; the certificate does not.";
        "status_url", "http or https origin", Depends("the issuer"),
            "Where the world asks whether a certificate still holds; stands in each one, for as long as it is valid. Plain http is usual: what is read there is signed, and some clients ask by nothing else. It must lead to this server.";
        "hosts", "list of hosts, with or without port", Nothing,
            "Where a certificate is presented to sign in: one wildcard, `[\"*.cert.login.example.ac.jp\"]`, so that every try has a host that the browser has not met and a wrong choice can be made anew; or several fixed hosts, which are taken in turn. They lead to the listener of `[certificates]` in `sekimori.toml`. Without them nobody signs in with a certificate.";
    }
    "certificates.issuer" {
        "name", "name", Required, "Its name, in the log, in metrics and in the audit.";
        "certificates", "list of certificates in base 64", Depends("none, with `certificates_file`"),
            "The certificate of the authority that signs people's certificates, then those above it, the anchor last. Intermediate certificates that a browser sends along are not looked at.";
        "certificates_file", "file", Nothing, "The same as a file in PEM, read when the document is applied.";
        "identities", "list of rules", Required,
            "Whom its certificates name: the first rule that covers the moment of issue decides. A rule is a field, then `from` and `until` with a moment each, as far as it needs them: `[\"mail until 2023-08-25T16:00:00+09:00\", \"organizational_unit\"]`. Fields: `common_name`, `organizational_unit` (the only one; or `first_organizational_unit`, `last_organizational_unit`), `principal_name@REALM` and `mail@DOMAIN` (what stands before the `@`) are the user name; `mail` is the account's mail address as it is at the sign-in.";
        "groups", "list of groups", Value("[]"), "Whose people may use one; everybody, when empty.";
        "binding", "`desk` or `inside_with_password`", Value("\"desk\""),
            "What its way of knowing people is worth, for `policy.mfa_bindings`.";
        "withdrawn_as_of", "moment", Nothing, "From then on none of its certificates is taken any more, and whoever presents one is told so.";
        "lists", "list of http or https addresses", Value("[]"),
            "Where its revocation lists are fetched from; plain http is usual, the lists are signed. Without a list that is fresh, or an answer of a responder, none of its certificates is taken; other ways stay.";
        "responders", "list of at most two http or https addresses", Value("[]"),
            "Where its responder is asked (OCSP) about each certificate while somebody signs in with it; the second if the first gives no answer. Plain http is usual, the answers are signed. Where lists are named as well, a list that is fresh is enough while no responder answers.";
        "fetch_minutes", "1 to 1440", Value("60"), "How often lists are fetched, and the responder is asked anew about the same certificate; after a failure lists every five minutes, or as often if that is oftener.";
        "list_hours_max", "0 to 8760", Value("0"), "A list or answer that was made longer ago is stale, whatever it says of itself; 0: it is until its own `nextUpdate`.";
        "list_megabytes_max", "1 to 64", Value("8"), "A longer list is not fetched.";
    }
}
