//! Reads values out of the tree and reports those that do not have the form that was asked for.

use super::raw::At;
use super::scalars::Expected;
use super::shapes::{FORBIDDEN, Shape};
use super::yaml::{Entry, Node, Value, first_line};
use crate::diagnostics::{Code, Place, Problem, Source, codes, nearest};

/// Collects problems while values are read.
pub(crate) struct Reader<'s> {
    source: &'s Source,
    problems: Vec<Problem>,
}

/// A node and the place that messages about it name.
pub(crate) struct Field<'n> {
    node: &'n Node,
    pub(crate) place: Place,
}

/// A mapping whose keys have been checked.
pub(crate) struct Mapping<'n> {
    entries: &'n [Entry],
    place: Place,
    shape: &'static Shape,
}

impl Field<'_> {
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    pub(crate) fn has_key(&self, key: &str) -> bool {
        matches!(&self.node.value, Value::Mapping(entries) if entries.iter().any(|entry| entry.key == key))
    }
}

impl<'s> Reader<'s> {
    pub(crate) fn new(source: &'s Source, problems: Vec<Problem>) -> Reader<'s> {
        Reader { source, problems }
    }

    pub(crate) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub(crate) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(crate) fn root<'n>(&self, node: &'n Node) -> Field<'n> {
        Field { node, place: Place { span: first_line(self.source.text(), node.span), path: String::new() } }
    }

    /// The node as a mapping; keys that it may not have and keys that it lacks are reported.
    pub(crate) fn mapping<'n>(&mut self, field: &Field<'n>, shape: &'static Shape) -> Option<Mapping<'n>> {
        let Value::Mapping(entries) = &field.node.value else {
            let keys = shape.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            self.wrong_type(field, &format!("a mapping with {keys}"));
            return None;
        };
        for entry in entries {
            if !shape.keys.contains(&entry.key.as_str()) && !FORBIDDEN.contains(&entry.key.as_str()) {
                self.unknown_key(&field.place, entry, shape);
            }
        }
        for key in shape.required {
            if !entries.iter().any(|entry| entry.key == *key) {
                let place = field.place.key(key, field.place.span);
                self.report(
                    Problem::new(&codes::MISSING_FIELD, &place, format!("`{}` is missing", place.path))
                        .label(format!("`{key}` belongs in here")),
                );
            }
        }
        Some(Mapping { entries, place: field.place.clone(), shape })
    }

    fn unknown_key(&mut self, place: &Place, entry: &Entry, shape: &Shape) {
        let hint = nearest(&entry.key, shape.keys.iter().copied()).map_or_else(
            || {
                let keys = shape.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
                format!("known here: {}", keys.join(", "))
            },
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("there is no `{}` here", brief(&entry.key));
        let place = place.key(&entry.key, entry.key_span);
        self.report(Problem::new(&codes::UNKNOWN_KEY, &place, message).hint(hint));
    }

    /// Reports every key, at any depth, that asks for a way around the isolation.
    ///
    /// Names that the author chooses (of variables, samples, cases) are no keys in this sense.
    pub(crate) fn refuse_forbidden(&mut self, root: &Field<'_>) {
        let mut todo = vec![(root.node, root.place.clone())];
        while let Some((node, place)) = todo.pop() {
            match &node.value {
                Value::Scalar { .. } => {}
                Value::Sequence(items) => {
                    todo.extend(
                        items.iter().enumerate().map(|(index, item)| (item, place.item(index, item.span))),
                    );
                }
                Value::Mapping(entries) => {
                    let author_names = place.path.ends_with(".env")
                        || place.path == "samples"
                        || (place.path.starts_with("samples") && place.path.ends_with(".cases"));
                    for entry in entries {
                        let inner = place.key(&entry.key, entry.key_span);
                        if !author_names && FORBIDDEN.contains(&entry.key.as_str()) {
                            self.report(
                                Problem::new(
                                    &codes::FORBIDDEN_KEY,
                                    &inner,
                                    format!("an assignment cannot ask for this: `{}`", inner.path),
                                )
                                .hint("pods are the operator's; what an assignment may ask for is in `assay schema`"),
                            );
                        } else {
                            todo.push((&entry.value, inner));
                        }
                    }
                }
            }
        }
    }

    /// The value of a key, if it is there and can be read.
    pub(crate) fn field<'n, T>(
        &mut self,
        mapping: &Mapping<'n>,
        key: &str,
        read: impl FnOnce(&mut Self, &Field<'n>) -> Option<T>,
    ) -> Option<T> {
        debug_assert!(mapping.shape.keys.contains(&key), "`{key}` is not in {}", mapping.shape.name);
        let entry = mapping.entries.iter().find(|entry| entry.key == key)?;
        let field = self.value(&mapping.place, entry);
        if field.node.is_null() {
            let message = format!("`{}` has no value", field.place.path);
            let hint = "write a value, `\"\"` for an empty text, or remove the line";
            self.report(Problem::new(&codes::EMPTY_VALUE, &field.place, message).hint(hint));
            return None;
        }
        read(self, &field)
    }

    /// The place of a value: its own bytes, or those of its key where the value spans lines.
    fn value<'n>(&self, parent: &Place, entry: &'n Entry) -> Field<'n> {
        let text = &self.source.text()[entry.value.span.start..entry.value.span.end];
        let whole_line =
            text.is_empty() || text.contains('\n') || !matches!(entry.value.value, Value::Scalar { .. });
        let span = if whole_line { entry.key_span } else { entry.value.span };
        Field { node: &entry.value, place: parent.key(&entry.key, span) }
    }

    /// A mapping whose keys are the author's own names.
    pub(crate) fn entries<'n>(&mut self, field: &Field<'n>) -> Option<Vec<(At<String>, Field<'n>)>> {
        let Value::Mapping(entries) = &field.node.value else {
            self.wrong_type(field, "a mapping from names to values");
            return None;
        };
        let named = |entry: &'n Entry| {
            let place = field.place.key(&entry.key, entry.key_span);
            (At { value: entry.key.clone(), place }, self.value(&field.place, entry))
        };
        Some(entries.iter().map(named).collect())
    }

    /// A list; items that cannot be read are left out.
    pub(crate) fn list<'n, T>(
        &mut self,
        field: &Field<'n>,
        mut read: impl FnMut(&mut Self, &Field<'n>) -> Option<T>,
    ) -> Option<At<Vec<T>>> {
        let Value::Sequence(items) = &field.node.value else {
            self.wrong_type(field, "a list");
            return None;
        };
        let value = items
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                let span = first_line(self.source.text(), node.span);
                let item = Field { node, place: field.place.item(index, span) };
                read(self, &item)
            })
            .collect();
        Some(At { value, place: field.place.clone() })
    }

    /// A single value, as its text.
    pub(crate) fn text(&mut self, field: &Field<'_>) -> Option<At<String>> {
        match &field.node.value {
            Value::Scalar { text, .. } if !field.node.is_null() => {
                Some(At { value: text.clone(), place: field.place.clone() })
            }
            _ => {
                self.wrong_type(field, "a single value");
                None
            }
        }
    }

    /// A list of single values.
    pub(crate) fn texts(&mut self, field: &Field<'_>) -> Option<At<Vec<At<String>>>> {
        self.list(field, Reader::text)
    }

    /// A single value of a form of its own.
    pub(crate) fn scalar<T>(
        &mut self,
        field: &Field<'_>,
        code: &'static Code,
        parse: impl FnOnce(&str) -> Result<T, Expected>,
    ) -> Option<At<T>> {
        let text = self.text(field)?;
        match parse(&text.value) {
            Ok(value) => Some(At { value, place: text.place }),
            Err(Expected(expected)) => {
                let message = format!("`{}` is not {expected}", brief(&text.value));
                self.report(Problem::new(code, &text.place, message));
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Clone>(&mut self, field: &Field<'_>, words: &[(&'static str, T)]) -> Option<At<T>> {
        let text = self.text(field)?;
        match words.iter().find(|(word, _)| *word == text.value) {
            Some((_, value)) => Some(At { value: value.clone(), place: text.place }),
            None => {
                self.unknown_word(&text, &words.iter().map(|(word, _)| *word).collect::<Vec<_>>());
                None
            }
        }
    }

    pub(crate) fn unknown_word(&mut self, text: &At<String>, words: &[&str]) {
        let known = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let hint = match nearest(&text.value, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? known here: {known}"),
            None => format!("known here: {known}"),
        };
        let message = format!("`{}` is not a word that `{}` knows", brief(&text.value), text.place.path);
        self.report(Problem::new(&codes::UNKNOWN_WORD, &text.place, message).hint(hint));
    }

    fn wrong_type(&mut self, field: &Field<'_>, expected: &str) {
        let named = if field.place.path.is_empty() {
            "the file".to_owned()
        } else {
            format!("`{}`", field.place.path)
        };
        let message = format!("{named} must be {expected}, not {}", field.node.kind());
        self.report(Problem::new(&codes::WRONG_TYPE, &field.place, message));
    }
}

/// The start of a text, for messages.
pub(crate) fn brief(text: &str) -> String {
    const LONGEST: usize = 60;
    let line: String = text.chars().take(LONGEST).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}
