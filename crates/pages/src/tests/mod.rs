mod html;
mod slips;

use std::collections::BTreeSet;

use html::{Element, read};
use sekimori_base::{Language, Timestamp};
use sekimori_login::{Details, Reason};

use crate::samples::{self, LINKS, Sample, frame, organisation, samples};
use crate::{Page, asset};

/// What one page may weigh with style, script and mark (U40), in bytes.
const PAGE_BYTES_MAX: usize = 50 * 1024;
/// The portal's first page shows lists; it alone may be longer.
const HTML_BYTES_MAX: usize = 20 * 1024;

struct Shown {
    name: String,
    language: Language,
    html: String,
    elements: Vec<Element>,
}

impl Shown {
    fn of(sample: &Sample, language: Language) -> Self {
        let organisation = organisation();
        let html = sample.page.html(&frame(sample, language, &organisation, &LINKS));
        let elements = read(&html);
        Self { name: format!("{}.{}", sample.name, language.tag()), language, html, elements }
    }

    fn all(&self, name: &str) -> Vec<&Element> {
        self.elements.iter().filter(|element| element.name == name).collect()
    }

    fn id(&self, id: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.attribute("id") == Some(id))
    }

    fn title(&self) -> &str {
        &self.all("title")[0].text
    }

    /// Elements inside the element with this id.
    fn inside(&self, id: &str, name: &str) -> Vec<&Element> {
        let place = self.elements.iter().position(|one| one.attribute("id") == Some(id));
        let place = place.unwrap_or_else(|| panic!("{} has no #{id}", self.name));
        self.elements
            .iter()
            .filter(|element| element.name == name && element.around.contains(&place))
            .collect()
    }
}

fn every_page() -> Vec<Shown> {
    Language::ALL
        .into_iter()
        .flat_map(|language| {
            samples(language).into_iter().map(move |sample| Shown::of(&sample, language))
        })
        .collect()
}

fn page(name: &str, language: Language) -> Shown {
    let sample = samples(language).into_iter().find(|sample| sample.name == name);
    Shown::of(&sample.unwrap_or_else(|| panic!("no sample {name}")), language)
}

#[test]
fn every_page_is_whole_in_both_languages_and_says_its_own() {
    for shown in every_page() {
        assert_eq!(shown.all("html")[0].attribute("lang"), Some(shown.language.tag()));
        for sign in ["⟦", "{$", "{ $", "{{", "%}"] {
            assert!(!shown.html.contains(sign), "{} shows {sign}", shown.name);
        }
        assert_eq!(shown.all("main").len(), 1, "{}", shown.name);
        assert_eq!(shown.all("h1").len(), 1, "{}", shown.name);
        assert!(!shown.title().trim().is_empty());
    }
}

#[test]
fn no_page_mixes_languages() {
    for shown in every_page().iter().filter(|shown| shown.language == Language::Japanese) {
        for label in ["h1", "h2", "label", "button", "summary"] {
            for element in shown.all(label) {
                let spoken = element.text.chars().any(|c| c > '\u{3000}');
                let name_alone = element.text.contains("Firefox") || element.text == "eduroam";
                let network = element.text.starts_with("eduroam");
                assert!(spoken || name_alone || network, "{}: {}", shown.name, element.text);
            }
        }
    }
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for shown in every_page() {
        for element in &shown.elements {
            assert_ne!(element.name, "style", "{}", shown.name);
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("on") && name != "style", "{}: {name}", shown.name);
                if ["src", "srcset", "data"].contains(&name.as_str()) || element.name == "link" {
                    let own = !value.contains("//") && !value.starts_with("data:");
                    assert!(own, "{}: {name}={value}", shown.name);
                }
            }
            if element.name == "script" {
                assert!(element.text.is_empty() && element.attribute("src").is_some());
            }
        }
    }
}

#[test]
fn every_static_file_that_a_page_names_is_there() {
    for shown in every_page() {
        let files = shown.html.split('"').filter_map(|part| part.strip_prefix("/static/"));
        let mut weight = shown.html.len();
        for name in files.collect::<BTreeSet<_>>() {
            weight += asset(name).unwrap_or_else(|| panic!("{name}")).body.len();
        }
        assert!(shown.html.len() <= HTML_BYTES_MAX, "{}: {}", shown.name, shown.html.len());
        assert!(weight <= PAGE_BYTES_MAX, "{} weighs {weight}", shown.name);
    }
}

#[test]
fn every_field_has_a_label_and_every_id_is_alone() {
    for shown in every_page() {
        let mut ids = BTreeSet::new();
        for id in shown.elements.iter().filter_map(|element| element.attribute("id")) {
            assert!(ids.insert(id), "{} has two #{id}", shown.name);
        }
        for input in shown.all("input") {
            if input.attribute("type") == Some("hidden") {
                continue;
            }
            let id = input.attribute("id").expect("a field has an id");
            let labels = shown.all("label");
            let labelled = labels.iter().any(|label| label.attribute("for") == Some(id));
            assert!(labelled, "{}: #{id} has no label", shown.name);
        }
        for element in &shown.elements {
            for name in ["aria-describedby", "aria-labelledby", "for"] {
                for id in element.attribute(name).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{}: {name} names #{id}", shown.name);
                }
            }
            let href = element.attribute("href").and_then(|href| href.strip_prefix('#'));
            assert!(href.is_none_or(|id| ids.contains(id)), "{}: {href:?}", shown.name);
        }
    }
}

#[test]
fn a_page_has_one_main_form_and_its_first_button_is_the_main_one() {
    for shown in every_page() {
        let forms = shown.all("form");
        if shown.name.starts_with("passkey-impossible") {
            // Nothing can be sent: only the other ways are left.
            continue;
        }
        let main = forms.iter().filter(|form| form.attribute("id") == Some("step")).count();
        assert!(main <= 1, "{}", shown.name);
        assert_eq!(main, forms.len().min(1).min(usize::from(!shown.name.starts_with("overview"))));
        for form in &forms {
            let search = shown.name.starts_with("trouble");
            // It leads to another host, where nothing is stored.
            let away = form.attribute("action").is_some_and(|action| action.ends_with("/present"));
            let method = if search || away { "get" } else { "post" };
            assert_eq!(form.attribute("method"), Some(method), "{}", shown.name);
        }
        if main == 1 {
            let buttons = shown.inside("step", "button");
            let first = buttons.first().expect("a form has a button");
            assert_eq!(first.attribute("type"), Some("submit"), "{}", shown.name);
            let quiet = first.has_class("quiet") && shown.name.starts_with("consents");
            assert!(!first.has_class("quiet") || quiet, "{}: {}", shown.name, first.text);
        }
    }
}

#[test]
fn the_first_page_asks_for_the_name_and_lets_managers_and_passkeys_in() {
    // U01, over the two pages of a sign-in that asks for the name first.
    for language in Language::ALL {
        let shown = page("username", language);
        assert_eq!(shown.all("form").len(), 1);
        let fields = shown.inside("step", "input");
        let visible: Vec<_> =
            fields.iter().filter(|field| field.attribute("type") != Some("hidden")).collect();
        assert_eq!(visible.len(), 1);
        assert_eq!(visible[0].attribute("autocomplete"), Some("username webauthn"));
        assert_eq!(visible[0].attribute("name"), Some("username"));
        assert_eq!(visible[0].attribute("maxlength"), None);
        let hidden = fields.iter().find(|field| field.attribute("name") == Some("request"));
        assert_eq!(hidden.and_then(|field| field.attribute("value")), Some("c2VhbGVk"));
    }
}

#[test]
fn the_password_page_carries_the_name_for_password_managers() {
    // U04, U05.
    for language in Language::ALL {
        let shown = page("password", language);
        assert_eq!(shown.all("form").len(), 1);
        let name = shown.id("username").unwrap();
        assert!(name.is("input", "type", "text") && name.is("input", "autocomplete", "username"));
        assert_eq!(name.attribute("value"), Some("s2310123"));
        let password = shown.id("password").unwrap();
        assert!(password.is("input", "type", "password"));
        assert_eq!(password.attribute("autocomplete"), Some("current-password"));
        assert_eq!(password.attribute("spellcheck"), Some("false"));
        assert_eq!(password.attribute("autocapitalize"), Some("none"));
        assert_eq!(password.attribute("value"), None);
        for said in ["data-show", "data-hide"] {
            assert!(password.attribute(said).is_some_and(|text| !text.is_empty()));
        }
    }
}

#[test]
fn a_code_is_one_plain_field() {
    // U02.
    for language in Language::ALL {
        let code = page("code", language).id("code").unwrap().clone();
        for (name, value) in
            [("type", "text"), ("inputmode", "numeric"), ("autocomplete", "one-time-code")]
        {
            assert_eq!(code.attribute(name), Some(value));
        }
        assert_eq!(code.attribute("maxlength"), None);
        assert_eq!(code.attribute("pattern"), None);
        let recovery = page("recovery-code", language).id("code").unwrap().clone();
        assert_eq!(recovery.attribute("inputmode"), None);
        assert_eq!(recovery.attribute("maxlength"), None);
    }
}

#[test]
fn a_passkey_is_asked_for_by_a_button_that_a_script_shows() {
    // U24, U25.
    for language in Language::ALL {
        for (name, kind, quiet) in [
            ("username", "button", true),
            ("password", "button", true),
            ("passkey", "submit", false),
            ("register-passkey", "submit", false),
        ] {
            let shown = page(name, language);
            let button = shown.id("passkey-button").unwrap();
            assert!(button.is("button", "type", kind), "{}", shown.name);
            assert_eq!(button.has_class("quiet"), quiet, "{}", shown.name);
            assert!(button.attribute("hidden").is_some(), "{}: until a script runs", shown.name);
            assert_eq!(shown.all("noscript").len(), usize::from(!quiet), "{}", shown.name);
            let texts = ["cancelled", "timeout", "address", "unusable"];
            let said = texts.map(|text| button.attribute(&format!("data-{text}")).unwrap());
            assert!(said.iter().all(|text| !text.is_empty()) && said[0] != said[1]);
            assert!(shown.html.contains("/static/passkey."), "{}", shown.name);
            let fields = shown.inside("step", "input");
            for field in ["challenge", "passkey"] {
                assert!(fields.iter().any(|one| one.attribute("name") == Some(field)));
            }
        }
        assert!(!page("code", language).html.contains("/static/passkey."));
        let unknown = page("username-passkey-unknown", language);
        assert!(unknown.id("passkey-button").unwrap().attribute("data-unknown").is_some());
        let name = unknown.id("username").unwrap();
        assert_eq!(name.attribute("aria-invalid"), None, "nothing is wrong with the name");
        assert!(page("passkey-impossible", language).id("passkey-button").is_none());
    }
}

#[test]
fn other_factors_are_buttons_of_a_form_of_their_own_and_unusable_ones_say_why() {
    for language in Language::ALL {
        let shown = page("code", language);
        let other = shown.inside("other", "button");
        assert_eq!(other.len(), 1);
        assert!(other[0].is("button", "value", "recovery_code"));
        assert_eq!(other[0].attribute("name"), Some("method"));
        let used_up = page("code-unusable", language);
        assert!(used_up.id("other").is_none());
        let why = used_up.elements.iter().find(|element| element.has_class("why")).unwrap();
        assert!(!why.text.is_empty());
    }
}

#[test]
fn a_failed_step_says_so_in_title_summary_and_field() {
    // U06, U08.
    for (name, field) in [
        ("username-empty", "username"),
        ("password-wrong", "password"),
        ("code-wrong", "code"),
        ("register-totp-wrong", "code"),
        ("change-password-weak", "new-password"),
        ("ticket-wrong", "ticket"),
        ("trouble-mistyped", "code"),
    ] {
        for (language, prefix) in Language::ALL.into_iter().zip(["Error: ", "エラー："]) {
            let shown = page(name, language);
            assert!(shown.title().starts_with(prefix), "{}: {}", shown.name, shown.title());
            let summary = shown.id("summary").unwrap();
            assert!(summary.is("div", "role", "alert") && summary.is("div", "tabindex", "-1"));
            let link = shown.inside("summary", "a")[0];
            assert_eq!(link.attribute("href"), Some(format!("#{field}").as_str()));
            let error = shown.id("field-error").unwrap();
            assert!(error.text.contains(&link.text), "{}", shown.name);
            assert!(error.text.trim_start().starts_with(prefix.trim_end()));
            let field = shown.id(field).unwrap();
            assert!(field.attribute("aria-describedby").unwrap().contains("field-error"));
            assert_eq!(field.attribute("aria-invalid"), Some("true"));
            assert!(field.attribute("autofocus").is_none());
        }
    }
    assert!(!page("password", Language::English).title().starts_with("Error"));
}

#[test]
fn a_failure_shows_code_time_with_zone_and_network() {
    for name in ["password-wrong", "code-wrong", "refusal-no-factor", "problem-stale"] {
        for language in Language::ALL {
            let shown = page(name, language);
            let code = shown.id("incident").unwrap();
            assert_eq!((code.name.as_str(), code.text.as_str()), ("code", "7K3M-9QTX-4"));
            assert!(code.attribute("data-copy").is_some());
            let incident = shown.elements.iter().find(|one| one.has_class("incident")).unwrap();
            assert!(incident.text.contains("JST") && incident.text.contains("eduroam"));
            assert!(incident.attribute("data-reason").is_some());
        }
    }
    assert!(page("problem-fault", Language::English).id("incident").is_none());
    // An empty field is no incident: that it has no code is not spoken of.
    let empty = page("username-empty", Language::English);
    assert!(!empty.html.contains("Incident code"), "{}", empty.html);
}

#[test]
fn a_wait_is_said_in_words_and_counted_down_where_there_is_a_script() {
    // U09.
    let shown = page("password-wait", Language::English);
    let wait = shown.elements.iter().find(|element| element.has_class("wait")).unwrap();
    assert_eq!(wait.attribute("data-countdown"), Some("45"));
    assert!(wait.text.contains("2026-11-22 10:03:16 JST"), "{}", wait.text);
    assert!(shown.id("summary").unwrap().text.contains("in 45 seconds"));
}

#[test]
fn a_refusal_says_what_was_right_and_has_one_next_step() {
    for language in Language::ALL {
        let shown = page("refusal-no-factor", language);
        let lines: Vec<_> = shown.elements.iter().filter(|one| one.has_class("line")).collect();
        assert!(lines.iter().any(|line| line.has_class("done")));
        assert!(lines.iter().any(|line| line.has_class("failed")));
        let buttons = shown.elements.iter().filter(|element| element.has_class("button"));
        assert_eq!(buttons.count(), 1);
        assert!(shown.all("form").is_empty());
    }
}

#[test]
fn what_a_service_receives_begins_with_the_person_and_ends_with_how_long() {
    let shown = page("consent", Language::English);
    let list = shown.elements.iter().position(|one| one.has_class("scopes")).unwrap();
    let items = shown.all("li").into_iter().filter(|item| item.around.contains(&list));
    let text: Vec<&str> = items.map(|item| item.text.as_str()).collect();
    assert!(text.first().is_some_and(|first| first.contains("that it is you")), "{text:?}");
    assert!(text.last().is_some_and(|last| last.contains("while you are away")), "{text:?}");
}

#[test]
fn whoever_shares_nothing_reads_that_and_nothing_else() {
    for language in Language::ALL {
        let words = sekimori_words::Words::of(language);
        let (list, none) = (words.text("consents-text"), words.text("consents-none"));
        let (full, empty) = (page("consents", language), page("consents-none", language));
        assert!(full.html.contains(&list) && !full.html.contains(&none));
        assert!(empty.html.contains(&none) && !empty.html.contains(&list));
    }
}

#[test]
fn asking_somebody_leads_to_them_with_the_code_and_the_rest_stays_small() {
    let button = |shown: &Shown| {
        let found = shown.elements.iter().find(|element| element.has_class("button")).unwrap();
        (found.attribute("href").unwrap().to_owned(), found.text.clone())
    };
    let (href, text) = button(&page("problem-redirect-mismatch", Language::English));
    assert!(
        href.starts_with("mailto:webmail@example.ac.jp?subject=") && href.contains("7K3M-9QTX-4")
    );
    assert_eq!(text, "Write to whoever runs Webmail");
    let (href, text) = button(&page("problem-unknown-service", Language::English));
    assert!(href.starts_with("mailto:help@example.ac.jp"), "{href}");
    assert_eq!(text, "Contact the help desk");
    let (href, text) = button(&page("refusal-ticket", Language::English));
    assert_eq!((href.as_str(), text.as_str()), ("/portal/ticket", "Enter an enrolment ticket"));
}

#[test]
fn every_reason_can_be_shown_as_refusal_and_as_problem() {
    let organisation = organisation();
    for language in Language::ALL {
        for reason in Reason::ALL {
            for page in samples::with_reason(language, *reason) {
                let sample = Sample { name: "reason", page, portal: false };
                let html = sample.page.html(&frame(&sample, language, &organisation, &LINKS));
                assert!(!html.contains('⟦'), "{}", reason.code());
                read(&html);
            }
        }
    }
}

#[test]
fn whatever_a_service_sends_stays_text() {
    let shown = page("problem-redirect-mismatch", Language::English);
    assert!(shown.all("b").is_empty());
    let codes: Vec<_> = shown.all("code").iter().map(|code| code.text.clone()).collect();
    assert!(codes.contains(&"https://webmail.example.ac.jp/callback/<b>".to_owned()));
    let relay = page("relay", Language::English);
    let state = relay.all("input").into_iter().find(|one| one.attribute("name") == Some("state"));
    assert_eq!(state.and_then(|one| one.attribute("value")), Some("\"<"));
    assert!(relay.id("step").unwrap().attribute("data-submit-at-once").is_some());
}

#[test]
fn a_policy_forbids_everything_inline_and_foreign_and_lets_answers_reach_a_service() {
    for sample in samples(Language::English) {
        let policy = sample.page.csp();
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part));
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("data:"));
        let ends_at_service = matches!(
            sample.page,
            Page::Username(_)
                | Page::Password(_)
                | Page::SecondFactor(_)
                | Page::Refusal(_)
                | Page::LostProof(_)
                | Page::SwitchPerson(_)
                | Page::Consent(_)
                | Page::SignOut(_)
                | Page::SignedOut(_)
                | Page::Relay(_)
        );
        assert_eq!(policy.contains("form-action"), !ends_at_service, "{}", sample.name);
    }
}

#[test]
fn a_wait_ends_exactly_when_its_seconds_are_over() {
    let failure = |millis| crate::Failure {
        reason: Reason::ThrottleWait,
        details: Details {
            wait_until: Some(Timestamp::from_unix_millis(millis)),
            ..Details::default()
        },
        hints: Vec::new(),
        incident: crate::Incident { code: None, at: Timestamp::default() },
    };
    let now = Timestamp::from_unix_millis(1000);
    for (until, seconds) in [(1000, None), (1001, Some(1)), (2000, Some(1)), (2001, Some(2))] {
        assert_eq!(failure(until).wait_seconds(now), seconds, "{until}");
    }
}

#[test]
fn the_overview_tells_failures_with_their_reasons_and_names_its_buttons() {
    // U38.
    let shown = page("overview", Language::English);
    let text = &shown.all("main")[0].text;
    assert!(text.contains("User name and password do not fit together"));
    assert!(text.contains("The clock of the phone may be off"));
    let ends: Vec<_> = shown.inside("sessions", "button");
    assert!(ends.iter().any(|button| button.is("button", "value", "others")));
    assert!(ends.iter().all(|button| button.attribute("name") == Some("end")));
}

#[test]
fn registering_an_app_offers_picture_key_and_link() {
    // U27.
    let shown = page("register-totp", Language::English);
    assert!(shown.elements.iter().any(|element| element.is("svg", "role", "img")));
    let secret = shown.elements.iter().find(|element| element.has_class("secret")).unwrap();
    assert_eq!(secret.attribute("data-value"), Some("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"));
    assert!(secret.text.starts_with("JBSW Y3DP"));
    let links = shown.all("a");
    assert!(links.iter().any(|a| a.attribute("href").is_some_and(|h| h.starts_with("otpauth://"))));
    let codes = page("recovery-codes", Language::English);
    assert!(codes.all("a").iter().any(|link| link.attribute("download").is_some()));
    assert_eq!(codes.inside("codes", "code").len(), 10);
}
