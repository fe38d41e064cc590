//! SQL statements: `$1, $2, …` in the order in which they first appear, without gaps.
//!
//! SQLite numbers `$N` by first appearance, not by N: `… $2 … $1 …` would swap two values there
//! and not on PostgreSQL. So each statement is written in the order that both understand.

use super::Finding;

/// Check every statement of one file.
pub fn inspect(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = 0;
    for (line, token) in tokens(text) {
        match token {
            Token::Parameter(number) if number == seen + 1 => seen = number,
            Token::Parameter(number) if number == 0 || number > seen => {
                let text = format!(
                    "${number} appears where ${} was expected: number parameters by appearance",
                    seen + 1
                );
                findings.push(Finding::new("sql-parameters", line, text));
                seen = seen.max(number);
            }
            Token::Parameter(_) => {}
            Token::QuestionMark => {
                let text = "`?`: PostgreSQL knows only $1, $2, …";
                findings.push(Finding::new("sql-parameters", line, text));
            }
            Token::End => seen = 0,
        }
    }
    findings
}

enum Token {
    Parameter(usize),
    QuestionMark,
    /// A semicolon: the numbering starts again.
    End,
}

/// What matters, with its line; comments and quoted text are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else if first == '$' {
            let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                let number = rest[1..=digits].parse().unwrap_or(usize::MAX);
                found.push((line, Token::Parameter(number)));
            }
            1 + digits
        } else {
            match first {
                '?' => found.push((line, Token::QuestionMark)),
                ';' => found.push((line, Token::End)),
                _ => {}
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        inspect(text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn parameters_in_order_may_be_repeated() {
        assert!(lines("SELECT $1, $2, $1\nWHERE a = $3 AND b = $2").is_empty());
    }

    #[test]
    fn parameters_out_of_order_are_found_on_their_line() {
        assert_eq!(lines("SELECT a\nWHERE b = $2 AND c = $1"), [2]);
        assert_eq!(lines("SELECT $1,\n$3, $2"), [2]);
    }

    #[test]
    fn comments_and_quoted_text_do_not_count() {
        assert!(lines("-- $2 first\n/* $7\n*/ SELECT '$5 ; ''?', \"$9\", $1").is_empty());
    }

    #[test]
    fn each_statement_starts_at_one() {
        assert!(lines("SELECT $1, $2;\nSELECT $1").is_empty());
        assert_eq!(lines("SELECT $1;\nSELECT $2"), [2]);
    }

    #[test]
    fn question_marks_are_refused() {
        assert_eq!(lines("SELECT ?"), [1]);
    }
}
