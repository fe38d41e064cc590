//! The font of the letters, as distributions install it.

use std::path::Path;
use std::sync::Arc;

use sekimori_paper::{Fonts, Typeface};

use crate::command::Failed;
use crate::files::read_bytes;

/// The largest font file that is read, in bytes.
const FONT_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// A font that may be installed: the regular and the bold file. In collections the first is the Japanese one.
type Installed = (&'static str, Option<&'static str>);

/// Where fonts are looked for, the best first.
const INSTALLED: [Installed; 4] = [
    // Debian: fonts-noto-cjk
    (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    ),
    // Debian: fonts-ipaexfont-gothic
    ("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf", None),
    // Fedora and its like: google-noto-sans-cjk-fonts
    (
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc"),
    ),
    // Arch: noto-fonts-cjk
    (
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        Some("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc"),
    ),
];

/// The font in `file`, else the first that is installed.
pub(super) fn find(file: Option<&Path>) -> Result<Fonts, Failed> {
    if let Some(file) = file {
        let regular = typeface(file)?;
        return Fonts::new(regular, None).map_err(Failed::at(file.display()));
    }
    let found = INSTALLED.iter().find(|(regular, _)| Path::new(regular).exists());
    let Some((regular, bold)) = found else {
        return Err(Failed::new("no font with Japanese glyphs was found").remedy(
            "apt-get install fonts-noto-cjk (or fonts-ipaexfont), or name a font file with --font; \
             nothing was done",
        ));
    };
    let bold = bold.map(Path::new).filter(|bold| bold.exists()).map(typeface).transpose()?;
    Fonts::new(typeface(Path::new(regular))?, bold).map_err(Failed::at(*regular))
}

fn typeface(file: &Path) -> Result<Typeface, Failed> {
    let data = read_bytes(file, FONT_BYTES_MAX).map_err(Failed::at(file.display()))?;
    Ok(Typeface { data: Arc::new(data), index: 0 })
}
