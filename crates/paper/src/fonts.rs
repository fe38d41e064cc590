//! Typefaces as they lie in font files: which glyph a character has, and how wide it is. The PDF gets the glyphs that
//! are used, and no others.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// What stands for a character that the typeface lacks: Japanese printers' sign for just that.
const LACKING: char = '〓';

/// A typeface: a font file, or one of those that a collection holds.
#[derive(Clone)]
pub struct Typeface {
    /// The bytes of the file.
    pub data: Arc<Vec<u8>>,
    /// Which of the collection; 0 in a file of one.
    pub index: u32,
}

/// Why fonts cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FontsError {
    /// Not a font.
    #[error("it is not a font that can be read")]
    Unreadable,
    /// A font without what the letters are written in.
    #[error("it has no glyph for {0:?}")]
    Lacks(char),
}

/// The typefaces of the letters.
pub struct Fonts {
    regular: Face,
    bold: Face,
}

/// How heavy a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// A character as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drawn {
    /// Its glyph.
    pub glyph: u32,
    /// Its width, in parts of the size of the type.
    pub advance: f32,
    /// The typeface has it.
    pub found: bool,
}

/// A typeface, opened.
pub(crate) struct Face {
    pub font: Font,
    typeface: Typeface,
    known: RefCell<HashMap<char, Drawn>>,
}

impl Fonts {
    /// Open the typefaces. Without a bold one the regular one stands in.
    pub fn new(regular: Typeface, bold: Option<Typeface>) -> Result<Self, FontsError> {
        let bold = bold.unwrap_or_else(|| regular.clone());
        Ok(Self { regular: Face::open(regular)?, bold: Face::open(bold)? })
    }

    /// The characters of a text that the typefaces lack.
    pub fn lacks(&self, text: &str) -> Vec<char> {
        let lacking = |c: &char| !self.regular.drawn(*c).found || !self.bold.drawn(*c).found;
        text.chars().filter(lacking).collect()
    }

    pub(crate) fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

impl Face {
    fn open(typeface: Typeface) -> Result<Self, FontsError> {
        let font = Font::new(Arc::clone(&typeface.data).into(), typeface.index)
            .ok_or(FontsError::Unreadable)?;
        let face = Self { font, typeface, known: RefCell::default() };
        match "Aa0-字かカ。".chars().find(|c| !face.drawn(*c).found) {
            None => Ok(face),
            Some(lacking) => Err(FontsError::Lacks(lacking)),
        }
    }

    /// How a character is drawn.
    pub fn drawn(&self, character: char) -> Drawn {
        if let Some(known) = self.known.borrow().get(&character) {
            return *known;
        }
        let found = self.look_up(character);
        let drawn = found.or_else(|| self.look_up(LACKING)).or_else(|| self.look_up('?'));
        let nothing = Drawn { glyph: 0, advance: 1.0, found: false };
        let drawn = Drawn { found: found.is_some(), ..drawn.unwrap_or(nothing) };
        self.known.borrow_mut().insert(character, drawn);
        drawn
    }

    fn look_up(&self, character: char) -> Option<Drawn> {
        let font = FontRef::from_index(&self.typeface.data, self.typeface.index).ok()?;
        let glyph = font.charmap().map(character).filter(|glyph| glyph.to_u32() != 0)?;
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let advance = metrics.advance_width(glyph)?;
        Some(Drawn { glyph: glyph.to_u32(), advance, found: true })
    }

    /// The width of a text, in parts of the size of the type.
    pub fn width(&self, text: &str) -> f32 {
        text.chars().map(|c| self.drawn(c).advance).sum()
    }
}
