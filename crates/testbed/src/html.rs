//! As much HTML as our own pages have: forms, fields, buttons, links, text.

/// A form of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Its `id`.
    pub id: String,
    /// `get` or `post`.
    pub method: String,
    /// Where it goes.
    pub action: String,
    /// Names and values of its fields, as the page fills them in.
    pub fields: Vec<(String, String)>,
    /// Names, types and `autocomplete` tokens of its fields.
    pub kinds: Vec<(String, String, String)>,
    /// Names and values of its submit buttons; a button without a name has two empty texts.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    /// The value that the page gives to a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A piece of a document.
enum Piece<'a> {
    Open(Tag<'a>),
    Close(&'a str),
    Text(&'a str),
}

struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, String)>,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        rest = &rest[start..];
        let end = tag_end(rest);
        let inside = &rest[1..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(name) = inside.strip_prefix('/') {
            pieces.push(Piece::Close(name.trim()));
        } else if !inside.starts_with('!') {
            let tag = tag(inside);
            // What stands in a script or style is no text.
            if matches!(tag.name, "script" | "style") {
                let close = format!("</{}", tag.name);
                rest = rest.find(&close).map_or("", |at| &rest[at..]);
            }
            pieces.push(Piece::Open(tag));
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Where the tag that begins here ends: at the first `>` outside quotes.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn tag(inside: &str) -> Tag<'_> {
    let inside = inside.trim_end_matches('/');
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Tag { name, attributes };
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = &rest[..end];
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix('=') else {
            attributes.push((key, String::new()));
            continue;
        };
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        attributes.push((key, decode(value)));
        rest = left;
    }
}

/// Character references that our templates write.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((name, left)) = rest[1..].split_once(';') else { break };
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "nbsp" => Some('\u{a0}'),
            _ => name.strip_prefix('#').and_then(|number| {
                let value = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(value.ok()?)
            }),
        };
        if let Some(character) = character {
            out.push(character);
            rest = left;
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// All forms.
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    for piece in pieces(html) {
        match piece {
            Piece::Open(tag) if tag.name == "form" => {
                open = true;
                let get = |name: &str| tag.get(name).unwrap_or_default().to_owned();
                forms.push(Form {
                    id: get("id"),
                    method: get("method").to_ascii_lowercase(),
                    action: get("action"),
                    ..Form::default()
                });
            }
            Piece::Close("form") => open = false,
            Piece::Open(tag) if open => {
                if let Some(form) = forms.last_mut() {
                    add(form, &tag);
                }
            }
            Piece::Open(_) | Piece::Close(_) | Piece::Text(_) => {}
        }
    }
    forms
}

fn add(form: &mut Form, tag: &Tag<'_>) {
    let get = |name: &str| tag.get(name).unwrap_or_default().to_owned();
    match tag.name {
        "input" => {
            if tag.get("name").is_none() {
                return;
            }
            let kind = tag.get("type").unwrap_or("text").to_owned();
            form.kinds.push((get("name"), kind.clone(), get("autocomplete")));
            let ticked = !matches!(kind.as_str(), "checkbox" | "radio");
            if ticked || tag.get("checked").is_some() {
                form.fields.push((get("name"), get("value")));
            }
        }
        // Ours begin empty.
        "textarea" => {
            form.kinds.push((get("name"), "textarea".to_owned(), get("autocomplete")));
            form.fields.push((get("name"), String::new()));
        }
        "button" if tag.get("type") != Some("button") => {
            form.buttons.push((get("name"), get("value")));
        }
        _ => {}
    }
}

/// The text of a document as somebody reads it, with single spaces.
pub(crate) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut in_head = false;
    for piece in pieces(html) {
        match piece {
            Piece::Open(tag) if tag.name == "head" => in_head = true,
            Piece::Close("head") => in_head = false,
            Piece::Text(text) if !in_head => {
                out.push_str(&decode(text));
                out.push(' ');
            }
            Piece::Open(_) | Piece::Close(_) | Piece::Text(_) => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in the first element of this name.
pub(crate) fn element(html: &str, name: &str) -> Option<String> {
    let mut out: Option<String> = None;
    for piece in pieces(html) {
        match piece {
            Piece::Open(tag) if tag.name == name && out.is_none() => out = Some(String::new()),
            Piece::Close(closed) if closed == name && out.is_some() => break,
            Piece::Text(text) => {
                if let Some(out) = &mut out {
                    out.push_str(&decode(text));
                }
            }
            Piece::Open(_) | Piece::Close(_) => {}
        }
    }
    out.map(|text| text.trim().to_owned())
}

/// The first value of an attribute in the document.
pub fn attribute(html: &str, element: &str, name: &str) -> Option<String> {
    pieces(html).into_iter().find_map(|piece| match piece {
        Piece::Open(tag) if tag.name == element => tag.get(name).map(str::to_owned),
        Piece::Open(_) | Piece::Close(_) | Piece::Text(_) => None,
    })
}

/// Targets and texts of all links.
pub(crate) fn links(html: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut open: Option<(String, String)> = None;
    for piece in pieces(html) {
        match piece {
            Piece::Open(tag) if tag.name == "a" => {
                open = tag.get("href").map(|href| (href.to_owned(), String::new()));
            }
            Piece::Close("a") => links.extend(open.take()),
            Piece::Text(text) => {
                if let Some((_, words)) = &mut open {
                    words.push_str(&decode(text));
                }
            }
            Piece::Open(_) | Piece::Close(_) => {}
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Error: A &amp; B</title></head>
        <body><p>One  <b>two</b></p><a href="/x?a=1&#38;b=2">go on</a>
        <form method="post" action="/login" id="step" novalidate>
        <input type="hidden" name="request" value="a&quot;b"><input id="c" name="code" type="text"
        autocomplete="one-time-code"><button type="submit">OK</button>
        <button type="submit" name="method" value="totp">App</button></form></body></html>"#;

    #[test]
    fn forms_are_read_as_a_browser_reads_them() {
        let forms = forms(PAGE);
        let [form] = forms.as_slice() else { panic!("one form: {forms:?}") };
        assert_eq!((form.method.as_str(), form.action.as_str()), ("post", "/login"));
        assert_eq!(form.value("request"), Some("a\"b"));
        assert_eq!(form.value("code"), Some(""));
        assert_eq!(form.buttons[0], (String::new(), String::new()));
        assert_eq!(form.buttons[1], ("method".to_owned(), "totp".to_owned()));
        assert!(form.kinds.contains(&("code".into(), "text".into(), "one-time-code".into())));
    }

    #[test]
    fn texts_titles_and_links_are_decoded() {
        assert_eq!(element(PAGE, "title").as_deref(), Some("Error: A & B"));
        assert_eq!(text(PAGE), "One two go on OK App");
        assert_eq!(attribute(PAGE, "html", "lang").as_deref(), Some("en"));
        assert_eq!(links(PAGE), [("/x?a=1&b=2".to_owned(), "go on".to_owned())]);
    }
}
