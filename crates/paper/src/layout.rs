//! Where things stand on the sheet: in three thirds, the secrets in the last.

use sekimori_base::Timestamp;
use sekimori_words::{Argument, Words};

use crate::fonts::Weight;
use crate::ink::{Colour, Dashed, Ink, Style};
use crate::{A4, Letter, PaperError, Sender};

/// The two folds, from the top.
const FOLDS: [f32; 2] = [99.0, 198.0];
/// Left and right of everything, in millimetres; printers and fingers need them.
const MARGIN: f32 = 20.0;
/// The width of what is written.
const WIDTH: f32 = A4.0 - 2.0 * MARGIN;
/// Left of a numbered step.
const INDENT: f32 = 8.0;
/// What stands above the upper fold ends here.
const UPPER_END: f32 = FOLDS[0] - 4.0;
/// What stands in the middle begins and ends here.
const MIDDLE: (f32, f32) = (FOLDS[0] + 5.0, FOLDS[1] - 4.0);
/// The sizes of the text, the first that fits is taken.
const SIZES: [f32; 10] = [10.5, 10.0, 9.75, 9.5, 9.25, 9.0, 8.75, 8.5, 8.0, 7.0];
/// The side of the QR code, its white border included.
const QR_SIDE: f32 = 50.0;
/// About the white border of it.
const QR_BORDER: f32 = 3.6;

const BLACK: Colour = [26, 26, 28];
const GREY: Colour = [90, 92, 98];
const LINE: Colour = [170, 172, 178];

/// A sheet in one language.
pub(crate) struct Sheet<'a> {
    sender: &'a Sender<'a>,
    letter: &'a Letter<'a>,
    words: &'static Words,
    accent: Colour,
    arguments: Filled,
}

/// What the texts name.
struct Filled {
    organisation: String,
    name: String,
    username: String,
    until: String,
    printed: String,
    address: String,
    portal: String,
    desk: String,
}

impl<'a> Sheet<'a> {
    pub fn new(sender: &'a Sender<'a>, letter: &'a Letter<'a>, words: &'static Words) -> Self {
        let language = words.language();
        let moment = |at: Timestamp| at.in_zone(sender.time_zone);
        let desk = sender.help.name.as_ref().map(|name| name.text(language).to_owned());
        let arguments = Filled {
            organisation: sender.organisation.text(language).to_owned(),
            name: letter.name.text(language).to_owned(),
            username: letter.username.to_owned(),
            // To the minute: `2026-12-11 10:02`.
            until: moment(letter.until).chars().take(16).collect(),
            printed: moment(sender.printed_at).chars().take(10).collect(),
            address: format!("{}/ticket", sender.issuer),
            portal: format!("{}/portal", sender.issuer),
            desk: desk.unwrap_or_else(|| words.text("letter-organisation-desk")),
        };
        let accent = colour(sender.accent).unwrap_or(BLACK);
        Self { sender, letter, words, accent, arguments }
    }

    /// The side with the secrets.
    pub fn front(&self, ink: &mut Ink<'_, '_>) -> Result<(), PaperError> {
        self.head(ink);
        self.middle(ink);
        self.marks(ink);
        self.secrets(ink)
    }

    /// The side without them.
    pub fn back(&self, ink: &mut Ink<'_, '_>) {
        self.head(ink);
        self.middle(ink);
        let style = plain(9.0, GREY);
        ink.paragraph((MARGIN, FOLDS[1] + 8.0), WIDTH, style, &self.text("letter-back"));
    }

    fn text(&self, id: &str) -> String {
        let filled = &self.arguments;
        self.words.with(
            id,
            &[
                ("organisation", Argument::Text(&filled.organisation)),
                ("name", Argument::Text(&filled.name)),
                ("username", Argument::Text(&filled.username)),
                ("until", Argument::Text(&filled.until)),
                ("date", Argument::Text(&filled.printed)),
                ("address", Argument::Text(&filled.address)),
                ("portal", Argument::Text(&filled.portal)),
                ("desk", Argument::Text(&filled.desk)),
            ],
        )
    }

    /// The upper third: from whom, to whom, what it is, who helps.
    fn head(&self, ink: &mut Ink<'_, '_>) {
        ink.block((0.0, 0.0), (A4.0, 3.0), self.accent);
        let from = ink.fitted(bold(12.0, self.accent), WIDTH - 45.0, &self.arguments.organisation);
        ink.line((MARGIN, 14.0), from, &self.arguments.organisation);
        ink.line_to_the_right(
            (A4.0 - MARGIN, 14.8),
            plain(8.5, GREY),
            &self.text("letter-printed"),
        );
        let to = self.text("letter-to");
        let style = ink.fitted(plain(14.0, BLACK), WIDTH, &to);
        ink.line((MARGIN, 33.0), style, &to);
        ink.line((MARGIN, 52.0), bold(17.0, BLACK), &self.text("letter-title"));
        let (intro, help) = (self.text("letter-intro"), self.help());
        let style = self.size_that_fits(plain(10.5, BLACK), |style| {
            let heights = [&intro, &help].map(|text| ink.height(WIDTH, style, text));
            62.0 + heights[0] + gap_of(style) + heading_height(style) + heights[1] <= UPPER_END
        });
        let y = ink.paragraph((MARGIN, 62.0), WIDTH, style, &intro) + gap_of(style);
        let y = self.heading(ink, y, style, "letter-desk");
        ink.paragraph((MARGIN, y), WIDTH, style, &help);
    }

    /// The middle third: what to do, and what never to do.
    fn middle(&self, ink: &mut Ink<'_, '_>) {
        let steps = ["app", "scan", "choose", "after"]
            .map(|step| self.text(&format!("letter-step-{step}")));
        let never = ["letter-never-ask", "letter-never-elsewhere"].map(|id| self.text(id));
        let opened = self.text("letter-opened");
        let heights = |ink: &Ink<'_, '_>, style: Style| {
            let gap = gap_of(style);
            let listed = |texts: &[String]| -> f32 {
                let heights =
                    texts.iter().map(|text| ink.height(WIDTH - INDENT, style, text) + gap / 2.0);
                heights.sum()
            };
            2.0 * heading_height(style)
                + listed(&steps)
                + listed(&never)
                + ink.height(WIDTH, style, &opened)
                + gap
        };
        let style = self
            .size_that_fits(plain(10.5, BLACK), |style| MIDDLE.0 + heights(ink, style) <= MIDDLE.1);
        let gap = gap_of(style);
        let mut y = self.heading(ink, MIDDLE.0, style, "letter-steps");
        for (number, step) in (1..).zip(&steps) {
            let mark = Style { weight: Weight::Bold, colour: self.accent, ..style };
            ink.line((MARGIN, y), mark, &format!("{number}"));
            y = ink.paragraph((MARGIN + INDENT, y), WIDTH - INDENT, style, step) + gap / 2.0;
        }
        y = self.heading(ink, y + gap / 2.0, style, "letter-never");
        for text in &never {
            let mark = Style { weight: Weight::Bold, colour: self.accent, ..style };
            ink.line((MARGIN, y), mark, "–");
            y = ink.paragraph((MARGIN + INDENT, y), WIDTH - INDENT, style, text) + gap / 2.0;
        }
        ink.paragraph((MARGIN, y + gap / 2.0), WIDTH, style, &opened);
    }

    fn heading(&self, ink: &mut Ink<'_, '_>, y: f32, style: Style, id: &str) -> f32 {
        let height = heading_height(style);
        let style = Style { colour: self.accent, ..heading_of(style) };
        ink.line((MARGIN, y), style, &self.text(id));
        y + height
    }

    /// Who helps, and how they are reached.
    fn help(&self) -> String {
        let help = self.sender.help;
        let mail = help.mail.as_ref().map(ToString::to_string);
        let ways = [help.telephone.clone(), mail, help.url.clone()];
        let ways: Vec<String> = ways.into_iter().flatten().collect();
        match (&help.name, ways.is_empty()) {
            (None, true) => self.text("letter-desk-unknown"),
            (_, true) => self.arguments.desk.clone(),
            (None, false) => ways.join("   "),
            (Some(_), false) => format!("{}   {}", self.arguments.desk, ways.join("   ")),
        }
    }

    /// The marks of the folds, and what the lower one is for.
    fn marks(&self, ink: &mut Ink<'_, '_>) {
        ink.rule((4.0, FOLDS[0]), (9.0, FOLDS[0]), LINE, Dashed::No);
        ink.rule((A4.0 - 9.0, FOLDS[0]), (A4.0 - 4.0, FOLDS[0]), LINE, Dashed::No);
        ink.rule((0.0, FOLDS[1]), (A4.0, FOLDS[1]), LINE, Dashed::Yes);
        let text = self.text("letter-fold");
        let style = ink.fitted(bold(9.0, GREY), WIDTH, &text);
        let wide = ink.width(style, &text);
        ink.line(((A4.0 - wide) / 2.0, FOLDS[1] + 2.2), style, &text);
    }

    /// The lower third: what is secret.
    fn secrets(&self, ink: &mut Ink<'_, '_>) -> Result<(), PaperError> {
        let (letter, top) = (self.letter, FOLDS[1] + 11.0);
        let right = A4.0 - MARGIN - QR_SIDE;
        let left_width = right - MARGIN - 8.0;
        if !ink.qr((right, top + 5.0), QR_SIDE, letter.uri) {
            return Err(PaperError::TooLongToScan { username: letter.username.to_owned() });
        }
        let label = plain(9.0, GREY);
        let scan = self.text("letter-scan");
        let style = ink.fitted(label, QR_SIDE - QR_BORDER, &scan);
        ink.line((right + QR_BORDER, top), style, &scan);

        ink.line((MARGIN, top), label, &self.text("letter-username"));
        let value = ink.fitted(bold(17.0, BLACK), left_width, letter.username);
        ink.line((MARGIN, top + 5.0), value, letter.username);
        ink.line((MARGIN, top + 18.0), label, &self.text("letter-password"));
        ink.cells((MARGIN, top + 23.0), 5.7, bold(17.0, BLACK), letter.password);
        let hint = self.text("letter-password-hint");
        let style = self.size_that_fits(plain(9.0, BLACK), |style| {
            ink.height(left_width, style, &hint) <= 22.0
        });
        ink.paragraph((MARGIN, top + 34.0), left_width, style, &hint);

        ink.line((MARGIN, top + 58.0), label, &self.text("letter-key"));
        // Eight groups of four and the seven spaces between them, half as wide.
        let cell = WIDTH / 35.5;
        ink.cells((MARGIN, top + 62.5), cell, bold(13.5, BLACK), letter.key);
        let hint = self.text("letter-key-hint");
        let style = ink.fitted(plain(8.5, GREY), WIDTH, &hint);
        ink.paragraph((MARGIN, top + 71.5), WIDTH + 0.5, style, &hint);
        Ok(())
    }

    fn size_that_fits(&self, style: Style, fits: impl Fn(Style) -> bool) -> Style {
        let at = |size: &f32| Style { size: *size, ..style };
        let smallest = SIZES.last().map_or(style, at);
        let mut smaller = SIZES.iter().filter(|size| **size <= style.size).map(at);
        smaller.find(|style| fits(*style)).unwrap_or(smallest)
    }
}

/// The distance of what belongs together less.
fn gap_of(style: Style) -> f32 {
    style.size * 0.26
}

fn heading_of(style: Style) -> Style {
    Style { weight: Weight::Bold, size: style.size + 1.0, ..style }
}

fn heading_height(style: Style) -> f32 {
    heading_of(style).line() + gap_of(style) / 2.0
}

fn plain(size: f32, colour: Colour) -> Style {
    Style { weight: Weight::Regular, size, colour }
}

fn bold(size: f32, colour: Colour) -> Style {
    Style { weight: Weight::Bold, size, colour }
}

/// `#rrggbb`.
fn colour(text: &str) -> Option<Colour> {
    let number = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}
