//! Values that both databases have: BIGINT, TEXT, BYTEA/BLOB and NULL; and rows of them.

use sekimori_base::{Sealed, Timestamp};

use crate::database::DatabaseError;

/// One value of a statement or a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// BYTEA or BLOB.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Integer(moment.unix_millis())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        // PostgreSQL's TEXT holds any character but this one.
        if text.contains('\0') {
            return Self::Text(text.replace('\0', "\u{FFFD}"));
        }
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&Sealed<[u8]>> for Value {
    fn from(sealed: &Sealed<[u8]>) -> Self {
        Self::Bytes(sealed.bytes().to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// A row, read from left to right.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next value as it is.
    pub(crate) fn value(&mut self) -> Result<Value, DatabaseError> {
        self.0.next().ok_or(DatabaseError::Damaged("a row is too short"))
    }

    /// The next value, a BIGINT.
    pub(crate) fn integer(&mut self) -> Result<i64, DatabaseError> {
        match self.value()? {
            Value::Integer(number) => Ok(number),
            _ => Err(DatabaseError::Damaged("a number was expected")),
        }
    }

    /// The next value, a BIGINT that is not negative.
    pub(crate) fn natural(&mut self) -> Result<u64, DatabaseError> {
        u64::try_from(self.integer()?).map_err(|_| DatabaseError::Damaged("a number is negative"))
    }

    /// The next value, a small BIGINT.
    pub(crate) fn small<T: TryFrom<i64>>(&mut self) -> Result<T, DatabaseError> {
        T::try_from(self.integer()?).map_err(|_| DatabaseError::Damaged("a number is too large"))
    }

    /// The next value, a BIGINT or NULL.
    pub(crate) fn maybe_integer(&mut self) -> Result<Option<i64>, DatabaseError> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(number)),
            _ => Err(DatabaseError::Damaged("a number was expected")),
        }
    }

    /// The next value, a moment.
    pub(crate) fn moment(&mut self) -> Result<Timestamp, DatabaseError> {
        self.integer().map(Timestamp::from_unix_millis)
    }

    /// The next value, a moment or NULL.
    pub(crate) fn maybe_moment(&mut self) -> Result<Option<Timestamp>, DatabaseError> {
        Ok(self.maybe_integer()?.map(Timestamp::from_unix_millis))
    }

    /// The next value, a TEXT.
    pub(crate) fn text(&mut self) -> Result<String, DatabaseError> {
        match self.value()? {
            Value::Text(text) => Ok(text),
            _ => Err(DatabaseError::Damaged("a text was expected")),
        }
    }

    /// The next value, a TEXT or NULL.
    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, DatabaseError> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(DatabaseError::Damaged("a text was expected")),
        }
    }

    /// The next value, bytes.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, DatabaseError> {
        match self.value()? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(DatabaseError::Damaged("bytes were expected")),
        }
    }

    /// The next value, bytes or NULL.
    pub(crate) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(DatabaseError::Damaged("bytes were expected")),
        }
    }

    /// The next value, exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DatabaseError> {
        exact(self.bytes()?)
    }

    /// The next value, exactly `N` bytes or NULL.
    pub(crate) fn maybe_array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, DatabaseError> {
        self.maybe_bytes()?.map(exact).transpose()
    }

    /// The next value, sealed bytes.
    pub(crate) fn sealed(&mut self) -> Result<Sealed<[u8]>, DatabaseError> {
        self.bytes().map(Sealed::from_bytes)
    }

    /// The next value, the JSON form of a `T`.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, DatabaseError> {
        from_json(&self.text()?)
    }
}

fn exact<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], DatabaseError> {
    bytes.try_into().map_err(|_| DatabaseError::Damaged("an id has another length"))
}

/// A stored JSON text.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DatabaseError> {
    serde_json::from_str(text).map_err(DatabaseError::Json)
}

/// A word of one of our enumerations, as serde spells it (`inside_with_password`).
pub(crate) fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, DatabaseError> {
    use serde::de::IntoDeserializer;
    let reader: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        word.into_deserializer();
    T::deserialize(reader).map_err(|_| DatabaseError::Damaged("a word is unknown"))
}

/// The JSON of a value of ours, which always has one.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our types have string keys and plain values")
}

/// The word of one of our enumerations, as serde spells it.
pub(crate) fn to_word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
