//! A row of the file: what it says about somebody, and what becomes of somebody who is there already.
//!
//! A column that is absent says nothing, and what stands stays. An empty cell says that there is nothing. Spaces around
//! a cell are an accident of typing, except around a password: that one is what somebody will type.

use std::collections::BTreeSet;

use csv::StringRecord;
use sekimori_base::{Bilingual, Language, PersonId, Secret, Timestamp};
use sekimori_directory::{Affiliation, Group, MailAddress, Person, PersonState, Username, person};

/// The columns, in the order in which help names them.
const COLUMNS: [&str; 8] =
    ["username", "name_en", "name_ja", "mail", "affiliation", "groups", "password", "hash"];

/// The column that is taken as it stands.
const PASSWORD: &str = "password";

/// Reads a file row by row. Cells come as they stand: which are trimmed is said by their column.
pub(super) fn reader(file: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(file.as_bytes())
}

/// Where each column stands, if the file has it.
#[derive(Debug)]
pub(super) struct Columns([Option<usize>; COLUMNS.len()]);

impl Columns {
    /// The columns of a first line; what is wrong with it is one mistake, with what to do.
    pub(super) fn read(header: &StringRecord) -> Result<Self, String> {
        let mut columns = [None; COLUMNS.len()];
        let mut unknown = Vec::new();
        for (place, name) in header.iter().enumerate() {
            match COLUMNS.iter().position(|known| *known == name) {
                Some(column) if columns[column].is_some() => {
                    return Err(format!("the column {name} stands twice: take one of them out"));
                }
                Some(column) => columns[column] = Some(place),
                None => unknown.push(format!("{name:?}")),
            }
        }
        if let ([_], Some(separator)) = (unknown.as_slice(), other_separator(header)) {
            return Err(format!(
                "the columns are separated by {separator}: save the file as comma-separated values"
            ));
        }
        if unknown.is_empty() && columns[0].is_some() {
            return Ok(Self(columns));
        }
        let what = if unknown.is_empty() {
            "there is no column username".to_owned()
        } else {
            format!("unknown columns: {}", unknown.join(", "))
        };
        let known = COLUMNS.join(",");
        Err(format!("{what}; the first line names columns, username and any of {known}"))
    }

    fn cell<'r>(&self, record: &'r StringRecord, name: &str) -> Option<&'r str> {
        let column = COLUMNS.iter().position(|known| *known == name)?;
        let cell = record.get(self.0[column]?).unwrap_or_default();
        Some(if name == PASSWORD { cell } else { cell.trim() })
    }
}

/// What separates the columns of a header that seems to be a single one.
fn other_separator(header: &StringRecord) -> Option<&'static str> {
    let text = header.get(0)?;
    [
        (';', "semicolons"),
        ('\t', "tabs"),
        ('；', "full-width semicolons"),
        ('，', "full-width commas"),
    ]
    .into_iter()
    .find_map(|(sign, name)| text.contains(sign).then_some(name))
}

/// How a row's person gets in the first time.
pub(super) enum First {
    Ticket,
    Password(Secret<String>),
    Hash(String),
}

/// What a row says about the mail address.
enum Mail {
    Absent,
    Empty,
    At(MailAddress),
}

/// What a row says. `None` for what the file has no column for.
pub(super) struct Row {
    pub(super) username: Username,
    name_en: Option<String>,
    name_ja: Option<String>,
    mail: Mail,
    affiliations: Option<BTreeSet<Affiliation>>,
    groups: Option<BTreeSet<Group>>,
    pub(super) first: First,
}

impl Row {
    /// A row, if it says whom it is about. Everything that is wrong with it is said; what is wrong is left out.
    pub(super) fn read(
        columns: &Columns,
        record: &StringRecord,
        mut say: impl FnMut(String),
    ) -> Option<Self> {
        let cell = |name| columns.cell(record, name);
        let typed = cell("username").unwrap_or_default();
        let username = Username::parse(typed)
            .map_err(|error| say(format!("username {typed:?}: {error}")))
            .ok();
        let mail = match cell("mail") {
            None => Mail::Absent,
            Some("") => Mail::Empty,
            Some(text) => MailAddress::parse(text).map_or_else(
                |error| {
                    say(format!("mail: {error}"));
                    Mail::Empty
                },
                Mail::At,
            ),
        };
        let affiliations = cell("affiliation").map(|text| {
            let known = |text| {
                let found = Affiliation::parse(text);
                if found.is_none() {
                    let known = Affiliation::ALL.map(Affiliation::as_str).join(", ");
                    say(format!("affiliation {text:?} is unknown; there are {known}"));
                }
                found
            };
            text.split_whitespace().filter_map(known).collect()
        });
        let groups = cell("groups").map(|text| {
            let parsed = |text| {
                Group::parse(text).map_err(|error| say(format!("groups: {text:?}: {error}"))).ok()
            };
            text.split_whitespace().filter_map(parsed).collect()
        });
        for name in ["name_en", "name_ja"] {
            if let Err(error) = person::name(cell(name).unwrap_or_default()) {
                say(format!("{name}: {error}"));
            }
        }
        let secrets = (cell(PASSWORD).unwrap_or_default(), cell("hash").unwrap_or_default());
        let first = match secrets {
            ("", "") => First::Ticket,
            (password, "") => First::Password(Secret::new(password.to_owned())),
            ("", hash) => First::Hash(hash.to_owned()),
            _ => {
                say("either password or hash, not both".to_owned());
                First::Ticket
            }
        };
        let username = username?;
        let (name_en, name_ja) = (cell("name_en"), cell("name_ja"));
        let (name_en, name_ja) = (name_en.map(str::to_owned), name_ja.map(str::to_owned));
        Some(Self { username, name_en, name_ja, mail, affiliations, groups, first })
    }

    /// Somebody new.
    pub(super) fn person(&self, id: PersonId, now: Timestamp) -> Person {
        let english = self.name_en.as_deref().unwrap_or_default();
        let japanese = self.name_ja.as_deref().unwrap_or_default();
        Person {
            id,
            name: named(english, japanese, &self.username),
            username: self.username.clone(),
            mail: match &self.mail {
                Mail::Absent | Mail::Empty => None,
                Mail::At(address) => Some(address.clone()),
            },
            affiliations: self.affiliations.clone().unwrap_or_default(),
            groups: self.groups.clone().unwrap_or_default(),
            administrator: false,
            state: PersonState::ACTIVE,
            language: if japanese.is_empty() { Language::English } else { Language::Japanese },
            updated_at: now,
        }
    }

    /// Somebody who is there, as the row has them, and what is different.
    pub(super) fn onto(self, standing: &Person, now: Timestamp) -> (Person, Vec<&'static str>) {
        let mut changes = Vec::new();
        let mut person = standing.clone();
        // A name that is only a copy of the other one follows it.
        let own =
            |text: &str, other: &str| if text == other { String::new() } else { text.to_owned() };
        let (en, ja) = (&standing.name.en, &standing.name.ja);
        person.name = match (self.name_en, self.name_ja) {
            (None, None) => standing.name.clone(),
            (Some(english), None) => named(&english, &own(ja, en), &standing.username),
            (None, Some(japanese)) => named(&own(en, ja), &japanese, &standing.username),
            (Some(english), Some(japanese)) => named(&english, &japanese, &standing.username),
        };
        person.mail = match self.mail {
            Mail::Absent => person.mail,
            Mail::Empty => None,
            Mail::At(address) => Some(address),
        };
        person.affiliations = self.affiliations.unwrap_or(person.affiliations);
        person.groups = self.groups.unwrap_or(person.groups);
        let differences = [
            ("name", person.name != standing.name),
            ("mail", person.mail != standing.mail),
            ("affiliation", person.affiliations != standing.affiliations),
            ("groups", person.groups != standing.groups),
        ];
        changes
            .extend(differences.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what));
        if !changes.is_empty() {
            person.updated_at = now;
        }
        (person, changes)
    }
}

/// A name in both scripts, as far as there are any; else the user name.
fn named(english: &str, japanese: &str, username: &Username) -> Bilingual {
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    let english = or(english, &or(japanese, username.as_str()));
    Bilingual::new(english.clone(), or(japanese, &english))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

    fn standing() -> Person {
        let (_, mut person) = rows("username\nhanako")[0].clone();
        person.name = Bilingual::new("Hanako Sato", "佐藤 花子");
        person.mail = MailAddress::parse("hanako@example.ac.jp").ok();
        person.affiliations = [Affiliation::Staff].into();
        person.groups = Group::parse("library").into_iter().collect();
        person
    }

    fn read(text: &str) -> Vec<Row> {
        let mut reader = reader(text);
        let columns = Columns::read(reader.headers().unwrap()).unwrap();
        let rows = reader.records().map(|record| {
            Row::read(&columns, &record.unwrap(), |wrong| panic!("{wrong}")).unwrap()
        });
        rows.collect()
    }

    fn rows(text: &str) -> Vec<(String, Person)> {
        let person =
            |row: Row| (row.username.to_string(), row.person(PersonId::from_bytes([7; 16]), NOW));
        read(text).into_iter().map(person).collect()
    }

    fn onto(text: &str) -> (Person, Vec<&'static str>) {
        read(text).remove(0).onto(&standing(), NOW)
    }

    #[test]
    fn what_the_file_has_no_column_for_stays() {
        assert_eq!(onto("username\nhanako"), (standing(), vec![]));
        let (person, changes) = onto("username,mail\nhanako,sato@example.ac.jp");
        assert_eq!(changes, ["mail"]);
        assert_eq!((person.name, person.groups), (standing().name, standing().groups));
        let (person, changes) = onto("username,name_ja\nhanako,鈴木 花子");
        assert_eq!(changes, ["name"]);
        assert_eq!(person.name, Bilingual::new("Hanako Sato", "鈴木 花子"));
    }

    #[test]
    fn an_empty_cell_clears() {
        let (person, changes) =
            onto("username,name_en,name_ja,mail,affiliation,groups\nhanako,,,,,");
        assert_eq!(changes, ["name", "mail", "affiliation", "groups"]);
        assert_eq!(person.name, Bilingual::new("hanako", "hanako"));
        assert!(person.mail.is_none() && person.affiliations.is_empty());
        assert!(person.groups.is_empty());
    }

    #[test]
    fn spaces_around_a_cell_go_except_around_a_password() {
        let mut rows = read(
            " username , mail , password \n hanako , sato@example.ac.jp ,\u{3000} my own words \n\
             taro,, \n",
        );
        let (taro, hanako) = (rows.remove(1), rows.remove(0));
        assert_eq!(hanako.username.as_str(), "hanako");
        let person = hanako.person(PersonId::from_bytes([7; 16]), NOW);
        assert_eq!(person.mail, MailAddress::parse("sato@example.ac.jp").ok());
        let password = |row: Row| match row.first {
            First::Password(password) => password.expose().clone(),
            First::Ticket | First::Hash(_) => panic!("no password"),
        };
        assert_eq!(password(hanako), "\u{3000} my own words ");
        assert_eq!(password(taro), " ", "what it is worth is weighed afterwards");
    }

    #[test]
    fn a_wrong_first_line_is_one_mistake_that_says_what_to_do() {
        let wrong = |text: &str| {
            let mut reader = reader(text);
            Columns::read(reader.headers().unwrap()).unwrap_err()
        };
        for (text, said) in [
            ("username;mail\na;b", "separated by semicolons"),
            ("username\tmail\na\tb", "separated by tabs"),
            ("user,mail\na,b", "unknown columns: \"user\""),
            ("mail,groups\na,b", "no column username"),
            ("username,mail,mail\na,b,c", "stands twice"),
        ] {
            assert!(wrong(text).contains(said), "{}", wrong(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_list_of_people_or_mistakes(
            header in proptest::sample::subsequence(COLUMNS.to_vec(), 0..=COLUMNS.len()),
            lines in proptest::collection::vec("[ -~あ漢\u{feff}]{0,60}", 0..6),
            noise in "\\PC{0,200}",
        ) {
            for text in [format!("{}\n{}", header.join(","), lines.join("\n")), noise] {
                let mut reader = reader(&text);
                let Ok(columns) = Columns::read(reader.headers().unwrap()) else { continue };
                // A row with more or fewer cells than the first line has is a mistake of its own.
                for record in reader.records().flatten() {
                    let mut mistakes = 0;
                    let row = Row::read(&columns, &record, |_| mistakes += 1);
                    proptest::prop_assert!(row.is_some() || mistakes > 0);
                }
            }
        }
    }
}
