//! The catalogues: Fluent messages, parsed once a language.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use sekimori_base::Language;

/// The files of one language, in the order of [`FILES`].
type Sources = [&'static str; 9];

/// The names of the catalogue files of a language.
#[cfg(test)]
pub(crate) const FILES: [&str; 9] = [
    "reasons.ftl",
    "pages.ftl",
    "portal.ftl",
    "mails.ftl",
    "letters.ftl",
    "guides.ftl",
    "desk.ftl",
    "check.ftl",
    "trouble.ftl",
];

pub(crate) const ENGLISH: Sources = [
    include_str!("../catalogue/en/reasons.ftl"),
    include_str!("../catalogue/en/pages.ftl"),
    include_str!("../catalogue/en/portal.ftl"),
    include_str!("../catalogue/en/mails.ftl"),
    include_str!("../catalogue/en/letters.ftl"),
    include_str!("../catalogue/en/guides.ftl"),
    include_str!("../catalogue/en/desk.ftl"),
    include_str!("../catalogue/en/check.ftl"),
    include_str!("../catalogue/en/trouble.ftl"),
];

pub(crate) const JAPANESE: Sources = [
    include_str!("../catalogue/ja/reasons.ftl"),
    include_str!("../catalogue/ja/pages.ftl"),
    include_str!("../catalogue/ja/portal.ftl"),
    include_str!("../catalogue/ja/mails.ftl"),
    include_str!("../catalogue/ja/letters.ftl"),
    include_str!("../catalogue/ja/guides.ftl"),
    include_str!("../catalogue/ja/desk.ftl"),
    include_str!("../catalogue/ja/check.ftl"),
    include_str!("../catalogue/ja/trouble.ftl"),
];

static ENGLISH_WORDS: LazyLock<Words> = LazyLock::new(|| Words::load(Language::English, &ENGLISH));
static JAPANESE_WORDS: LazyLock<Words> =
    LazyLock::new(|| Words::load(Language::Japanese, &JAPANESE));

/// All texts in one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// What stands for a variable in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument<'a> {
    /// A text, put in as it is.
    Text(&'a str),
    /// A number, which may choose a plural form.
    Number(i64),
}

impl<'a> From<&'a str> for Argument<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Argument<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Argument<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl Words {
    /// The texts in `language`. Cheap after the first call for a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH_WORDS,
            Language::Japanese => &JAPANESE_WORDS,
        }
    }

    /// The language of these texts.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The text `id`; `⟦id⟧` when there is none, which a test of the pages looks for.
    pub fn text(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// The text `id` with its variables filled in.
    pub fn with(&self, id: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.find(id, None, arguments).unwrap_or_else(|| format!("⟦{id}⟧"))
    }

    /// The text of the attribute of `id`, such as the `.title` of a reason.
    pub fn attribute(
        &self,
        id: &str,
        attribute: &str,
        arguments: &[(&str, Argument<'_>)],
    ) -> String {
        self.find(id, Some(attribute), arguments).unwrap_or_else(|| format!("⟦{id}.{attribute}⟧"))
    }

    /// Whether there is a text `id`.
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    fn load(language: Language, sources: &Sources) -> Self {
        let tag = language.tag().parse().expect("our own language tags are well-formed");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks would stand between a name and its punctuation, and in copied text.
        bundle.set_use_isolating(false);
        for source in sources {
            let resource = FluentResource::try_new((*source).to_owned())
                .expect("the committed catalogues parse: a test reads them");
            bundle.add_resource(resource).expect("no text is defined twice: a test reads them");
        }
        Self { language, bundle }
    }

    fn find(
        &self,
        id: &str,
        attribute: Option<&str>,
        arguments: &[(&str, Argument<'_>)],
    ) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut values = FluentArgs::with_capacity(arguments.len());
        for (name, argument) in arguments {
            match argument {
                Argument::Text(text) => values.set(*name, FluentValue::from(*text)),
                Argument::Number(number) => values.set(*name, FluentValue::from(*number)),
            }
        }
        // A missing variable leaves `{$name}` in the text, which the tests look for.
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&values), &mut errors);
        Some(text.into_owned())
    }
}
