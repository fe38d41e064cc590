//! A QR code as one SVG path: markup in the page, without an image file and without style attributes.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Modules of quiet zone on each side (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// The drawing: `0 0 size size` is its view box, `path` its `d`.
pub(crate) struct Drawing {
    pub size: usize,
    pub path: String,
}

/// The code of `text`; `None` if it is too long for one.
pub(crate) fn draw(text: &str) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let colours = code.to_colors();
    let mut path = String::new();
    for (y, row) in colours.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            if row[x] == Color::Light {
                x += 1;
                continue;
            }
            let length = row[x..].iter().take_while(|colour| **colour == Color::Dark).count();
            write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET)
                .expect("writing to a String cannot fail");
            x += length;
        }
    }
    Some(Drawing { size: width + 2 * QUIET, path })
}
