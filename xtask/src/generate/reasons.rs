//! `docs/reasons.md`: every reason that a sign-in can end or go on with.
//!
//! Codes, tiers and next steps come from the engine itself; what each means, from its doc comment;
//! the texts from the catalogues, in both languages. A reason that lacks any of it is an error.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sekimori_base::Language;
use sekimori_login::{NextStep, Reason, Tier};
use sekimori_words::{Circumstances, Words};

const SOURCE: &str = "crates/login/src/reason.rs";

const HEAD: &str = "\
<!-- Written by `cargo xtask generate` from crates/login/src/reason.rs; change it there. -->

# Reasons

Every outcome of a sign-in has one of these codes: on the page (by its text), in the audit, in the
metrics, for the help desk, in the protocol's error. A code is never used again for another meaning.

Who may be told: **public** anybody; **verified** whoever has just shown the password; **owner** the
account's owner, at a registered address or in the portal; **help desk** authenticated staff. To
somebody further out a page says what `cred.mismatch` says.

| code | means | told to | next step |
|---|---|---|---|
";

const TEXTS: &str = "
## Texts

What pages say, where nothing is known about the circumstances. Waits, moments, the service, the
network and the help desk are filled in where they are known.
";

/// The whole file.
pub fn text(root: &Path) -> Result<String, String> {
    let source = fs::read_to_string(root.join(SOURCE)).map_err(|error| error.to_string())?;
    let meanings = meanings(&source);
    let mut text = String::from(HEAD);
    for reason in Reason::ALL {
        let code = reason.code();
        let meaning = meanings.get(code).ok_or_else(|| format!("{code} has no doc comment"))?;
        let (tier, next) = (tier(reason.tier()), next_step(reason.next_step()));
        writeln!(text, "| `{code}` | {meaning} | {tier} | {next} |")
            .expect("a String takes everything");
    }
    text.push_str(TEXTS);
    for reason in Reason::ALL {
        write!(text, "\n### `{}`\n", reason.code()).expect("a String takes everything");
        for language in [Language::English, Language::Japanese] {
            text.push_str(&words_of(*reason, language)?);
        }
    }
    Ok(text)
}

/// Heading and text of a reason in one language.
fn words_of(reason: Reason, language: Language) -> Result<String, String> {
    let words = Words::of(language);
    if !words.has(&reason.message_id()) {
        return Err(format!("{} has no text in {language:?}", reason.code()));
    }
    let unknown = Circumstances { time_zone: "UTC", ..Circumstances::default() };
    let (title, text) = (words.reason_title(reason, &unknown), words.reason_text(reason, &unknown));
    Ok(format!("\n**{title}**\\\n{text}\n"))
}

/// The doc comment above each `Name = "code", …` of the catalogue.
fn meanings(source: &str) -> BTreeMap<&str, String> {
    let mut meanings = BTreeMap::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words.trim());
            continue;
        }
        if let Some((_, rest)) = line.split_once(" = \"")
            && let Some((code, _)) = rest.split_once('"')
            && !comment.is_empty()
        {
            meanings.insert(code, comment.join(" "));
        }
        comment.clear();
    }
    meanings
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Public => "public",
        Tier::Verified => "verified",
        Tier::Owner => "owner",
        Tier::HelpDesk => "help desk",
    }
}

fn next_step(next: NextStep) -> &'static str {
    match next {
        NextStep::GoOn => "go on",
        NextStep::TryAgain => "enter it again",
        NextStep::Wait => "wait, then enter it again",
        NextStep::StartOver => "begin again",
        NextStep::OtherFactor => "use another factor",
        NextStep::RegisterFactor => "register a factor",
        NextStep::AskDesk => "ask the help desk",
        NextStep::AskService => "ask whoever runs the service",
        NextStep::SwitchPerson => "choose who to go on as",
        NextStep::AllowCookies => "allow cookies",
        NextStep::OpenPortal => "open the portal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meaning_is_the_comment_above_its_code() {
        let source = "/// One\n/// meaning.\nName = \"a.b\", Public;\n// Group.\nBare = \"c.d\";";
        let found = meanings(source);
        assert_eq!(found.get("a.b").map(String::as_str), Some("One meaning."));
        assert!(!found.contains_key("c.d"));
    }
}
