//! Reads a parsed TOML document field by field and collects what is wrong with it, each with its place.
//!
//! Serde stops at the first error and does not know which keys would have been right; a config file deserves better.

use std::ops::Range;
use std::path::Path;

use clap::ValueEnum;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Names;
use super::globs::name_glob;
use crate::error::Problem;

/// A TOML value with its byte range.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A string with its byte range.
pub(super) type Text = Spanned<String>;

/// The document that is being read and what was wrong with it so far.
pub(super) struct Reader<'t> {
    path: &'t Path,
    text: &'t str,
    problems: Vec<Problem>,
}

/// The entries of one table under their canonical keys; unknown ones are gone and reported.
pub(super) struct Fields<'v, 't> {
    found: Vec<(&'static str, &'v Value<'t>)>,
    has_unknown: bool,
}

impl<'v, 't> Fields<'v, 't> {
    /// The value under `key`, if the table has one.
    pub(super) fn get(&self, key: &str) -> Option<&'v Value<'t>> {
        self.found.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }
}

impl<'t> Reader<'t> {
    /// A reader of `text`, which is the contents of `path`.
    pub(super) fn new(path: &'t Path, text: &'t str) -> Self {
        Self { path, text, problems: Vec::new() }
    }

    /// What was wrong, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }

    /// True when something was wrong.
    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The document, or `None` (and a problem) when it is not TOML.
    pub(super) fn document(&mut self) -> Option<DeTable<'t>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.problem(&error.span().unwrap_or(0..0), format!("not valid TOML: {}", error.message()));
        }
        errors.is_empty().then(|| document.into_inner())
    }

    /// Notes that the text at `span` is wrong.
    pub(super) fn problem(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at_offset(self.path, self.text, span.start, message));
    }

    /// The place of the text at `span`, as a remark without words.
    pub(super) fn place(&self, span: &Range<usize>) -> Problem {
        Problem::at_offset(self.path, self.text, span.start, "")
    }

    /// Notes that the table at `span` lacks a key, unless it has an unknown one, which is then the mistake.
    pub(super) fn missing(&mut self, span: &Range<usize>, fields: &Fields<'_, 't>, message: &str) {
        if !fields.has_unknown {
            self.problem(span, message);
        }
    }

    /// Notes what is wrong with the file as a whole.
    pub(super) fn whole_file(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::whole_file(self.path, message));
    }

    /// Sorts the entries of `table` under the `known` keys. `-` and `_` are the same; other keys are problems.
    pub(super) fn fields<'v>(&mut self, table: &'v DeTable<'t>, known: &[&'static str]) -> Fields<'v, 't> {
        let mut fields = Fields { found: Vec::new(), has_unknown: false };
        for (key, value) in table {
            let written = key.get_ref().as_ref();
            match known.iter().find(|name| same_key(name, written)) {
                None => {
                    fields.has_unknown = true;
                    let hint = suggestion(written, known.iter().copied(), "the keys here are");
                    self.problem(&key.span(), format!("unknown key `{written}`{hint}"));
                }
                Some(name) if fields.get(name).is_some() => {
                    self.problem(&key.span(), format!("`{name}` is set twice; keep one"));
                }
                Some(name) => fields.found.push((name, value)),
            }
        }
        fields
    }

    /// The string under `key`.
    pub(super) fn string(&mut self, fields: &Fields<'_, 't>, key: &str) -> Option<Text> {
        let value = fields.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(Spanned::new(value.span(), text.to_owned())),
            None => self.wrong_type(key, value, "a string"),
        }
    }

    /// The string or list of strings under `key`.
    pub(super) fn strings(&mut self, fields: &Fields<'_, 't>, key: &str) -> Option<Vec<Text>> {
        let value = fields.get(key)?;
        if let Some(text) = value.get_ref().as_str() {
            return Some(vec![Spanned::new(value.span(), text.to_owned())]);
        }
        let Some(items) = value.get_ref().as_array() else {
            return self.wrong_type(key, value, "a string or a list of strings");
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Spanned::new(item.span(), text.to_owned())),
                None => self.wrong_type::<()>(key, item, "strings").unwrap_or_default(),
            }
        }
        Some(texts)
    }

    /// The boolean under `key`.
    pub(super) fn boolean(&mut self, fields: &Fields<'_, 't>, key: &str) -> Option<bool> {
        let value = fields.get(key)?;
        value.get_ref().as_bool().or_else(|| self.wrong_type(key, value, "`true` or `false`"))
    }

    /// The word of a closed set under `key`.
    pub(super) fn word<T: ValueEnum>(&mut self, fields: &Fields<'_, 't>, key: &str) -> Option<T> {
        let text = self.string(fields, key)?;
        let variants = T::value_variants();
        let names: Vec<String> =
            variants.iter().filter_map(T::to_possible_value).map(|value| value.get_name().to_owned()).collect();
        let found = names.iter().position(|name| name == text.get_ref());
        if found.is_none() {
            let hint = suggestion(text.get_ref(), names.iter().map(String::as_str), "it is one of");
            self.problem(&text.span(), format!("`{key}` cannot be `{}`{hint}", text.get_ref()));
        }
        variants.get(found?).cloned()
    }

    /// The name globs under `key`, every one compiled.
    pub(super) fn names(&mut self, fields: &Fields<'_, 't>, key: &str) -> Option<Names> {
        let texts = self.strings(fields, key)?;
        let mut sound = true;
        for text in &texts {
            if let Err(message) = name_glob(text.get_ref()) {
                self.problem(&text.span(), format!("`{key}`: {message}"));
                sound = false;
            }
        }
        if !sound {
            return None;
        }
        match Names::new(texts.iter().map(|text| text.get_ref().clone())) {
            Ok(names) => Some(names),
            Err(message) => {
                self.problem(&fields.get(key)?.span(), format!("`{key}`: {message}"));
                None
            }
        }
    }

    /// The tables of `[[key]]`, each with its byte range.
    pub(super) fn tables<'v>(&mut self, fields: &Fields<'v, 't>, key: &str) -> Vec<(Range<usize>, &'v DeTable<'t>)> {
        let Some(value) = fields.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type::<()>(key, value, &format!("a list of tables (write `[[{key}]]`)"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push((item.span(), table)),
                None => self.wrong_type::<()>(key, item, "tables").unwrap_or_default(),
            }
        }
        tables
    }

    fn wrong_type<T>(&mut self, key: &str, value: &Value<'t>, wanted: &str) -> Option<T> {
        self.problem(&value.span(), format!("`{key}` takes {wanted}, not {}", kind_of(value.get_ref())));
        None
    }
}

/// `; did you mean ...?` when one of `names` is close to `written`, else `; ` and all of them after `introduction`.
pub(super) fn suggestion<'n>(
    written: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    introduction: &str,
) -> String {
    let spelled = canonical(written);
    let distance = |name: &str| strsim::damerau_levenshtein(&spelled, &canonical(name));
    let near = names.clone().map(|name| (distance(name), name)).min();
    match near {
        Some((distance, name)) if distance <= 1 + spelled.chars().count() / 4 => format!("; did you mean `{name}`?"),
        _ => {
            let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            format!("; {introduction} {}", quoted.join(", "))
        }
    }
}

fn same_key(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

fn canonical(key: &str) -> String {
    key.replace('-', "_")
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
