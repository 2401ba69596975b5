//! Ways to break a text, generated systematically from its tokens and its tree.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::edit::FileEdits;

/// One mutation: `place` of the text is replaced by `with`.
pub(super) struct Mutation {
    pub kind: &'static str,
    pub place: TextRange,
    pub with: String,
    pub text: String,
}

struct Mutator<'a> {
    text: &'a str,
    found: Vec<Mutation>,
}

/// All mutations of `text`, which must parse.
pub(super) fn mutations(text: &str) -> Vec<Mutation> {
    let parsed = parse_module(text).expect("the new text parses");
    let mut mutator = Mutator { text, found: Vec::new() };
    let tokens: Vec<Token> = parsed.tokens().iter().copied().filter(|token| !token.range().is_empty()).collect();
    for (index, token) in tokens.iter().enumerate() {
        mutator.token(token, tokens.get(index + 1));
        mutator.moved_await(&tokens, index);
    }
    mutator.spaces();
    mutator.visit_body(parsed.suite());
    mutator.found
}

/// True when the edit itself is the only record of what the mutation changed: layout inside of an edit, or nothing.
pub(super) fn says_so_itself(edits: &FileEdits, broken: &FileEdits, mutation: &Mutation) -> bool {
    edits.edits == broken.edits || mutation.kind == "change whitespace"
}

impl Mutator<'_> {
    fn slice(&self, range: TextRange) -> &str {
        &self.text[range.start().to_usize()..range.end().to_usize()]
    }

    fn add(&mut self, kind: &'static str, place: TextRange, with: impl Into<String>) {
        let with = with.into();
        let mut text = self.text.to_string();
        text.replace_range(place.start().to_usize()..place.end().to_usize(), &with);
        if text != self.text {
            self.found.push(Mutation { kind, place, with, text });
        }
    }

    /// The token and the blanks behind it.
    fn with_blanks(&self, range: TextRange) -> TextRange {
        let rest = &self.text[range.end().to_usize()..];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        TextRange::new(range.start(), range.end() + TextSize::try_from(blanks).expect("short"))
    }

    fn token(&mut self, token: &Token, next: Option<&Token>) {
        let range = token.range();
        let content = self.slice(range).to_string();
        match token.kind() {
            TokenKind::Await => self.add("drop an await", self.with_blanks(range), ""),
            TokenKind::Async => self.add("drop an async", self.with_blanks(range), ""),
            TokenKind::Name => self.add("rename a name", range, format!("{content}_x")),
            TokenKind::Int => self.add("change a literal", range, format!("{content}1")),
            TokenKind::String if content.len() > 2 => {
                self.add("change a literal", range, format!("{}Z{}", &content[..1], &content[1..]));
            }
            TokenKind::Comment => {
                self.add("delete a comment", range, "");
                self.add("change a comment", range, format!("{content}!"));
                if let Some(next) = next.filter(|next| next.kind() == TokenKind::Newline) {
                    self.add("move a comment", TextRange::new(range.start(), next.end()), format!("\n{content}\n"));
                }
            }
            TokenKind::Def => self.add("add an async", TextRange::empty(range.start()), "async "),
            TokenKind::Not => self.add("delete a not", self.with_blanks(range), ""),
            TokenKind::EqEqual => self.add("change an operator", range, "!="),
            TokenKind::Plus | TokenKind::Star => self.add("change an operator", range, "-"),
            TokenKind::And => self.add("change an operator", range, "or"),
            _ => {}
        }
    }

    /// Takes the `await` away and gives it to another operand of the same line.
    fn moved_await(&mut self, tokens: &[Token], index: usize) {
        if tokens[index].kind() != TokenKind::Await {
            return;
        }
        let from = self.with_blanks(tokens[index].range());
        let line = tokens[index + 1..].iter().take_while(|token| token.kind() != TokenKind::Newline);
        let previous = |at: usize| tokens.get(at.wrapping_sub(1)).map(Token::kind);
        let operands = line.enumerate().skip(1).filter(|(offset, token)| {
            token.kind() == TokenKind::Name && previous(index + 1 + offset) != Some(TokenKind::Dot)
        });
        let targets: Vec<TextSize> = operands.map(|(_, token)| token.start()).collect();
        for target in targets {
            let place = TextRange::new(from.start(), target);
            let between = self.slice(TextRange::new(from.end(), target)).to_string();
            self.add("await another operand", place, format!("{between}await "));
        }
    }

    fn spaces(&mut self) {
        let blanks: Vec<usize> = self.text.match_indices(' ').map(|(at, _)| at).collect();
        for at in blanks {
            let at = TextSize::try_from(at).expect("short");
            self.add("change whitespace", TextRange::empty(at), " ");
        }
        let end = TextSize::try_from(self.text.len()).expect("short");
        self.add("change whitespace", TextRange::empty(end), "\n");
    }
}

impl Visitor<'_> for Mutator<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.add("delete an import", stmt.range(), "pass"),
            _ => self.add("delete a statement", stmt.range(), "pass"),
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if let Expr::Call(call) = expr {
            let arguments: Vec<TextRange> =
                call.arguments.iter_source_order().map(|argument| argument.range()).collect();
            for pair in arguments.windows(2) {
                let between = TextRange::new(pair[0].end(), pair[1].start());
                let swapped = [pair[1], between, pair[0]].map(|range| self.slice(range).to_string()).concat();
                self.add("swap two arguments", pair[0].cover(pair[1]), swapped);
            }
            if let [argument] = arguments.as_slice() {
                self.add("delete an argument", *argument, "");
            }
        }
        walk_expr(self, expr);
    }
}
