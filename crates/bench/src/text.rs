//! Small texts of the web: percent-encoding, forms as fields, the form on a page.

/// `text` for a query or a form's field.
pub fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
}

/// Fields as `application/x-www-form-urlencoded`.
pub fn fields<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::with_capacity(512);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        escape(name, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

/// A field of an address's query, unescaped.
pub fn query_field(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let raw = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))?;
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A form as it stands on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its fields, with what stands in them.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first form of a page that is sent by POST.
    pub fn first(page: &str) -> Option<Self> {
        let start = page.find("<form method=\"post\"")?;
        let form = &page[start..];
        let form = &form[..form.find("</form>")?];
        let (open, mut rest) = form.split_once('>')?;
        let mut found = Self { action: attribute(open, "action")?, fields: Vec::new() };
        while let Some((_, input)) = rest.split_once("<input ") {
            let (input, after) = input.split_once('>')?;
            if let Some(name) = attribute(input, "name") {
                found.fields.push((name, attribute(input, "value").unwrap_or_default()));
            }
            rest = after;
        }
        Some(found)
    }

    /// Whether it has a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }

    /// Its fields, some of them filled in anew, as they are sent.
    pub fn filled(&self, filled: &[(&str, &str)]) -> String {
        fields(self.fields.iter().map(|(name, value)| {
            let new = filled.iter().find(|(known, _)| known == name);
            (name.as_str(), new.map_or(value.as_str(), |(_, new)| *new))
        }))
    }
}

/// The value of an attribute, unescaped. Attributes here are always in double quotes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let wanted = format!("{name}=\"");
    let at = tag.match_indices(&wanted).find(|(at, _)| {
        *at == 0 || tag.as_bytes().get(at - 1).is_some_and(u8::is_ascii_whitespace)
    });
    let value = &tag[at?.0 + wanted.len()..];
    Some(unescaped(&value[..value.find('"')?]))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').unwrap_or((after, ""));
        let number = name.strip_prefix('#').and_then(|number| number.parse().ok());
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_of_a_page_is_found_with_its_hidden_fields() {
        let page = "<form method=\"post\" action=\"/login\" id=\"step\">\
            <input type=\"hidden\" name=\"request\" value=\"a&#38;b\">\n\
            <input id=\"username\" name=\"username\" type=\"text\" value=\"\"></form>\
            <form method=\"post\" action=\"/other\"></form>";
        let form = Form::first(page).unwrap();
        assert_eq!(form.action, "/login");
        assert!(form.has("username") && !form.has("id"));
        assert_eq!(
            form.filled(&[("username", "taro yamada")]),
            "request=a%26b&username=taro+yamada"
        );
        assert_eq!(Form::first("<p>no form</p>"), None);
    }

    #[test]
    fn a_field_of_a_query_is_read_back() {
        let address = "https://service.example/callback?code=1.a%2Db&state=x+y";
        assert_eq!(query_field(address, "code").as_deref(), Some("1.a-b"));
        assert_eq!(query_field(address, "state").as_deref(), Some("x y"));
        assert_eq!(query_field(address, "error"), None);
    }
}
