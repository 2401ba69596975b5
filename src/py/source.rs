//! Python source as bytes: which encoding a file declares, its text, and the same bytes back.
//!
//! Everything that [`decode`] accepts comes back byte for byte from [`Source::encode`]; what could not come back is refused.

mod depth;

use std::borrow::Cow;
use std::fmt;

pub use depth::too_deep;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The text of a file, without its byte order mark, and what it takes to write it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub text: String,
    pub encoding: Encoding,
    /// The file starts with the UTF-8 byte order mark.
    pub bom: bool,
}

/// How the bytes of a file spell its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Ascii,
    /// ISO 8859-1, all 256 bytes. `encoding_rs` takes the name for windows-1252, as the web does, so it is done by hand.
    Latin1,
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "iso-8859-1",
            Encoding::Other(encoding) => encoding.name(),
        }
    }
}

/// Why the bytes are not taken for Python source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A UTF-16 or UTF-32 byte order mark, or a cookie that names one of them.
    Utf16,
    /// Offset of the first NUL byte.
    Nul(usize),
    /// The cookie names an encoding that we do not know, or cannot write back.
    Unknown(String),
    /// A UTF-8 byte order mark, but the cookie says otherwise.
    BomConflict(String),
    /// The bytes from `offset` on are not what `encoding` allows.
    Invalid { encoding: &'static str, offset: usize },
    /// Over 4 GiB: offsets have 32 bits.
    TooLarge,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Utf16 => {
                write!(f, "the file is UTF-16 or UTF-32, which Python does not read as source; save it as UTF-8")
            }
            DecodeError::Nul(offset) => write!(f, "NUL byte at offset {offset}: this is not Python source"),
            DecodeError::Unknown(name) => write!(f, "the encoding `{name}` is not supported; save the file as UTF-8"),
            DecodeError::BomConflict(name) => {
                write!(
                    f,
                    "the file starts with a UTF-8 byte order mark, but its cookie says `{name}`; remove one of them"
                )
            }
            DecodeError::Invalid { encoding, offset } => {
                write!(
                    f,
                    "the byte at offset {offset} is not valid `{encoding}`; declare the encoding in the first two lines (PEP 263)"
                )
            }
            DecodeError::TooLarge => write!(f, "the file is over 4 GiB"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The encoding of the file has no bytes for `character`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    pub encoding: &'static str,
    pub character: Option<char>,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.character {
            Some(character) => write!(f, "`{}` has no bytes for the character `{character}`", self.encoding),
            None => write!(f, "the text cannot be written as `{}`", self.encoding),
        }
    }
}

impl std::error::Error for EncodeError {}

/// Reads the bytes of a Python file as Python does: byte order mark, PEP 263 cookie, else UTF-8.
pub fn decode(bytes: &[u8]) -> Result<Source, DecodeError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(DecodeError::TooLarge);
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(DecodeError::Utf16);
    }
    if let Some(offset) = memchr::memchr(0, bytes) {
        return Err(DecodeError::Nul(offset));
    }
    let bom = bytes.starts_with(UTF8_BOM);
    let content = if bom { &bytes[UTF8_BOM.len()..] } else { bytes };
    let encoding = match cookie(content) {
        Some(name) => named(&name)?,
        None => Encoding::Utf8,
    };
    if bom && encoding != Encoding::Utf8 {
        return Err(DecodeError::BomConflict(encoding.name().to_string()));
    }
    let source = Source { text: text(content, encoding, bytes.len() - content.len())?, encoding, bom };
    // Some encodings spell one character in two ways (Shift_JIS, escape sequences of ISO-2022-JP): those bytes would not come back.
    if matches!(encoding, Encoding::Other(_)) && source.encode(&source.text).as_deref() != Ok(bytes) {
        return Err(DecodeError::Unknown(encoding.name().to_string()));
    }
    // The encoders of a few legacy encodings grow the text: the limit counts for the text too.
    if u32::try_from(source.text.len()).is_err() { Err(DecodeError::TooLarge) } else { Ok(source) }
}

impl Source {
    /// The bytes of `text` (the same file after edits) in the encoding of this file.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, EncodeError> {
        let bytes = encode(text, self.encoding)?;
        Ok(if self.bom { [UTF8_BOM, &bytes].concat() } else { bytes.into_owned() })
    }
}

/// The bytes of `text` in `encoding`, without a byte order mark.
pub fn encode(text: &str, encoding: Encoding) -> Result<Cow<'_, [u8]>, EncodeError> {
    match encoding {
        Encoding::Utf8 => Ok(Cow::Borrowed(text.as_bytes())),
        Encoding::Ascii => narrow(text, encoding, 0x7f),
        Encoding::Latin1 => narrow(text, encoding, 0xff),
        Encoding::Other(other) => match other.encode(text) {
            (bytes, _, false) => Ok(bytes),
            (_, _, true) => Err(EncodeError { encoding: other.name(), character: first_unmappable(text, other) }),
        },
    }
}

fn narrow(text: &str, encoding: Encoding, last: u8) -> Result<Cow<'_, [u8]>, EncodeError> {
    let byte = |character| match u8::try_from(u32::from(character)) {
        Ok(byte) if byte <= last => Ok(byte),
        _ => Err(EncodeError { encoding: encoding.name(), character: Some(character) }),
    };
    text.chars().map(byte).collect::<Result<Vec<u8>, _>>().map(Cow::Owned)
}

fn first_unmappable(text: &str, encoding: &'static encoding_rs::Encoding) -> Option<char> {
    text.chars().find(|character| encoding.encode(character.encode_utf8(&mut [0; 4])).2)
}

fn text(bytes: &[u8], encoding: Encoding, skipped: usize) -> Result<String, DecodeError> {
    let invalid = |offset| DecodeError::Invalid { encoding: encoding.name(), offset: offset + skipped };
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).map(str::to_string).map_err(|error| invalid(error.valid_up_to())),
        Encoding::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
            None => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            Some(offset) => Err(invalid(offset)),
        },
        Encoding::Latin1 => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
        Encoding::Other(other) => match other.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => Ok(text.into_owned()),
            None => Err(invalid(bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0))),
        },
    }
}

/// The encoding that Python means by `name` (PEP 263, `tokenize.detect_encoding`).
fn named(name: &str) -> Result<Encoding, DecodeError> {
    let normal = name.to_ascii_lowercase().replace('_', "-");
    let is = |names: &[&str]| {
        names
            .iter()
            .any(|known| normal == *known || normal.strip_prefix(known).is_some_and(|rest| rest.starts_with('-')))
    };
    if is(&["utf-8"]) || matches!(normal.as_str(), "utf8" | "u8" | "utf8-sig" | "cp65001") {
        return Ok(Encoding::Utf8);
    }
    if is(&["latin-1", "iso-8859-1", "iso-latin-1"])
        || matches!(normal.as_str(), "latin1" | "latin" | "l1" | "8859" | "cp819" | "iso8859-1" | "iso8859")
    {
        return Ok(Encoding::Latin1);
    }
    if matches!(normal.as_str(), "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968") {
        return Ok(Encoding::Ascii);
    }
    if normal.starts_with("utf-16") || normal.starts_with("utf-32") || matches!(normal.as_str(), "utf16" | "utf32") {
        return Err(DecodeError::Utf16);
    }
    let label = match normal.as_str() {
        "cp932" | "ms932" | "mskanji" | "ms-kanji" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp949" | "ms949" | "uhc" => "euc-kr",
        "cp950" | "ms950" => "big5",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        other => other,
    };
    let found = encoding_rs::Encoding::for_label(label.as_bytes()).filter(|found| found.is_ascii_compatible());
    found.map(Encoding::Other).ok_or_else(|| DecodeError::Unknown(name.to_string()))
}

/// The encoding cookie of the first two lines; the second counts only when the first is blank or a comment.
fn cookie(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split(|&byte| byte == b'\n' || byte == b'\r');
    let first = lines.next()?;
    if let Some(name) = cookie_in(first) {
        return Some(name);
    }
    if !matches!(trim(first), [] | [b'#', ..]) {
        return None;
    }
    // The `\n` of `\r\n` ends an empty line of its own here.
    let rest = &bytes[first.len()..];
    let next = if rest.starts_with(b"\r\n") { lines.nth(1)? } else { lines.next()? };
    cookie_in(next)
}

/// `^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)`
fn cookie_in(line: &[u8]) -> Option<String> {
    let comment = trim(line).strip_prefix(b"#")?;
    memchr::memmem::find_iter(comment, b"coding").find_map(|at| {
        let [b':' | b'=', value @ ..] = &comment[at + b"coding".len()..] else { return None };
        let value = value.trim_ascii_start();
        let length = value.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        (length > 0).then(|| String::from_utf8_lossy(&value[..length]).into_owned())
    })
}

fn trim(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !b" \t\x0c".contains(byte)).unwrap_or(line.len());
    &line[start..]
}

#[cfg(test)]
mod tests;
