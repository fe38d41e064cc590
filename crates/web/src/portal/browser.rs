//! A browser in words, from how it describes itself. A guess, for people to recognise their own by.

/// What marks a browser, the more special first: most pretend to be others as well.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// What marks a system.
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

/// `Firefox (Windows)`; `None` if it does not say.
pub fn in_words(user_agent: &str) -> Option<String> {
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} ({system})")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_name_it() {
        let mozilla = "Mozilla/5.0 ";
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko) ";
        let cases = [
            (
                format!(
                    "{mozilla}(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
                ),
                Some("Firefox (Windows)"),
            ),
            (
                format!("{mozilla}(Windows NT 10.0) {webkit}Chrome/140.0 Safari/537.36 Edg/140.0"),
                Some("Edge (Windows)"),
            ),
            (
                format!("{mozilla}(Linux; Android 15) {webkit}Chrome/140.0 Mobile Safari/537.36"),
                Some("Chrome (Android)"),
            ),
            (
                format!(
                    "{mozilla}(iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
                ),
                Some("Safari (iPhone)"),
            ),
            ("curl/8.0".to_owned(), None),
            (String::new(), None),
        ];
        for (agent, expected) in cases {
            assert_eq!(in_words(&agent).as_deref(), expected, "{agent}");
        }
    }
}
