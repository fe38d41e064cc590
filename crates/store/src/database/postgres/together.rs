//! Several calls as one statement, which PostgreSQL plans once and runs without a transaction around it: it is one by
//! itself, from one moment.
//!
//! What is made here is text of ours alone; values stay parameters.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::database::{Call, DatabaseError, Done};
use crate::value::{Row, Value};

/// Shapes that a connection keeps; what comes beyond is run call by call.
const SHAPES_MAX: usize = 128;

/// Calls by their statements, each with whether it must write a row.
pub(super) type Shape = Vec<(usize, bool)>;

/// What is known of a shape.
#[derive(Clone)]
pub(super) enum Known<T> {
    /// It is prepared.
    Prepared(T),
    /// The database does not take it as one.
    Apart,
}

/// The shapes that a connection has seen.
pub(super) struct Shapes<T>(HashMap<Shape, Known<T>>);

impl<T: Clone> Shapes<T> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// What is known of a shape; `None`: nothing yet.
    pub(super) fn get(&self, shape: &Shape) -> Option<Known<T>> {
        let known = self.0.get(shape).cloned();
        known.or_else(|| (self.0.len() >= SHAPES_MAX).then_some(Known::Apart))
    }

    pub(super) fn learn(&mut self, shape: Shape, known: Known<T>) -> Known<T> {
        self.0.insert(shape, known.clone());
        known
    }
}

/// The shape of calls.
pub(super) fn shape(calls: &[Call], must: impl Fn(usize) -> bool) -> Shape {
    calls.iter().enumerate().map(|(at, call)| (call.statement.index, must(at))).collect()
}

/// The values of all calls, in order.
pub(super) fn values(calls: &[Call]) -> Vec<&Value> {
    calls.iter().flat_map(|call| &call.values).collect()
}

/// One statement that writes what all of `calls` write. A call that must write a row and does not divides by zero,
/// with which nothing is written.
pub(super) fn writes(calls: &[Call], must: impl Fn(usize) -> bool) -> String {
    let mut parts = Vec::with_capacity(calls.len());
    let mut conditions = vec!["1".to_owned()];
    let mut before = 0;
    for (at, call) in calls.iter().enumerate() {
        let text = renumbered(call.statement.postgres, before);
        before += call.values.len();
        parts.push(format!("w{at} AS ({}\nRETURNING 1)", text.trim_end()));
        if must(at) {
            conditions.push(format!("1 / (SELECT count(*) FROM w{at})"));
        }
    }
    format!("WITH {}\nSELECT {}", parts.join(",\n"), conditions.join(" + "))
}

/// One of our three types, as a column of a statement has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Bytes,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Integer => "BIGINT",
            Self::Text => "TEXT",
            Self::Bytes => "BYTEA",
        }
    }
}

/// Several queries side by side: which columns of the joint rows belong to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Union {
    kinds: Vec<Kind>,
    /// For each query and each of its columns, the column of the joint rows, from 0.
    places: Vec<Vec<usize>>,
}

impl Union {
    /// For queries with such columns. Columns of one type share a place across queries.
    pub(super) fn new(queries: &[Vec<Kind>]) -> Self {
        let mut union = Self { kinds: Vec::new(), places: Vec::with_capacity(queries.len()) };
        for columns in queries {
            let mut taken = vec![false; union.kinds.len()];
            let mut places = Vec::with_capacity(columns.len());
            for kind in columns {
                let free = (0..taken.len()).find(|at| !taken[*at] && union.kinds[*at] == *kind);
                let place = free.unwrap_or_else(|| {
                    union.kinds.push(*kind);
                    taken.push(false);
                    taken.len() - 1
                });
                taken[place] = true;
                places.push(place);
            }
            union.places.push(places);
        }
        union
    }

    /// The statement: its rows begin with the number of their query.
    pub(super) fn text(&self, calls: &[Call]) -> String {
        let mut all = String::new();
        let mut before = 0;
        for (number, (call, places)) in calls.iter().zip(&self.places).enumerate() {
            if number > 0 {
                all.push_str("\nUNION ALL\n");
            }
            let _ = write!(all, "SELECT {number}::BIGINT");
            for (place, kind) in self.kinds.iter().enumerate() {
                let _ = match places.iter().position(|own| *own == place) {
                    Some(column) => write!(all, ", q.c{column}"),
                    None => write!(all, ", NULL::{}", kind.name()),
                };
            }
            let columns: Vec<String> = (0..places.len()).map(|at| format!("c{at}")).collect();
            let text = renumbered(call.statement.postgres, before);
            before += call.values.len();
            let _ = write!(all, " FROM ({}\n) AS q ({})", text.trim_end(), columns.join(", "));
        }
        all
    }

    /// The rows of each query, out of the joint ones.
    pub(super) fn apart(&self, rows: Vec<Vec<Value>>) -> Result<Vec<Done>, DatabaseError> {
        let odd = || DatabaseError::Damaged("a row belongs to no query");
        let mut done: Vec<Done> = self.places.iter().map(|_| Done::default()).collect();
        for mut row in rows {
            let Some(Value::Integer(number)) = row.first() else { return Err(odd()) };
            let number = usize::try_from(*number).map_err(|_| odd())?;
            let (places, done) =
                self.places.get(number).zip(done.get_mut(number)).ok_or_else(odd)?;
            let value = |place: &usize| std::mem::replace(&mut row[place + 1], Value::Null);
            done.rows.push(Row::new(places.iter().map(value).collect()));
            done.count += 1;
        }
        Ok(done)
    }
}

/// A statement's text with `$1` as the parameter after `before` others.
fn renumbered(text: &str, before: usize) -> String {
    let mut pieces = text.split('$');
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let _ = match number.parse::<usize>() {
            Ok(number) => write!(all, "${}{rest}", number + before),
            Err(_) => write!(all, "${piece}"),
        };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::call;
    use crate::statement as sql;

    #[test]
    fn parameters_of_later_calls_follow_those_of_earlier_ones() {
        assert_eq!(renumbered("a = $1 AND b > $12 OR c = $1", 3), "a = $4 AND b > $15 OR c = $4");
        assert_eq!(renumbered("no parameter", 3), "no parameter");
    }

    #[test]
    fn only_what_must_write_a_row_is_a_condition() {
        let calls = [
            call!(sql::CODES_REDEEM, 5_i64, &[7; 16], &[8; 32]),
            call!(sql::TOKENS_ACCESS_END, 5_i64, &[7; 16], &[8; 32]),
        ];
        let text = writes(&calls, |at| at == 0);
        assert!(text.contains("ended_at = $4 WHERE tenant_id = $5 AND digest = $6"), "{text}");
        assert!(text.ends_with("SELECT 1 + 1 / (SELECT count(*) FROM w0)"), "{text}");
        assert_eq!(values(&calls).len(), 6);
    }

    #[test]
    fn rows_of_a_union_come_back_in_their_own_columns() {
        use Kind::{Bytes, Integer, Text};
        let union = Union::new(&[vec![Text, Integer], vec![Integer, Integer, Bytes], vec![]]);
        assert_eq!(union.kinds, [Text, Integer, Integer, Bytes]);
        let number = Value::Integer;
        let rows = vec![
            vec![number(0), Value::Text("a".into()), number(1), Value::Null, Value::Null],
            vec![number(1), Value::Null, number(2), number(3), Value::Bytes(vec![4])],
            vec![number(1), Value::Null, number(5), Value::Null, Value::Null],
        ];
        let mut done = union.apart(rows).unwrap();
        assert_eq!(done.iter().map(|done| done.count).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(done[0].rows[0].value().unwrap(), Value::Text("a".into()));
        let second = &mut done[1].rows[0];
        assert_eq!(second.value().unwrap(), number(2));
        assert_eq!(second.value().unwrap(), number(3));
        assert_eq!(second.value().unwrap(), Value::Bytes(vec![4]));
        assert!(second.value().is_err());
        assert!(union.apart(vec![vec![number(9)]]).is_err());
    }
}
