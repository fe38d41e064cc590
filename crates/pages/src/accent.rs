//! The organisation's accent colour, made readable on light and on dark ground.
//!
//! WCAG 2.2, 1.4.3: text needs a contrast of 4.5. The colour itself comes from the site settings, so
//! it is darkened or lightened until it has that, and white or black stands on it.

/// The ground of a light page.
const LIGHT: Rgb = Rgb([255, 255, 255]);
/// The ground of cards on a dark page: the lightest that accent text stands on.
const DARK: Rgb = Rgb([38, 38, 38]);
/// WCAG's 4.5 and a little room for rounding.
const CONTRAST: f64 = 4.6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb([u8; 3]);

impl Rgb {
    /// From `0017c1` or `#0017c1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').unwrap_or(text);
        if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |range| u8::from_str_radix(&hex[range], 16).ok();
        Some(Self([part(0..2)?, part(2..4)?, part(4..6)?]))
    }

    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// `percent` of the way to `other`.
    fn towards(self, other: Self, percent: u32) -> Self {
        let mut mixed = self.0;
        for (part, goal) in mixed.iter_mut().zip(other.0) {
            let sum = u32::from(*part) * (100 - percent) + u32::from(goal) * percent;
            *part = u8::try_from(sum / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// This colour, moved towards black or white as little as readable text on `ground` needs.
    fn readable_on(self, ground: Self) -> Self {
        let goal = if ground.luminance() > 0.5 { Self([0; 3]) } else { Self([255; 3]) };
        (0..=100)
            .step_by(2)
            .map(|percent| self.towards(goal, percent))
            .find(|colour| colour.contrast(ground) >= CONTRAST)
            .unwrap_or(goal)
    }

    /// White or black, whichever reads better on this colour.
    fn ink(self) -> Self {
        let (white, black) = (Self([255; 3]), Self([0; 3]));
        if self.contrast(white) >= self.contrast(black) { white } else { black }
    }
}

/// The stylesheet of an accent colour.
pub(crate) fn stylesheet(accent: Rgb) -> String {
    let (light, dark) = (accent.readable_on(LIGHT), accent.readable_on(DARK));
    let block =
        |colour: Rgb| format!("--accent:#{};--on-accent:#{}", colour.hex(), colour.ink().hex());
    format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        block(light),
        block(dark)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accent_becomes_readable_text_on_both_grounds() {
        for text in ["#0017c1", "#ffffff", "#000000", "#ffd43d", "#777777", "#259d63", "#ff0000"] {
            let accent = Rgb::parse(text).unwrap();
            for ground in [LIGHT, DARK] {
                let colour = accent.readable_on(ground);
                assert!(colour.contrast(ground) >= 4.5, "{text} on {ground:?}");
                assert!(colour.contrast(colour.ink()) >= 4.5, "ink on {text}");
            }
        }
    }

    #[test]
    fn a_colour_that_reads_well_stays_as_it_is() {
        let accent = Rgb::parse("#0017c1").unwrap();
        assert_eq!(accent.readable_on(LIGHT), accent);
        assert_eq!(Rgb::parse("red"), None);
        assert_eq!(Rgb::parse("#00１"), None);
    }
}
