//! Lines and white space around nodes: what a rewriter needs to keep a multi-line layout.

use ruff_python_ast::ExprCall;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::context::Context;
use super::{Leave, Outcome};

impl Context<'_> {
    /// The white space that the line of `offset` starts with.
    pub fn indentation(&self, offset: TextSize) -> &str {
        let line = &self.text[self.line_start(offset).to_usize()..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// The start of the line of `offset`, behind a form feed.
    pub fn line_start(&self, offset: TextSize) -> TextSize {
        let before = &self.text[..offset.to_usize()];
        let start = before.rfind(['\n', '\r', '\u{c}', '\u{feff}']);
        let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        TextSize::try_from(start).expect("a file that parses is below 4 GB")
    }

    /// One level of indentation: that of the first indented line.
    pub fn indentation_unit(&self) -> &str {
        let indent = self.tokens.iter().find(|token| token.kind() == TokenKind::Indent);
        let unit = indent.map_or("    ", |token| self.text[token.range().to_std_range()].trim_start_matches('\u{c}'));
        if unit.is_empty() { "    " } else { unit }
    }

    /// The end of the blanks and tabs that start at `offset`.
    pub fn skip_blanks(&self, offset: TextSize) -> TextSize {
        let rest = &self.text[offset.to_usize()..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        offset + TextSize::try_from(blanks).expect("a file that parses is below 4 GB")
    }

    /// The start of the line behind that of `offset`.
    pub fn skip_line(&self, offset: TextSize) -> TextSize {
        let rest = &self.text[offset.to_usize()..];
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let newline = if rest[end..].starts_with("\r\n") { 2 } else { usize::from(end < rest.len()) };
        offset + TextSize::try_from(end + newline).expect("a file that parses is below 4 GB")
    }

    /// `range`, and the blanks behind it unless they end the line.
    pub fn with_blanks(&self, range: TextRange) -> TextRange {
        let end = self.skip_blanks(range.end());
        let ends_line = self.text[end.to_usize()..].starts_with(['\n', '\r', '#', '\\']);
        if ends_line { range } else { TextRange::new(range.start(), end) }
    }

    /// `range`, and the comment behind it on the same line.
    pub fn with_trailing_comment(&self, range: TextRange) -> TextRange {
        let comment = self.tokens.after(range.end()).first().filter(|token| token.kind() == TokenKind::Comment);
        comment.map_or(range, |comment| TextRange::new(range.start(), comment.end()))
    }

    /// The start of the comments on lines of their own right above the line of `offset`, else `offset`.
    pub fn attached_comments(&self, offset: TextSize) -> TextSize {
        let mut start = offset;
        for token in self.tokens.before(offset).iter().rev() {
            match token.kind() {
                TokenKind::Comment => {
                    let between = &self.text[token.end().to_usize()..start.to_usize()];
                    let own_line = self.skip_blanks(self.line_start(token.start())) == token.start();
                    if !own_line
                        || between.trim_start_matches("\r\n").trim_start_matches(['\n', '\r']).contains(['\n', '\r'])
                    {
                        break;
                    }
                    start = token.start();
                }
                TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent => {}
                _ => break,
            }
        }
        start
    }

    /// True when a line break in `range` stands in no brackets that close in it, so that it needs brackets around it.
    pub fn needs_brackets(&self, range: TextRange) -> bool {
        let mut depth = 0_usize;
        self.tokens.in_range(range).iter().rev().any(|token| {
            match token.kind() {
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth += 1,
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.kind() == TokenKind::NonLogicalNewline
        })
    }

    /// Takes up to `count` blanks or tabs from the start of each line that begins inside `range`.
    pub fn dedent(&mut self, change: usize, range: TextRange, count: usize) {
        let tokens = self.tokens.in_range(range);
        for pair in tokens.windows(2) {
            if pair[0].kind().is_any_newline() {
                let blanks = self.skip_blanks(pair[0].end()) - pair[0].end();
                let count = TextSize::try_from(count).map_or(blanks, |count| count.min(blanks));
                self.edits.dedent(change, TextRange::at(pair[0].end(), count));
            }
        }
    }

    /// Takes from `kept` the indentation that the line of `inner` has more than that of `outer`.
    pub fn dedent_to(&mut self, change: usize, kept: TextRange, inner: TextSize, outer: TextSize) {
        let count = self.indentation(inner).len().saturating_sub(self.indentation(outer).len());
        self.dedent(change, kept, count);
    }

    /// Reduces `call` to the part `kept` of its arguments, with `open` and `close` around it. Where a comment would go, or
    /// `kept` needs brackets for its line breaks, the parentheses of the call stay as grouping parentheses.
    pub fn reduce(&mut self, change: usize, call: &ExprCall, kept: TextRange, open: &str, close: &str) {
        let before = TextRange::new(call.start(), kept.start());
        let after = TextRange::new(kept.end(), call.end());
        let open = self.spaced_before(call.start(), open, kept.start());
        if self.has_comment(before) || self.has_comment(after) || self.needs_brackets(kept) {
            self.edits.replace(change, TextRange::new(call.start(), call.arguments.start()), open);
            self.delete_tokens(change, TextRange::new(call.arguments.inner_range().start(), kept.start()));
            self.delete_tokens(change, TextRange::new(kept.end(), call.arguments.inner_range().end()));
            self.edits.close(change, call.range(), close);
        } else {
            self.edits.replace(change, before, open);
            self.edits.replace(change, after, close);
            let argument = call.arguments.args.iter().find(|argument| argument.range().contains_range(kept));
            self.dedent_to(change, kept, argument.map_or(kept.start(), Ranged::start), call.start());
        }
    }

    /// Deletes the tokens of `range` and the blanks behind them; comments and line breaks stay.
    pub fn delete_tokens(&mut self, change: usize, range: TextRange) {
        for token in self.tokens.in_range(range) {
            if !token.kind().is_trivia() {
                let end = self.with_blanks(token.range()).end().min(range.end());
                self.edits.delete(change, TextRange::new(token.start(), end));
            }
        }
    }

    /// Leaves a call whose callee has a comment inside: the callee would go.
    pub fn check_callee(&self, call: &ExprCall) -> Outcome {
        let callee = TextRange::new(call.start(), call.arguments.start());
        if self.has_comment(callee) { Err(Leave::CommentInside) } else { Ok(()) }
    }

    /// `word` in the place of text that started at `start`, before the text at `next`: with a blank where they would join.
    pub fn spaced_before(&self, start: TextSize, word: &str, next: TextSize) -> String {
        use super::context::is_identifier;
        let joins = word.is_empty() && self.text[next.to_usize()..].starts_with(is_identifier);
        if joins && self.text[..start.to_usize()].ends_with(is_identifier) {
            return " ".to_owned();
        }
        self.spaced(start, word)
    }
}
