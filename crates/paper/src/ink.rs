//! What is drawn on a page, in millimetres from its upper left corner.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::paint::{Fill, Paint, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use qrcode::{Color, EcLevel, QrCode};

use crate::fonts::{Fonts, Weight};
use crate::wrap;

/// Points of a millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;
/// From one line to the next, in sizes of the type.
const LEADING: f32 = 1.45;
/// Where the foot of a letter is in its line, in sizes of the type.
const FOOT: f32 = 1.05;
/// Modules around a QR code that stay white (ISO/IEC 18004 asks for four).
const QUIET: f32 = 4.0;

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub weight: Weight,
    /// In points.
    pub size: f32,
    pub colour: Colour,
}

impl Style {
    /// The distance of lines, in millimetres.
    pub fn line(self) -> f32 {
        self.size * LEADING / MM
    }
}

/// A place on the page.
pub(crate) type Place = (f32, f32);

/// A page, and what is written on it with.
pub(crate) struct Ink<'s, 'd> {
    surface: &'s mut Surface<'d>,
    fonts: &'s Fonts,
}

impl<'s, 'd> Ink<'s, 'd> {
    pub fn new(surface: &'s mut Surface<'d>, fonts: &'s Fonts) -> Self {
        Self { surface, fonts }
    }

    /// The width of a line, in millimetres.
    pub fn width(&self, style: Style, text: &str) -> f32 {
        self.fonts.face(style.weight).width(text) * style.size / MM
    }

    /// The style at the largest size, this one at most, at which the text fits on one line.
    pub fn fitted(&self, style: Style, width: f32, text: &str) -> Style {
        let wide = self.width(style, text);
        if wide <= width { style } else { Style { size: style.size * width / wide, ..style } }
    }

    /// A line. `at` is the upper left corner of its box.
    pub fn line(&mut self, at: Place, style: Style, text: &str) {
        let foot = at.1 * MM + style.size * FOOT;
        self.glyphs((at.0 * MM, foot), style, text);
    }

    /// A line that ends at `at`.
    pub fn line_to_the_right(&mut self, at: Place, style: Style, text: &str) {
        let wide = self.width(style, text);
        self.line((at.0 - wide, at.1), style, text);
    }

    /// The height of a paragraph, in millimetres.
    pub fn height(&self, width: f32, style: Style, text: &str) -> f32 {
        f32::from(u16::try_from(self.lines(width, style, text).len()).unwrap_or(u16::MAX))
            * style.line()
    }

    /// A paragraph; gives where the next line would be.
    pub fn paragraph(&mut self, at: Place, width: f32, style: Style, text: &str) -> f32 {
        let mut y = at.1;
        for line in self.lines(width, style, text) {
            self.line((at.0, y), style, line);
            y += style.line();
        }
        y
    }

    fn lines<'t>(&self, width: f32, style: Style, text: &'t str) -> Vec<&'t str> {
        let face = self.fonts.face(style.weight);
        wrap::lines(text, width * MM / style.size, |c| face.drawn(c).advance)
    }

    /// Characters one by one, each in a cell of this width: what is to be copied by hand. Spaces are half as wide.
    pub fn cells(&mut self, at: Place, cell: f32, style: Style, text: &str) {
        let foot = at.1 * MM + style.size * FOOT;
        let mut x = at.0;
        let mut buffer = [0; 4];
        for character in text.chars() {
            if character == ' ' {
                x += cell / 2.0;
                continue;
            }
            let text: &str = character.encode_utf8(&mut buffer);
            let middle = x + (cell - self.width(style, text)) / 2.0;
            self.glyphs((middle * MM, foot), style, text);
            x += cell;
        }
    }

    fn glyphs(&mut self, foot: (f32, f32), style: Style, text: &str) {
        let face = self.fonts.face(style.weight);
        let glyphs: Vec<KrillaGlyph> = text
            .char_indices()
            .map(|(at, character)| {
                let drawn = face.drawn(character);
                let range = at..at + character.len_utf8();
                KrillaGlyph::new(
                    GlyphId::new(drawn.glyph),
                    drawn.advance,
                    0.0,
                    0.0,
                    0.0,
                    range,
                    None,
                )
            })
            .collect();
        self.fill(style.colour);
        let at = Point::from_xy(foot.0, foot.1);
        self.surface.draw_glyphs(at, &glyphs, face.font.clone(), text, style.size, false);
    }

    fn fill(&mut self, colour: Colour) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint: paint(colour), ..Fill::default() }));
    }

    /// A filled rectangle.
    pub fn block(&mut self, at: Place, size: (f32, f32), colour: Colour) {
        let rect = Rect::from_xywh(at.0 * MM, at.1 * MM, size.0 * MM, size.1 * MM);
        self.fill(colour);
        let mut path = PathBuilder::new();
        path.push_rect(rect.expect("a block has a size"));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A line from place to place, dashed or not.
    pub fn rule(&mut self, from: Place, to: Place, colour: Colour, dashed: Dashed) {
        let mut path = PathBuilder::new();
        path.move_to(from.0 * MM, from.1 * MM);
        path.line_to(to.0 * MM, to.1 * MM);
        let dash = match dashed {
            Dashed::No => None,
            Dashed::Yes => Some(StrokeDash { array: vec![4.0, 3.0], offset: 0.0 }),
        };
        self.surface.set_fill(None);
        let stroke = Stroke { paint: paint(colour), width: 0.6, dash, ..Stroke::default() };
        self.surface.set_stroke(Some(stroke));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
        self.surface.set_stroke(None);
    }

    /// A QR code, its white border included in `side`. `false`: the text is too long for one.
    pub fn qr(&mut self, at: Place, side: f32, text: &str) -> bool {
        let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return false };
        let modules = code.width();
        let count = f32::from(u16::try_from(modules).unwrap_or(u16::MAX));
        let module = side * MM / (count + 2.0 * QUIET);
        let (left, top) = (at.0 * MM + QUIET * module, at.1 * MM + QUIET * module);
        let mut path = PathBuilder::new();
        let mut y = top;
        for row in code.to_colors().chunks(modules) {
            let mut x = left;
            for run in row.chunk_by(|one, other| one == other) {
                let wide = module * f32::from(u16::try_from(run.len()).unwrap_or(u16::MAX));
                if run[0] == Color::Dark
                    && let Some(rect) = Rect::from_xywh(x, y, wide, module)
                {
                    path.push_rect(rect);
                }
                x += wide;
            }
            y += module;
        }
        self.fill([0, 0, 0]);
        let Some(path) = path.finish() else { return false };
        self.surface.draw_path(&path);
        true
    }
}

fn paint([red, green, blue]: Colour) -> Paint {
    rgb::Color::new(red, green, blue).into()
}

/// Whether a line has gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dashed {
    Yes,
    No,
}
