//! Reading a TOML document without stopping at the first mistake.
//!
//! [`Reader`] collects; [`Keys`] is a table of which each key is taken once, and whatever nobody asked for is a
//! mistake; [`Item`] is a value with its place. Nothing here knows which keys there are.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::closest::{closest, listed, shown};
use crate::mistake::{Mistake, Report, Severity};
use crate::reference::{self, Key};
use crate::{syntax, word};

/// Where something stands in the document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub at: Range<usize>,
    pub path: String,
}

/// A value that was read, with its place, for checks across the document.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub value: T,
    pub place: Place,
}

/// What is wrong with one value.
pub(crate) struct Wrong {
    pub what: String,
    pub remedy: String,
}

impl Wrong {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// Collects the mistakes of one document.
pub(crate) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    reference: &'static [Key],
    mistakes: RefCell<Vec<Mistake>>,
    asked: RefCell<BTreeSet<String>>,
    damage: syntax::Damage,
}

impl<'t> Reader<'t> {
    /// A reader of `text`, whose keys `reference` describes; the syntax errors are its first mistakes.
    pub fn new(
        file: &'t str,
        text: &'t str,
        reference: &'static [Key],
        found: &(Spanned<DeTable<'t>>, Vec<toml::de::Error>),
    ) -> Self {
        let (damage, errors) = syntax::damage(text, &found.0, &found.1);
        let reader = Self {
            file,
            text,
            reference,
            mistakes: RefCell::default(),
            asked: RefCell::default(),
            damage,
        };
        for (at, wrong) in errors {
            let path = String::new();
            reader.add(Severity::Error, &Place { at, path }, wrong);
        }
        reader
    }

    /// Something that keeps the file from being used. Silent inside text that could not be read at all.
    pub fn error(&self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        if !self.damage.covers(self.text, &place.at) {
            self.add(Severity::Error, place, Wrong::new(what, remedy));
        }
    }

    /// Something that somebody should look at.
    pub fn warning(&self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        if !self.damage.covers(self.text, &place.at) {
            self.add(Severity::Warning, place, Wrong::new(what, remedy));
        }
    }

    /// Something that is not there. Not said of a damaged document: it may well be there.
    pub fn missing(&self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        if self.damage.is_none() {
            self.add(Severity::Error, place, Wrong::new(what, remedy));
        }
    }

    fn add(&self, severity: Severity, place: &Place, wrong: Wrong) {
        let (line, column) = syntax::line_and_column(self.text, place.at.start);
        self.mistakes.borrow_mut().push(Mistake {
            severity,
            file: self.file.to_owned(),
            line,
            column,
            path: place.path.clone(),
            what: wrong.what,
            remedy: wrong.remedy,
        });
    }

    /// The line of a place, for messages about another place.
    pub fn line(&self, place: &Place) -> usize {
        syntax::line_and_column(self.text, place.at.start).0
    }

    /// All keys that were asked for, as `section.key`.
    #[cfg(test)]
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// `value` and the warnings if there is no error and a value; else everything found.
    pub fn finish<T>(self, value: Option<T>) -> Result<(T, Vec<Mistake>), Report> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by(|one, other| {
            let key = |it: &Mistake| (it.file != self.file, it.file.clone(), it.line, it.column);
            key(one).cmp(&key(other))
        });
        mistakes.dedup();
        let (errors, warnings): (Vec<_>, Vec<_>) =
            mistakes.into_iter().partition(|one| one.severity == Severity::Error);
        match value {
            Some(value) if errors.is_empty() => Ok((value, warnings)),
            Some(_) | None => Err(Report { errors, warnings }),
        }
    }

    /// The document's top table.
    pub fn root<'r>(&'r self, table: &'r Spanned<DeTable<'t>>) -> Keys<'r, 't> {
        Keys {
            reader: self,
            table: table.get_ref(),
            place: Place::default(),
            section: "",
            asked: RefCell::default(),
        }
    }
}

/// A table of the document. [`Keys::finish`] reports what nobody asked for.
pub(crate) struct Keys<'r, 't> {
    reader: &'r Reader<'t>,
    table: &'r DeTable<'t>,
    place: Place,
    section: &'static str,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'r, 't> Keys<'r, 't> {
    /// Where the table begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The reader, for mistakes of its own.
    pub fn reader(&self) -> &'r Reader<'t> {
        self.reader
    }

    /// The value of `key`, if it is there.
    pub fn take(&self, key: &'static str) -> Option<Item<'r, 't>> {
        self.asked.borrow_mut().insert(key);
        let pattern = joined(self.section, key);
        self.reader.asked.borrow_mut().insert(pattern);
        self.table.get(key).map(|value| Item {
            reader: self.reader,
            value,
            path: joined(&self.place.path, key),
        })
    }

    /// The value of `key`; that it is missing is a mistake, and `example` is what to add.
    pub fn required(&self, key: &'static str, example: &str) -> Option<Item<'r, 't>> {
        let item = self.take(key);
        if item.is_none() {
            let place = Place { at: self.place.at.clone(), path: joined(&self.place.path, key) };
            self.reader.missing(&place, format!("`{key}` is missing"), format!("add `{example}`"));
        }
        item
    }

    /// Whether `key` is there, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// `true` or `false`.
    pub fn truth_or(&self, key: &'static str, default: bool) -> bool {
        let item = self.take(key);
        item.and_then(|item| item.truth()).unwrap_or(default)
    }

    /// A whole number within bounds.
    pub fn number_or<N: TryFrom<u64>>(&self, key: &'static str, range: [u64; 2], default: N) -> N {
        let item = self.take(key);
        item.and_then(|item| item.number(range)).unwrap_or(default)
    }

    /// A word of an enumeration.
    pub fn word_or<T: for<'de> Deserialize<'de>>(&self, key: &'static str, default: T) -> T {
        let item = self.take(key);
        item.and_then(|item| item.word()).unwrap_or(default)
    }

    /// A word of an enumeration, its default when the key is not there; `None` when it cannot be read, so that
    /// nothing is concluded from it.
    pub fn word<T: for<'de> Deserialize<'de> + Default>(&self, key: &'static str) -> Option<T> {
        self.take(key).map_or_else(|| Some(T::default()), |item| item.word())
    }

    /// The items of a list; none when the key is not there.
    pub fn list(&self, key: &'static str) -> Vec<Item<'r, 't>> {
        self.take(key).map_or_else(Vec::new, |item| item.list())
    }

    /// The table under `key`, if it is there.
    pub fn table(&self, key: &'static str, section: &'static str) -> Option<Keys<'r, 't>> {
        self.take(key).and_then(|item| item.table(section))
    }

    /// The tables `[[key]]`, each named in paths by the text under `name_key`.
    pub fn tables(
        &self,
        key: &'static str,
        section: &'static str,
        name_key: &str,
    ) -> Vec<Keys<'r, 't>> {
        self.take(key).map_or_else(Vec::new, |item| item.tables(section, name_key))
    }

    /// Report every key that nobody asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if asked.contains(name) {
                continue;
            }
            let place = Place { at: key.span(), path: joined(&self.place.path, name) };
            let what = format!("there is no key {} here", shown(name));
            self.reader.error(&place, what, self.advice(name, &asked));
        }
    }

    fn advice(&self, name: &str, asked: &BTreeSet<&'static str>) -> String {
        if let Some(meant) = closest(name, asked.iter().copied()) {
            return format!("did you mean `{meant}`?");
        }
        if let Some(file) = reference::other_file(self.reader.reference, self.section, name) {
            return file;
        }
        let elsewhere = reference::elsewhere(self.reader.reference, self.section, name);
        if elsewhere.is_empty() {
            let mut known: Vec<&str> = asked.iter().copied().collect();
            known.sort_unstable();
            format!("known here: {}", listed(known))
        } else {
            format!("it belongs {}", elsewhere.join(" or "))
        }
    }
}

/// A value of the document.
pub(crate) struct Item<'r, 't> {
    reader: &'r Reader<'t>,
    value: &'r Spanned<DeValue<'t>>,
    path: String,
}

impl<'r, 't> Item<'r, 't> {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place { at: self.value.span(), path: self.path.clone() }
    }

    /// A mistake in this value.
    pub fn error(&self, what: impl Into<String>, remedy: impl Into<String>) {
        self.reader.error(&self.place(), what, remedy);
    }

    /// Something to look at in this value.
    pub fn warning(&self, what: impl Into<String>, remedy: impl Into<String>) {
        self.reader.warning(&self.place(), what, remedy);
    }

    /// A mistake in a file that this value names.
    pub fn elsewhere(&self, mistake: Mistake) {
        self.reader.mistakes.borrow_mut().push(mistake);
    }

    /// `value` at this place.
    pub fn located<T>(&self, value: T) -> Located<T> {
        let place = self.place();
        Located { value, place }
    }

    fn kind(&self) -> &'static str {
        match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    fn not(&self, wanted: &str, remedy: &str) {
        self.error(format!("this is {}, not {wanted}", self.kind()), remedy);
    }

    /// A text.
    pub fn text(&self) -> Option<&'r str> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.not("a text", "write it in quotes: \"…\"");
        }
        text
    }

    /// A text that `check` turns into a value.
    pub fn checked<T>(&self, check: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        match check(self.text()?) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.error(wrong.what, wrong.remedy);
                None
            }
        }
    }

    /// A text that is parsed as `what` is; the parser's error says what it must look like.
    pub fn parsed<T, E: std::fmt::Display>(
        &self,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.checked(|text| {
            parse(text).map_err(|error| {
                Wrong::new(format!("{} is not {what}", shown(text)), error.to_string())
            })
        })
    }

    /// One line of text for people: not blank, without control characters, not endless.
    pub fn line(&self, characters_max: usize) -> Option<String> {
        self.checked(|text| {
            if text.trim().is_empty() {
                Err(Wrong::new("this text is empty", "write it, or leave the key out"))
            } else if text.chars().any(char::is_control) {
                let what = "this text has a line break or another control character";
                Err(Wrong::new(what, "write it on one line"))
            } else if text.trim() != text {
                let what = "this text begins or ends with a space";
                Err(Wrong::new(what, format!("write \"{}\"", text.trim())))
            } else if text.chars().count() > characters_max {
                let what = format!("this text has {} characters", text.chars().count());
                let remedy = format!("at most {characters_max} fit on the pages");
                Err(Wrong::new(what, remedy))
            } else {
                Ok(text.to_owned())
            }
        })
    }

    /// `true` or `false`.
    pub fn truth(&self) -> Option<bool> {
        let truth = self.value.get_ref().as_bool();
        if truth.is_none() {
            self.not("true or false", "write true or false, without quotes");
        }
        truth
    }

    /// A whole number within bounds, both included.
    pub fn number<N: TryFrom<u64>>(&self, [least, most]: [u64; 2]) -> Option<N> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            let remedy = format!("write a number from {least} to {most}, without quotes");
            self.not("a whole number", &remedy);
            return None;
        };
        let number = i128::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            let what = format!("{integer} is out of bounds");
            self.error(what, format!("write a number from {least} to {most}"));
        }
        number
    }

    /// A word of an enumeration.
    pub fn word<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        let known = word::words::<T>();
        self.checked(|text| {
            word::parse(text).ok_or_else(|| {
                let remedy = match closest(text, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("write one of {}", listed(known.iter().copied())),
                };
                Wrong::new(format!("{} is not known here", shown(text)), remedy)
            })
        })
    }

    /// The items of a list. A single text or number is one that somebody forgot the brackets of.
    pub fn list(&self) -> Vec<Item<'r, 't>> {
        let DeValue::Array(array) = self.value.get_ref() else {
            self.not("a list", "write it in brackets: [\"…\", \"…\"]");
            return Vec::new();
        };
        array
            .iter()
            .enumerate()
            .map(|(index, value)| Item {
                reader: self.reader,
                value,
                path: format!("{}[{index}]", self.path),
            })
            .collect()
    }

    /// Whether it is a list; no mistake if not.
    pub fn is_list(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    /// Whether it is a table; no mistake if not.
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// A table.
    pub fn table(&self, section: &'static str) -> Option<Keys<'r, 't>> {
        let DeValue::Table(table) = self.value.get_ref() else {
            let remedy = format!("write it under a line `{}`", reference::heading(section));
            self.not("a table", &remedy);
            return None;
        };
        Some(Keys {
            reader: self.reader,
            table,
            place: self.place(),
            section,
            asked: RefCell::default(),
        })
    }

    /// A list of tables, each named in paths by the text under `name_key`.
    pub fn tables(&self, section: &'static str, name_key: &str) -> Vec<Keys<'r, 't>> {
        let DeValue::Array(array) = self.value.get_ref() else {
            let remedy = format!("begin each with a line `[[{section}]]`");
            self.not("a list of tables", &remedy);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, value) in array.iter().enumerate() {
            let name = value.get_ref().get(name_key);
            let name = name.and_then(|name| name.get_ref().as_str());
            let path = match name.filter(|name| fits_in_path(name)) {
                Some(name) => format!("{}.{name}", self.path),
                None => format!("{}[{index}]", self.path),
            };
            let reader = self.reader;
            let one = Item { reader, value, path };
            tables.extend(one.table(section));
        }
        tables
    }
}

fn fits_in_path(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control)
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
