//! Letters on paper for somebody new: user name, initial password and the secret of an authenticator app, as a PDF.
//!
//! A sheet of A4 in three thirds: to whom and what this is; what to do first and never; and, under the fold, what is
//! secret. Folded at its two marks it goes into an envelope, the secrets face to face with the middle third. The back,
//! where there is one, says the same in the other language and holds no secret.
//!
//! Deliberately absent: files (fonts come in as bytes, the PDF goes out as bytes), chance, and any look-up.

mod fonts;
mod ink;
mod layout;
mod wrap;

pub use fonts::{Fonts, FontsError, Typeface};

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use sekimori_base::{Bilingual, Language, Timestamp};
use sekimori_directory::settings::Help;
use sekimori_words::Words;

use crate::ink::{Ink, MM};
use crate::layout::Sheet;

/// Width and height of A4, in millimetres.
const A4: (f32, f32) = (210.0, 297.0);

/// Who writes: the same for all letters of a print.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The organisation.
    pub organisation: &'a Bilingual,
    /// Its colour, `#rrggbb`.
    pub accent: &'a str,
    /// Who helps.
    pub help: &'a Help,
    /// Where people sign in: `https://login.example.ac.jp`.
    pub issuer: &'a str,
    /// IANA zone in which moments are written.
    pub time_zone: &'a str,
    /// When it is printed.
    pub printed_at: Timestamp,
}

/// A letter.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// To whom.
    pub name: &'a Bilingual,
    /// What they type.
    pub username: &'a str,
    /// The initial password, in groups.
    pub password: &'a str,
    /// The secret of the app in base 32, in groups of four.
    pub key: &'a str,
    /// The secret of the app as an `otpauth:` address.
    pub uri: &'a str,
    /// The initial password is good until then.
    pub until: Timestamp,
    /// The language of the front.
    pub front: Language,
    /// The language of the back, if there is one.
    pub back: Option<Language>,
}

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// The address of the secret is too long for a QR code.
    #[error("what {username} should scan is too long for a QR code")]
    TooLongToScan {
        /// Whose.
        username: String,
    },
    /// The PDF could not be put together.
    #[error("the PDF could not be made: {0}")]
    Pdf(String),
}

/// Print the letters, each on a sheet of its own. `printed` hears after each how many there are.
pub fn print(
    sender: &Sender<'_>,
    letters: &[Letter<'_>],
    fonts: &Fonts,
    mut printed: impl FnMut(u64),
) -> Result<Vec<u8>, PaperError> {
    let mut document = Document::new();
    for (count, letter) in (1..).zip(letters) {
        side(&mut document, fonts, |ink| {
            Sheet::new(sender, letter, Words::of(letter.front)).front(ink)
        })?;
        if let Some(language) = letter.back {
            side(&mut document, fonts, |ink| {
                Sheet::new(sender, letter, Words::of(language)).back(ink);
                Ok(())
            })?;
        }
        printed(count);
    }
    let language = letters.first().map_or(Language::English, |letter| letter.front);
    let title = Words::of(language).text("letter-title");
    document.set_metadata(
        Metadata::new()
            .title(format!("{title} – {}", sender.organisation.text(language)))
            .language(language.tag().to_owned())
            .creator("Sekimori".to_owned()),
    );
    document.finish().map_err(|error| PaperError::Pdf(format!("{error:?}")))
}

/// A side of a sheet.
fn side(
    document: &mut Document,
    fonts: &Fonts,
    draw: impl FnOnce(&mut Ink<'_, '_>) -> Result<(), PaperError>,
) -> Result<(), PaperError> {
    let size = PageSettings::from_wh(A4.0 * MM, A4.1 * MM).expect("A4 has a size");
    let mut page = document.start_page_with(size);
    let mut surface = page.surface();
    draw(&mut Ink::new(&mut surface, fonts))
}
