//! Bounds that hold everywhere: what anonymous input may cost.

/// Longest request body that a form or token endpoint reads, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest header block of a request, in bytes.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Longest password that is looked at, in bytes of UTF-8; longer ones are refused with the reason.
pub const PASSWORD_BYTES_MAX: usize = 4096;
/// Longest user name as typed, in bytes of UTF-8.
pub const USERNAME_BYTES_MAX: usize = 320;
/// Longest sealed request that may travel in a URL, in bytes of its text form.
pub const SEALED_REQUEST_BYTES_MAX: usize = 2048;
/// Longest sealed request that may travel in a cookie (requests that came by POST), in bytes.
pub const SEALED_COOKIE_BYTES_MAX: usize = 3072;
/// A sign-in attempt ends after this many seconds.
pub const ATTEMPT_SECONDS_MAX: i64 = 600;
/// A code that was sent by mail is good for so many seconds.
pub const MAIL_CODE_SECONDS: u32 = 300;
/// Codes that are sent by mail in one attempt at most.
pub const MAIL_CODES_MAX: u32 = 5;
/// Decision rounds of one request: a check's verdict leads to another decision, but not for ever.
pub const ROUNDS_MAX: usize = 8;
/// Nodes' clocks may differ by this many seconds: what another node wrote a moment ago may lie that far ahead
/// of now, and is taken as made now.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 30;
