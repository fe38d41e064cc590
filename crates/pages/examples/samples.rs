//! Writes every page in both languages, with the static files, into a folder:
//! `cargo run -p sekimori-pages --example samples -- FOLDER`.
#![expect(clippy::disallowed_methods, reason = "a tool for looking at pages; it writes files")]

use std::path::Path;

use sekimori_base::Language;
use sekimori_pages::asset;
use sekimori_pages::samples::{LINKS, frame, organisation, samples};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/samples".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("static"))?;
    let organisation = organisation();
    for language in Language::ALL {
        for sample in samples(language) {
            let html = sample.page.html(&frame(&sample, language, &organisation, &LINKS));
            for href in html.split('"').filter_map(|part| part.strip_prefix("/static/")) {
                if let Some(asset) = asset(href) {
                    std::fs::write(folder.join("static").join(href), asset.body)?;
                }
            }
            let html = html.replace("\"/static/", "\"static/");
            std::fs::write(folder.join(format!("{}.{}.html", sample.name, language.tag())), html)?;
        }
    }
    Ok(())
}
