//! Static files, each named by its content, so that they may be kept for ever.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::accent;

/// A static file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes. They never change under this name: `Cache-Control: public, max-age=31536000, immutable`.
    pub body: Cow<'static, [u8]>,
}

const STYLE: &str = include_str!("../static/sekimori.css");
const SCRIPT: &str = include_str!("../static/sekimori.js");
const PASSKEY_SCRIPT: &str = include_str!("../static/passkey.js");
const CHECK_SCRIPT: &str = include_str!("../static/check.js");
const MARK: &str = include_str!("../static/mark.svg");
/// The licence of the design tokens in the stylesheet (MIT asks for the notice in all copies).
const NOTICE: &str = include_str!("../tokens/NOTICE.txt");

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("sekimori", STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("sekimori", SCRIPT, "js"));
static PASSKEY_SCRIPT_NAME: LazyLock<String> =
    LazyLock::new(|| named("passkey", PASSKEY_SCRIPT, "js"));
static CHECK_SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("check", CHECK_SCRIPT, "js"));
static MARK_NAME: LazyLock<String> = LazyLock::new(|| named("mark", MARK, "svg"));

/// The static file behind `/static/{name}`; `None` if there is none.
pub fn asset(name: &str) -> Option<Asset> {
    let fixed = |content_type, text: &'static str| {
        Some(Asset { content_type, body: Cow::Borrowed(text.as_bytes()) })
    };
    if name == *STYLE_NAME {
        return fixed("text/css; charset=utf-8", STYLE);
    }
    if name == *SCRIPT_NAME {
        return fixed("text/javascript; charset=utf-8", SCRIPT);
    }
    if name == *PASSKEY_SCRIPT_NAME {
        return fixed("text/javascript; charset=utf-8", PASSKEY_SCRIPT);
    }
    if name == *CHECK_SCRIPT_NAME {
        return fixed("text/javascript; charset=utf-8", CHECK_SCRIPT);
    }
    if name == *MARK_NAME {
        return fixed("image/svg+xml", MARK);
    }
    if name == "notice.txt" {
        return fixed("text/plain; charset=utf-8", NOTICE);
    }
    let hex = name.strip_prefix("accent.")?.strip_suffix(".css")?;
    let colour = accent::Rgb::parse(hex).filter(|_| !hex.starts_with('#'))?;
    Some(Asset {
        content_type: "text/css; charset=utf-8",
        body: Cow::Owned(accent::stylesheet(colour).into_bytes()),
    })
}

/// The address of the stylesheet.
pub(crate) fn style_href() -> String {
    format!("/static/{}", *STYLE_NAME)
}

/// The address of the script.
pub(crate) fn script_href() -> String {
    format!("/static/{}", *SCRIPT_NAME)
}

/// The address of the script for passkeys.
pub(crate) fn passkey_script_href() -> String {
    format!("/static/{}", *PASSKEY_SCRIPT_NAME)
}

/// The address of the script for the connection check.
pub(crate) fn check_script_href() -> String {
    format!("/static/{}", *CHECK_SCRIPT_NAME)
}

/// The address of the mark.
pub(crate) fn mark_href() -> String {
    format!("/static/{}", *MARK_NAME)
}

/// The address of the stylesheet of this accent colour; an unreadable colour gets the default.
pub(crate) fn accent_href(accent: &str) -> String {
    let hex = accent::Rgb::parse(accent).map_or_else(|| "0017c1".to_owned(), accent::Rgb::hex);
    format!("/static/accent.{hex}.css")
}

fn named(stem: &str, text: &str, extension: &str) -> String {
    // FNV-1a: the name only has to change with the content.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{stem}.{hash:016x}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_on_the_pages_lead_to_the_files() {
        for href in [
            style_href(),
            script_href(),
            passkey_script_href(),
            check_script_href(),
            mark_href(),
            accent_href("#259d63"),
        ] {
            let name = href.strip_prefix("/static/").unwrap();
            assert!(asset(name).is_some(), "{name}");
        }
        assert_eq!(asset("sekimori.css"), None);
        assert_eq!(asset("accent.red.css"), None);
        assert_eq!(asset("../Cargo.toml"), None);
    }
}
