//! The JSON Schema of `assignment.yaml`, for editors.
//!
//! The types here mirror what the decoder understands and exist for the schema alone; a test holds their keys against
//! the decoder's. Where a value has a form of its own (a duration, a size), the schema says what editors can check.

mod form;

use serde_json::Value;

/// The JSON Schema of `assignment.yaml`, draft 2020-12.
#[must_use]
pub fn assignment_schema() -> Value {
    schemars::schema_for!(form::Assignment).to_value()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::assignment::shapes;

    /// The schema of the mapping with that name.
    fn mapping<'a>(schema: &'a Value, name: &str) -> &'a Value {
        if schema["title"] == name { schema } else { &schema["$defs"][name] }
    }

    #[test]
    fn schema_and_decoder_know_the_same_keys() {
        let schema = assignment_schema();
        for shape in shapes::ALL {
            let mapping = mapping(&schema, shape.name);
            let keys: BTreeSet<&str> =
                mapping["properties"].as_object().expect(shape.name).keys().map(String::as_str).collect();
            assert_eq!(keys, shape.keys.iter().copied().collect(), "{}", shape.name);
            let required: BTreeSet<&str> =
                mapping["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(required, shape.required.iter().copied().collect(), "{}", shape.name);
            assert_eq!(mapping["additionalProperties"], false, "{}", shape.name);
        }
    }

    #[test]
    fn the_decoder_knows_every_mapping_of_the_schema() {
        let schema = assignment_schema();
        let defined = schema["$defs"].as_object().unwrap();
        for (name, _) in defined.iter().filter(|(_, schema)| schema["properties"].is_object()) {
            assert!(shapes::ALL.iter().any(|shape| shape.name == name), "{name}");
        }
    }

    #[test]
    fn every_field_is_described() {
        let schema = assignment_schema();
        for shape in shapes::ALL {
            for (key, property) in mapping(&schema, shape.name)["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{}.{key}", shape.name);
            }
        }
    }

    #[test]
    fn the_words_of_the_schema_are_the_words_of_the_contract() {
        let words = &assignment_schema()["$defs"]["Verdict"]["enum"];
        let known = assay_contract::Verdict::ALL.map(|verdict| verdict.id());
        assert_eq!(*words, serde_json::json!(known));
    }
}
