//! `assignment.md` and the schema itself, from the JSON Schema.

use std::collections::BTreeSet;
use std::fmt::Write;

use assay_core::schema::assignment_schema;
use serde_json::Value;

use crate::{hold, page, table};

#[test]
fn the_schema_is_what_the_types_give() {
    let text = serde_json::to_string_pretty(&assignment_schema()).unwrap();
    hold("assignment.schema.json", &format!("{text}\n"));
}

#[test]
fn every_mapping_and_word_is_described() {
    let schema = assignment_schema();
    let mut text = page(
        "assignment.yaml",
        "Every field of the format, as the [JSON Schema](assignment.schema.json) has it, which `assay schema` prints. Fields in \
         **bold** must be there. `examples/wordcount/assignment.yaml` is an example with the reason for every value.",
    );
    let order = order(&schema);
    let kind = |name: &&String| Kind::of(definition(&schema, name));
    let _ = write!(text, "\n## The file\n\n{}", fields(&schema));
    for name in order.iter().filter(|name| kind(name) == Kind::Mapping) {
        let mapping = definition(&schema, name);
        let _ = write!(text, "\n## {name}\n\n{}\n\n{}", description(mapping), fields(mapping));
    }
    text.push_str("\n## Words\n");
    for name in order.iter().filter(|name| kind(name) == Kind::Words) {
        let _ = write!(
            text,
            "\n### {name}\n\n{}\n\n{}",
            description(definition(&schema, name)),
            words(&schema, name)
        );
    }
    text.push_str("\n## Values\n\n");
    let values = order.iter().filter(|name| kind(name) == Kind::Value).map(|name| {
        let value = definition(&schema, name);
        [
            format!("<a id=\"{}\"></a>{name}", name.to_lowercase()),
            type_of(value),
            description(value).to_owned(),
        ]
    });
    text.push_str(&table(["value", "written as", "meaning"], values));
    assert_eq!(order.len(), schema["$defs"].as_object().unwrap().len(), "every definition is reached");
    hold("assignment.md", &text);
}

/// What a definition is to a reader.
#[derive(PartialEq, Eq)]
enum Kind {
    Mapping,
    Words,
    Value,
}

impl Kind {
    fn of(definition: &Value) -> Kind {
        if definition["properties"].is_object() {
            Kind::Mapping
        } else if definition["enum"].is_array() || definition["oneOf"].is_array() {
            Kind::Words
        } else {
            Kind::Value
        }
    }
}

fn definition<'a>(schema: &'a Value, name: &str) -> &'a Value {
    &schema["$defs"][name]
}

fn description(of: &Value) -> &str {
    of["description"].as_str().expect("the schema's own tests demand one")
}

/// The name that a reference refers to.
fn referred(value: &Value) -> Option<&str> {
    value["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/"))
}

/// All definitions, each after the one that leads to it.
fn order(schema: &Value) -> Vec<String> {
    fn visit(schema: &Value, value: &Value, seen: &mut BTreeSet<String>, order: &mut Vec<String>) {
        let mut found = Vec::new();
        references(value, &mut found);
        let new: Vec<String> = found.into_iter().filter(|name| seen.insert(name.clone())).collect();
        for name in new {
            order.push(name.clone());
            visit(schema, definition(schema, &name), seen, order);
        }
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    let mut root = schema.clone();
    root.as_object_mut().unwrap().remove("$defs");
    visit(schema, &root, &mut seen, &mut order);
    order
}

fn references(value: &Value, found: &mut Vec<String>) {
    found.extend(referred(value).map(str::to_owned));
    match value {
        Value::Object(object) => object.values().for_each(|value| references(value, found)),
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The fields of a mapping, those that must be there first.
fn fields(mapping: &Value) -> String {
    let required =
        |key: &str| mapping["required"].as_array().is_some_and(|keys| keys.iter().any(|known| known == key));
    let mut fields: Vec<_> = mapping["properties"].as_object().unwrap().iter().collect();
    fields.sort_by_key(|(key, _)| !required(key));
    let rows = fields.into_iter().map(|(key, field)| {
        let name = if required(key) { format!("**`{key}`**") } else { format!("`{key}`") };
        let example = field["examples"][0].clone();
        let example = match &example {
            Value::Null => String::new(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        [name, type_of(field), description(field).to_owned(), example]
    });
    table(["field", "type", "meaning", "example"], rows)
}

fn words(schema: &Value, name: &str) -> String {
    let definition = definition(schema, name);
    if let Some(words) = definition["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_str().unwrap())).collect();
        return format!("{}\n", words.join(", "));
    }
    let words = definition["oneOf"].as_array().unwrap().iter();
    table(
        ["word", "meaning"],
        words.map(|word| [format!("`{}`", word["const"].as_str().unwrap()), description(word).into()]),
    )
}

/// What may be written for a field.
fn type_of(field: &Value) -> String {
    if let Some(name) = referred(field) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = field["anyOf"].as_array() {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        return choices.map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let plain = match &field["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap(),
        other => panic!("a field of type {other}: {field}"),
    };
    let plain = match plain {
        "array" => return format!("list of {}", type_of(&field["items"])),
        "object" => {
            return format!("mapping of names to {}", type_of(&field["additionalProperties"]));
        }
        "string" => "text",
        "integer" => "whole number",
        "boolean" => "`true` or `false`",
        "number" => "number",
        other => panic!("a field of type {other}"),
    };
    let bound = |name: &str| field[name].as_f64();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!("{plain} from {least} to {most}"),
        (Some(least), None) => format!("{plain} from {least} on"),
        _ => plain.to_owned(),
    }
}
