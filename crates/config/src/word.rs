//! The words of an enumeration in a file, taken from the type itself, so that a new variant is known at once.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};

/// All words of `T`, in the order of its declaration. `T` is an enumeration without data in its variants.
pub(crate) fn words<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut words: &'static [&'static str] = &[];
    // The answer is in `words`; deserialising itself always stops there.
    drop(T::deserialize(Asking(&mut words)));
    words
}

/// The value that `word` stands for.
pub(crate) fn parse<'de, T: Deserialize<'de>>(word: &'de str) -> Option<T> {
    let deserializer: StrDeserializer<'de, Error> = word.into_deserializer();
    T::deserialize(deserializer).ok()
}

struct Asking<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(serde::de::Error::custom("asked for the words only"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("not an enumeration"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::client::{ClientAuth, TokenAlgorithm};

    use super::*;

    #[test]
    fn the_words_are_those_of_the_type() {
        assert_eq!(words::<TokenAlgorithm>(), ["RS256", "ES256", "EdDSA"]);
        for one in words::<ClientAuth>() {
            assert!(parse::<ClientAuth>(one).is_some(), "{one}");
        }
        assert_eq!(parse::<ClientAuth>("basic"), None);
        assert!(words::<String>().is_empty());
    }
}
