//! Pages read as a browser reads them, strictly: what is opened is closed, attributes stand once.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

const VOID: [&str; 4] = ["meta", "link", "input", "br"];
/// Elements of SVG that close themselves.
const DRAWN: [&str; 3] = ["path", "circle", "rect"];

/// An element, with the text inside it and the elements that stand around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub around: Vec<usize>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn is(&self, name: &str, attribute: &str, value: &str) -> bool {
        self.name == name && self.attribute(attribute) == Some(value)
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class))
    }
}

#[derive(Default)]
struct Reading {
    elements: Vec<Element>,
    open: Vec<usize>,
    faults: Vec<String>,
}

struct Sink(RefCell<Reading>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut reading = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => reading.tag(&tag),
            Token::CharacterTokens(text) => reading.text(&text),
            Token::ParseError(fault) => reading.faults.push(fault.into_owned()),
            Token::CommentToken(text) => reading.faults.push(format!("a comment: {text}")),
            Token::NullCharacterToken => reading.faults.push("a null character".to_owned()),
            Token::DoctypeToken(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

impl Reading {
    fn tag(&mut self, tag: &Tag) {
        let name = tag.name.to_string();
        if tag.kind == TagKind::EndTag {
            match self.open.pop() {
                Some(open) if self.elements[open].name == name => {}
                _ => self.faults.push(format!("</{name}> closes nothing")),
            }
            return;
        }
        let attributes: Vec<(String, String)> = tag
            .attrs
            .iter()
            .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()))
            .collect();
        let around = self.open.clone();
        self.elements.push(Element { name: name.clone(), attributes, text: String::new(), around });
        let drawn = DRAWN.contains(&name.as_str());
        if drawn && !tag.self_closing {
            self.faults.push(format!("<{name}> stays open"));
        }
        if !drawn && !VOID.contains(&name.as_str()) {
            self.open.push(self.elements.len() - 1);
        }
    }

    fn text(&mut self, text: &str) {
        for index in &self.open {
            self.elements[*index].text.push_str(text);
        }
    }
}

/// The elements of a page in order; panics where it is not well-formed.
pub fn read(html: &str) -> Vec<Element> {
    assert!(html.starts_with("<!doctype html>"));
    let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let reading = tokenizer.sink.0.into_inner();
    let open: Vec<&str> =
        reading.open.iter().map(|index| reading.elements[*index].name.as_str()).collect();
    assert!(
        reading.faults.is_empty() && open.is_empty(),
        "{:?}, open {open:?}\n{html}",
        reading.faults
    );
    reading.elements
}
