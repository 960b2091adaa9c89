//! Configurations of images: one of our own, and a base's with one layer more.
//!
//! A base's configuration is not taken into types and written again: every field that the types do not know would be lost. Its
//! members stay the text that they are; only `rootfs` and `history` change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Architecture, Unusable};

/// Who runs what nobody else was named for: not root, and nobody's account.
const USER: &str = "65532:65532";

/// What history says of our layer.
const CREATED_BY: &str = "assay image build";

#[derive(Serialize)]
struct Config<'a> {
    architecture: &'a str,
    config: Execution<'a>,
    history: [History<'a>; 1],
    os: &'a str,
    rootfs: RootFs,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Execution<'a> {
    user: &'a str,
    entrypoint: [&'a str; 1],
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct History<'a> {
    created_by: &'a str,
}

#[derive(Serialize, Deserialize)]
struct RootFs {
    r#type: String,
    diff_ids: Vec<String>,
}

/// The configuration of an image that holds one layer.
pub(crate) fn of_one_layer(
    architecture: Architecture,
    entrypoint: &str,
    title: &str,
    version: &str,
    diff_id: &str,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Config {
        architecture: architecture.name(),
        config: Execution {
            user: USER,
            entrypoint: [entrypoint],
            labels: BTreeMap::from([
                ("org.opencontainers.image.licenses", env!("CARGO_PKG_LICENSE")),
                ("org.opencontainers.image.title", title),
                ("org.opencontainers.image.version", version),
            ]),
        },
        history: [History { created_by: CREATED_BY }],
        os: "linux",
        rootfs: RootFs { r#type: "layers".into(), diff_ids: vec![diff_id.to_owned()] },
    })
}

/// A base's configuration, held against its manifest.
#[derive(Debug)]
pub(crate) struct BaseConfig {
    members: BTreeMap<String, Box<RawValue>>,
    diff_ids: Vec<String>,
    /// `None` where the base has no history; an entry of ours alone would then not fit the layers.
    history: Option<Vec<Box<RawValue>>>,
}

impl BaseConfig {
    /// Reads a configuration that stands for `layers` layers.
    pub(crate) fn read(text: &[u8], layers: usize, architecture: Architecture) -> Result<Self, Unusable> {
        fn member<'a, T: Deserialize<'a>>(
            members: &'a BTreeMap<String, Box<RawValue>>,
            name: &'static str,
        ) -> Result<Option<T>, Unusable> {
            let Some(raw) = members.get(name) else { return Ok(None) };
            serde_json::from_str(raw.get()).map_err(|_| Unusable::Member(name))
        }
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(text).map_err(|_| Unusable::Config)?;
        let os: String = member(&members, "os")?.ok_or(Unusable::Member("os"))?;
        let machine: String = member(&members, "architecture")?.ok_or(Unusable::Member("architecture"))?;
        if os != "linux" || machine != architecture.name() {
            return Err(Unusable::Platform { found: format!("{os}/{machine}"), architecture });
        }
        let rootfs: RootFs = member(&members, "rootfs")?.ok_or(Unusable::Member("rootfs"))?;
        if rootfs.r#type != "layers" || rootfs.diff_ids.len() != layers {
            return Err(Unusable::Member("rootfs"));
        }
        // `null` and an empty list both say that there is none.
        let history: Option<Option<Vec<Box<RawValue>>>> = member(&members, "history")?;
        let history = history.flatten().filter(|history| !history.is_empty());
        Ok(Self { members, diff_ids: rootfs.diff_ids, history })
    }

    /// The configuration with one layer more.
    pub(crate) fn with_layer(&self, diff_id: &str) -> serde_json::Result<Vec<u8>> {
        let mut members: BTreeMap<&str, Box<RawValue>> =
            self.members.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let mut diff_ids = self.diff_ids.clone();
        diff_ids.push(diff_id.to_owned());
        let rootfs = RootFs { r#type: "layers".into(), diff_ids };
        members.insert("rootfs", serde_json::value::to_raw_value(&rootfs)?);
        if let Some(history) = &self.history {
            let mut history = history.clone();
            history.push(serde_json::value::to_raw_value(&History { created_by: CREATED_BY })?);
            members.insert("history", serde_json::value::to_raw_value(&history)?);
        }
        serde_json::to_vec(&members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(config: &Value, layers: usize) -> Result<BaseConfig, Unusable> {
        BaseConfig::read(config.to_string().as_bytes(), layers, Architecture::Amd64)
    }

    fn with_layer(config: &Value, layers: usize) -> Value {
        serde_json::from_slice(&read(config, layers).unwrap().with_layer("sha256:new").unwrap()).unwrap()
    }

    #[test]
    fn a_layer_changes_nothing_else() {
        let mut config = json!({
            "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z",
            "config": {"Entrypoint": ["/bin/sh"], "Healthcheck": {"Test": ["NONE"]}, "User": "jovyan"},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:a", "sha256:b"]},
            "history": [{"created_by": "x"}, {"created_by": "y", "empty_layer": true}, {"comment": "z"}],
            "of.nobody": 1.0e0
        });
        let new = with_layer(&config, 2);
        config["rootfs"]["diff_ids"].as_array_mut().unwrap().push(json!("sha256:new"));
        config["history"].as_array_mut().unwrap().push(json!({"created_by": "assay image build"}));
        assert_eq!(new, config);
    }

    #[test]
    fn a_base_without_history_gets_none() {
        let base =
            json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
        assert_eq!(with_layer(&base, 0).get("history"), None);
        for none in [json!(null), json!([])] {
            let mut base = base.clone();
            base["history"] = none.clone();
            assert_eq!(with_layer(&base, 0)["history"], none);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let good =
            json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["a"]}});
        assert!(read(&good, 1).is_ok());
        assert_eq!(read(&good, 2).unwrap_err(), Unusable::Member("rootfs"));
        assert_eq!(read(&json!([]), 1).unwrap_err(), Unusable::Config);
        let changed = |name: &str, value: Value| {
            let mut config = good.clone();
            config[name] = value;
            read(&config, 1).unwrap_err()
        };
        assert!(matches!(changed("architecture", json!("arm64")), Unusable::Platform { .. }));
        assert!(matches!(changed("os", json!("windows")), Unusable::Platform { .. }));
        assert_eq!(changed("os", json!(7)), Unusable::Member("os"));
        assert_eq!(changed("rootfs", json!(null)), Unusable::Member("rootfs"));
        assert_eq!(changed("history", json!("x")), Unusable::Member("history"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _either = BaseConfig::read(text.as_bytes(), 1, Architecture::Amd64);
        }

        #[test]
        fn any_other_member_stays_the_text_that_it_is(name in "x[a-z.]{0,8}", number in any::<f64>()) {
            prop_assume!(number.is_finite());
            let text = format!(
                r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"{name}":{number:e}}}"#
            );
            let config = BaseConfig::read(text.as_bytes(), 0, Architecture::Amd64).unwrap();
            let new = String::from_utf8(config.with_layer("sha256:new").unwrap()).unwrap();
            let member = format!(r#""{name}":{number:e}"#);
            prop_assert!(new.contains(&member));
        }
    }
}
