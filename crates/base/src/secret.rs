//! Secrets that cannot be printed, copied or compared by accident.

use std::marker::PhantomData;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A value that must not leave the process by accident: no Debug, Display, Serialize or Clone;
/// zeroed on drop; byte-like secrets compare in constant time (for equal lengths).
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Put a value under guard.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Look at the value. The call site is the place to review.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

/// Authenticated ciphertext of a `T`: what the database and the browser may keep. Opened by `keys`.
pub struct Sealed<T: ?Sized> {
    bytes: Vec<u8>,
    kind: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Sealed<T> {
    /// Name bytes as sealed; that they are authentic shows only when they are opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The ciphertext.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The ciphertext, by value.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl<T: ?Sized> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.bytes.clone())
    }
}

impl<T: ?Sized> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T: ?Sized> std::fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.bytes.len())
    }
}
