//! A guard before the parser: text that nests so deep that a recursive visitor would overflow the stack.

/// Open brackets; CPython itself refuses over 200.
const MAX_BRACKETS: usize = 200;
/// Indentation levels; CPython itself refuses over 100.
const MAX_INDENTS: usize = 100;
/// Operators, dots, calls and keywords that may nest into one another, summed over all open brackets (`a + b + c` is two
/// levels of nodes, `not not x` too).
const MAX_CHAIN: usize = 1_000;

/// True when `text` may nest deeper than a main thread's stack (8 MB) carries. One pass over the bytes, no allocation to speak of;
/// it errs on the side of `true`, at counts that no code written by hand comes near.
pub fn too_deep(text: &str) -> bool {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, frames: vec![Frame::default()], chain: 0, indents: vec![0] };
    scan.at_line_start() || scan.run()
}

/// One open bracket (the first frame is the statement itself).
#[derive(Default)]
struct Frame {
    /// Nesting tokens since the last comma.
    chain: usize,
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    /// Sum of the chains of all frames.
    chain: usize,
    indents: Vec<usize>,
}

impl Scan<'_> {
    fn run(&mut self) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            let deep = match byte {
                b'#' => self.comment(),
                b'\'' | b'"' => self.string(false),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
                b'(' | b'[' | b'{' => self.open(),
                b')' | b']' | b'}' => self.close(),
                b',' | b';' => self.reset(),
                b'\n' | b'\r' => self.newline(),
                b'\\' => self.skip(if self.bytes[self.at..].starts_with(b"\\\r\n") { 3 } else { 2 }),
                b'0'..=b'9' | 0x80.. => self.number(),
                b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'='
                | b'!' => self.operator(),
                _ => self.skip(1),
            };
            if deep {
                return true;
            }
        }
        false
    }

    fn skip(&mut self, count: usize) -> bool {
        self.at += count;
        false
    }

    fn comment(&mut self) -> bool {
        self.at =
            memchr::memchr2(b'\n', b'\r', &self.bytes[self.at..]).map_or(self.bytes.len(), |length| self.at + length);
        false
    }

    fn link(&mut self) -> bool {
        self.chain += 1;
        if let Some(frame) = self.frames.last_mut() {
            frame.chain += 1;
        }
        self.chain > MAX_CHAIN
    }

    fn reset(&mut self) -> bool {
        if let Some(frame) = self.frames.last_mut() {
            self.chain -= std::mem::take(&mut frame.chain);
        }
        self.skip(1)
    }

    fn open(&mut self) -> bool {
        self.at += 1;
        let deep = self.link();
        self.frames.push(Frame::default());
        deep || self.frames.len() > MAX_BRACKETS
    }

    fn close(&mut self) -> bool {
        if self.frames.len() > 1
            && let Some(frame) = self.frames.pop()
        {
            self.chain -= frame.chain;
        }
        self.skip(1)
    }

    /// `**`, `<=` and the like are one operator; unary operators (`--x`, `~~x`) are one each.
    fn operator(&mut self) -> bool {
        let byte = self.bytes[self.at];
        self.at += 1;
        if !matches!(byte, b'+' | b'-' | b'~') {
            while self.bytes.get(self.at).is_some_and(|next| b"*/<>=".contains(next)) {
                self.at += 1;
            }
        }
        self.link()
    }

    fn number(&mut self) -> bool {
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | 0x80..))
        {
            self.at += 1;
        }
        false
    }

    fn word(&mut self) -> bool {
        let start = self.at;
        self.identifier();
        let word = &self.bytes[start..self.at];
        if matches!(self.bytes.get(self.at), Some(b'\'' | b'"')) && word.len() <= 2 {
            return self.string(word.iter().any(|byte| b"fFtT".contains(byte)));
        }
        let nests: [&[u8]; 11] =
            [b"not", b"await", b"lambda", b"if", b"else", b"and", b"or", b"in", b"is", b"yield", b"for"];
        nests.contains(&word) && self.link()
    }

    fn identifier(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x80..))
        {
            self.at += 1;
        }
    }

    /// Skips a string. Brackets inside an f-string count, and are balanced again at its end.
    fn string(&mut self, formatted: bool) -> bool {
        let quote = self.bytes[self.at];
        let triple = self.bytes[self.at..].starts_with(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        let frames = self.frames.len();
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' | b'\r' if !triple => break,
                _ if byte == quote && (!triple || self.bytes[self.at..].starts_with(&[quote; 3])) => {
                    self.at += if triple { 3 } else { 1 };
                    break;
                }
                b'(' | b'[' | b'{' if formatted => {
                    if self.open() {
                        return true;
                    }
                }
                b'.' | b'+' | b'-' | b'*' | b'~' | b' ' if formatted => {
                    self.at += 1;
                    if self.frames.len() > frames && self.link() {
                        return true;
                    }
                }
                b')' | b']' | b'}' if formatted && self.frames.len() > frames => {
                    self.close();
                }
                _ => self.at += 1,
            }
        }
        while self.frames.len() > frames {
            self.close_frame();
        }
        false
    }

    fn close_frame(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.chain -= frame.chain;
        }
    }

    fn newline(&mut self) -> bool {
        self.at += 1;
        if self.frames.len() > 1 {
            return false;
        }
        self.at -= 1;
        self.reset();
        self.at_line_start()
    }

    /// Measures the indentation of the line that starts here, if it is neither blank nor a comment.
    fn at_line_start(&mut self) -> bool {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|byte| b" \t\x0c".contains(byte)) {
            self.at += 1;
        }
        if matches!(self.bytes.get(self.at), None | Some(b'#' | b'\n' | b'\r')) {
            return false;
        }
        let column = self.at - start;
        while self.indents.last().is_some_and(|&indent| indent > column) {
            self.indents.pop();
        }
        if self.indents.last() != Some(&column) {
            self.indents.push(column);
        }
        self.indents.len() > MAX_INDENTS + 1
    }
}
