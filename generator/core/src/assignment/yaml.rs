//! YAML text as a tree in which every node knows its bytes.
//!
//! The tree is built from the parser's events and not through serde: scalars keep the text that the author wrote (marks
//! never pass through a float), and every repeated key is reported, not the first only. Size, depth and the number of
//! nodes that aliases may unfold to are bounded before anything else looks at the file. Nothing is given a meaning here.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};

use crate::diagnostics::{Code, Place, Problem, Source, Span, codes};

/// The largest file that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The deepest nesting, aliases unfolded.
const MAX_DEPTH: usize = 32;
/// The most nodes, aliases unfolded.
const MAX_NODES: usize = 200_000;

/// A node and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
    /// How many levels it and what it holds make.
    height: usize,
    /// How many nodes it and what it holds make.
    count: usize,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A word or text, as written; `quoted` where quotes or a block say that it is meant as text.
    Scalar { text: String, quoted: bool },
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping in the order written; keys are unique.
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    fn scalar(text: String, quoted: bool, span: Span) -> Node {
        Node { span, value: Value::Scalar { text, quoted }, height: 1, count: 1 }
    }

    /// Whether nothing is written where a value could be.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

/// The tree of a source, and what is wrong with its form; no tree where nothing can be made of it.
pub(crate) fn parse(source: &Source) -> (Option<Node>, Vec<Problem>) {
    let mut builder = Builder { text: source.text(), ..Builder::default() };
    if source.text().len() > MAX_BYTES {
        let problem = Problem::new(
            &codes::YAML_TOO_LARGE,
            &Place::whole(),
            format!("the file has more than {MAX_BYTES} bytes"),
        );
        return (None, vec![problem.hint("move long inputs and outputs into files of their own")]);
    }
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(source.text(), options) {
        let stop = match event {
            Ok((event, span)) => {
                let tag_span = span.tag_span().map(|tag| builder.bytes(tag));
                let span = builder.bytes(span);
                builder.take(event, span, tag_span).is_err()
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                let span = builder.clamp(at, at.saturating_add(1));
                if *error.kind() == ErrorKind::RecursionLimitExceeded {
                    builder.too_deep(span);
                    return (None, builder.problems);
                }
                builder.report(&codes::YAML_SYNTAX, span, format!("this is not YAML: {}", error.info()));
                true
            }
        };
        if stop {
            return (None, builder.problems);
        }
    }
    if builder.root.is_none() {
        builder.problems.push(
            Problem::new(&codes::YAML_SYNTAX, &Place::whole(), "the file is empty")
                .hint("`assay new` writes an assignment to start from"),
        );
    }
    (builder.root, builder.problems)
}

/// Nothing more can be made of the text; the problem is already reported.
struct Stop;

/// A collection whose end has not come yet.
struct Open {
    start: Span,
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        /// `None` inside for a key that was refused, whose value is then left out.
        key: Option<(Option<String>, Span)>,
        /// Entries by key, so that a long mapping is not searched for every key.
        seen: HashMap<String, Span>,
    },
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span, tag_span: Option<Span>) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.report(&codes::YAML_DOCUMENTS, span, "a second YAML document starts here");
                    return Err(Stop);
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), tag_span.unwrap_or(span));
                self.close(Node::scalar(text.into_owned(), style != ScalarStyle::Plain, span), anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), tag_span.unwrap_or(span));
                self.open(Open { start: span, anchor, content: OpenContent::Sequence(Vec::new()) })
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), tag_span.unwrap_or(span));
                let content = OpenContent::Mapping { entries: Vec::new(), key: None, seen: HashMap::new() };
                self.open(Open { start: span, anchor, content })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let anchor = open.anchor;
                    self.close(open.finish(span), anchor, 1)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(named) = self.anchors.get(&anchor) else {
                    self.report(&codes::YAML_ALIAS, span, "this alias stands inside what it names");
                    return Err(Stop);
                };
                // Before the copy is made, or a few lines could unfold to more than memory holds.
                if self.nodes + named.count > MAX_NODES {
                    let message = format!("aliases unfold to more than {MAX_NODES} values");
                    self.report(&codes::YAML_ALIAS, span, message);
                    return Err(Stop);
                }
                let node = Node { span, ..named.clone() };
                let count = node.count;
                self.close(node, 0, count)
            }
            // Starts and ends of stream and document, and comments where the build has them.
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            self.too_deep(open.start);
            return Err(Stop);
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a finished node where it belongs; `added` is how many nodes it brings that were not counted yet.
    fn close(&mut self, node: Node, anchor: usize, added: usize) -> Result<(), Stop> {
        self.nodes += added;
        if self.nodes > MAX_NODES {
            self.report(&codes::YAML_ALIAS, node.span, format!("the file has more than {MAX_NODES} values"));
            return Err(Stop);
        }
        if self.open.len() + node.height > MAX_DEPTH + 1 {
            self.too_deep(node.span);
            return Err(Stop);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let place = self.place(node.span);
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.content {
            OpenContent::Sequence(items) => items.push(node),
            OpenContent::Mapping { entries, key, seen } => match key.take() {
                None => {
                    let text = match node.value {
                        Value::Scalar { text, .. } => Some(text),
                        Value::Sequence(_) | Value::Mapping(_) => {
                            let message = "a key must be a single word, not a list or a mapping";
                            self.problems.push(Problem::new(&codes::YAML_KEY, &place, message));
                            None
                        }
                    };
                    *key = Some((text, node.span));
                }
                Some((None, _)) => {}
                Some((Some(key), key_span)) => {
                    if let Some(first) = seen.insert(key.clone(), key_span) {
                        let message = format!("`{key}` is given twice in the same mapping");
                        self.problems.push(
                            Problem::new(
                                &codes::YAML_DUPLICATE_KEY,
                                &Place { span: key_span, ..place },
                                message,
                            )
                            .label("again here")
                            .related(first, "first here"),
                        );
                    } else {
                        entries.push(Entry { key, key_span, value: node });
                    }
                }
            },
        }
        Ok(())
    }

    fn refuse_tag(&mut self, tagged: bool, span: Span) {
        if tagged {
            self.report(&codes::YAML_TAG, span, "YAML tags have no meaning here");
        }
    }

    fn too_deep(&mut self, span: Span) {
        self.report(&codes::YAML_DEPTH, span, format!("this nests deeper than {MAX_DEPTH} levels"));
    }

    fn report(&mut self, code: &'static Code, span: Span, message: impl Into<Box<str>>) {
        let place = self.place(span);
        self.problems.push(Problem::new(code, &place, message));
    }

    /// The place of what comes next, by the collections that are open.
    fn place(&self, span: Span) -> Place {
        let mut place = Place::whole();
        for open in &self.open {
            place = match &open.content {
                OpenContent::Sequence(items) => place.item(items.len(), span),
                OpenContent::Mapping { key: Some((Some(key), _)), .. } => place.key(key, span),
                OpenContent::Mapping { .. } => place,
            };
        }
        Place { span: first_line(self.text, span), ..place }
    }

    fn bytes(&self, span: granit_parser::Span) -> Span {
        let at = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or(0);
        self.clamp(at(span.start), at(span.end))
    }

    fn clamp(&self, start: usize, end: usize) -> Span {
        let start = self.text.floor_char_boundary(start);
        Span { start, end: self.text.ceil_char_boundary(end).max(start) }
    }
}

impl Open {
    fn finish(self, end: Span) -> Node {
        let span = Span { start: self.start.start, end: end.end.max(self.start.start) };
        let (value, height, count) = match self.content {
            OpenContent::Sequence(items) => {
                let height = items.iter().map(|item| item.height).max().unwrap_or(0);
                let count = items.iter().map(|item| item.count).sum::<usize>();
                (Value::Sequence(items), height, count)
            }
            OpenContent::Mapping { entries, .. } => {
                let height = entries.iter().map(|entry| entry.value.height).max().unwrap_or(0);
                let count = entries.iter().map(|entry| entry.value.count + 1).sum::<usize>();
                (Value::Mapping(entries), height, count)
            }
        };
        Node { span, value, height: height + 1, count: count + 1 }
    }
}

/// The part of a span on its first line, so that a problem with a block underlines one line.
pub(crate) fn first_line(text: &str, span: Span) -> Span {
    let end = text[span.start..span.end].find('\n').map_or(span.end, |newline| span.start + newline);
    Span { start: span.start, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(text: &str) -> Vec<&'static str> {
        parse(&Source::new("a.yaml", text)).1.iter().map(Problem::code).collect()
    }

    #[test]
    fn scalars_keep_their_own_text() {
        let (root, problems) = parse(&Source::new("a.yaml", "a: 1.10\nb: 'x'\n"));
        assert!(problems.is_empty());
        let Some(Node { value: Value::Mapping(entries), .. }) = root else { panic!("a mapping") };
        assert_eq!(entries[0].value.value, Value::Scalar { text: "1.10".into(), quoted: false });
        assert_eq!(entries[1].value.value, Value::Scalar { text: "x".into(), quoted: true });
        assert_eq!(entries[1].key_span, Span { start: 8, end: 9 });
    }

    #[test]
    fn every_repeated_key_is_named_with_its_path() {
        let (_, problems) = parse(&Source::new("a.yaml", "a: [{x: 1, x: 2}]\nb: 1\nb: 2\n"));
        let paths: Vec<_> = problems.iter().map(|p| p.place().path.as_str()).collect();
        assert_eq!(paths, ["a[0].x", "b"]);
    }

    #[test]
    fn hostile_growth_is_stopped() {
        let laughs = (1..30).fold("a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let line = vec![format!("*a{}", n - 1); 8].join(", ");
            text + &format!("a{n}: &a{n} [{line}]\n")
        });
        assert_eq!(codes_of(&laughs), ["yaml-alias"]);
        assert_eq!(codes_of(&"[".repeat(100_000)), ["yaml-depth"]);
        let chain = (1..1000)
            .fold("a0: &a0 [x]\n".to_owned(), |text, n| text + &format!("a{n}: &a{n} [*a{}]\n", n - 1));
        assert_eq!(codes_of(&chain), ["yaml-depth"]);
        assert_eq!(codes_of("a: &a [*a]\n"), ["yaml-alias"]);
        assert_eq!(codes_of(&"x".repeat(MAX_BYTES + 1)), ["yaml-too-large"]);
    }
}
