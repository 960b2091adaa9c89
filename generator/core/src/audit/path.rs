//! Where in a document something is: `spec.templates[verify].container.image`.

use std::fmt;

use assay_contract::Stage;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a field of a mapping.
    Field(String),
    /// Into the item of a list that has this name.
    Named(String),
    /// Into the item of a list at this index, from 0.
    Index(usize),
}

/// A path from a document's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    pub(super) const fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn field(&self, name: &str) -> Self {
        self.then(Step::Field(name.into()))
    }

    /// The field at the end of a way through fields.
    pub(super) fn fields<const N: usize>(&self, names: [&str; N]) -> Self {
        names.iter().fold(self.clone(), |path, name| path.field(name))
    }

    pub(super) fn named(&self, name: &str) -> Self {
        self.then(Step::Named(name.into()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The last field on the way.
    pub(super) fn last_field(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Named(_) | Step::Index(_) => None,
        })
    }

    /// The item of `list` on the way, if it has a name.
    pub(super) fn item_of(&self, list: &str) -> Option<&str> {
        self.0.windows(2).find_map(|pair| match pair {
            [Step::Field(field), Step::Named(name)] if field == list => Some(name.as_str()),
            _ => None,
        })
    }

    /// The template that the path leads into.
    pub(super) fn template(&self) -> Option<&str> {
        self.item_of("templates")
    }

    /// The stage that the path concerns: its template, or its task in a DAG.
    pub(super) fn stage(&self) -> Option<Stage> {
        let by_task = self.item_of("tasks").and_then(Stage::from_id);
        by_task.or_else(|| self.template().and_then(Stage::from_id))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if index == 0 => write!(f, "{}", super::finding::visible(name))?,
                Step::Field(name) => write!(f, ".{}", super::finding::visible(name))?,
                Step::Named(name) => write!(f, "[{}]", super::finding::visible(name))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
