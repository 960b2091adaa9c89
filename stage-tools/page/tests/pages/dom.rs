//! A page as a browser reads it.

use std::cell::RefCell;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document, tokenizer::TokenizerOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// What was read.
pub(crate) struct Dom {
    /// What the reader had to mend.
    pub(crate) errors: Vec<String>,
    /// All elements, in their order.
    pub(crate) elements: Vec<Element>,
    /// Comments and processing instructions.
    pub(crate) others: usize,
}

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// The text in it and in what is in it.
    pub(crate) text: String,
}

impl Dom {
    /// Reads a page.
    pub(crate) fn read(page: &str) -> Dom {
        let tokenizer = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
        let opts = ParseOpts { tokenizer, ..ParseOpts::default() };
        let dom = parse_document(RcDom::default(), opts).one(page);
        let errors = RefCell::borrow(&dom.errors).iter().map(ToString::to_string).collect();
        let mut read = Dom { errors, elements: Vec::new(), others: 0 };
        read.walk(&dom.document);
        read
    }

    /// Adds an element and what is in it; its text.
    fn walk(&mut self, node: &Handle) -> String {
        let place = match &node.data {
            NodeData::Text { contents } => return contents.borrow().to_string(),
            NodeData::Element { name, attrs, .. } => {
                let attributes = attrs.borrow();
                let pairs = attributes.iter().map(|a| (a.name.local.to_string(), a.value.to_string()));
                let element = Element {
                    name: name.local.to_string(),
                    attributes: pairs.collect(),
                    text: String::new(),
                };
                self.elements.push(element);
                Some(self.elements.len() - 1)
            }
            NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => {
                self.others += 1;
                None
            }
            NodeData::Document | NodeData::Doctype { .. } => None,
        };
        let children = node.children.borrow().clone();
        let text: String = children.iter().map(|child| self.walk(child)).collect();
        if let Some(place) = place {
            self.elements[place].text.clone_from(&text);
        }
        text
    }

    /// All elements of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}
