//! Argo Workflows: its version, and whether its settings are as jobs need them.

use assay_core::operator::Operator;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Container};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client};
use serde_json::Value;

use super::catalogue::{
    ARGO, ARGO_EXECUTOR, ARGO_LAYOUT, ARGO_PARALLELISM, ARGO_PROGRESS, ARGO_REFERENCES, ARGO_REQUEUE,
    ARGO_SCOPE,
};
use super::check::{Check, Definition};
use super::look::{self, Seen};
use super::versions::Version;

/// Below this, a Workflow can leave its template or stop the controller.
const FLOOR: Version = Version(4, 0, 5);
/// Advisories whose fix is newer than the floor, with their first fixed version of the 4.0 line.
const ADVISORIES: [(&str, Version); 1] = [("CVE-2026-54526", Version(4, 0, 6))];
/// What the admission policies were made for; a newer line may make pods of another shape, which they refuse.
const TRIED_BEFORE: Version = Version(4, 1, 0);
/// The kinds that jobs need.
const KINDS: [&str; 3] =
    ["workflows.argoproj.io", "workflowtemplates.argoproj.io", "workflowtaskresults.argoproj.io"];
/// The controller's container, as Argo's manifests call it.
const CONTROLLER: &str = "workflow-controller";
/// Where the controller reads its settings unless it is told another ConfigMap.
const CONFIG_MAP: &str = "workflow-controller-configmap";
/// Going from stage to stage may take so long.
const REQUEUE_SECONDS: f64 = 2.0;

/// All checks that need to see the controller.
const OF_CONTROLLER: [&Definition; 3] = [&ARGO_SCOPE, &ARGO_REQUEUE, &ARGO_PROGRESS];
/// All checks that need to see its settings.
const OF_SETTINGS: [&Definition; 4] = [&ARGO_EXECUTOR, &ARGO_LAYOUT, &ARGO_REFERENCES, &ARGO_PARALLELISM];

/// Argo's controller as it was found.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    /// The name of its ServiceAccount.
    pub(super) account: String,
    container: Container,
}

/// Finds the controller in Argo's namespace.
pub(super) async fn controller(client: &Client, namespace: &str) -> Seen<Controller> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let found = match look::list(&deployments, None).await {
        Seen::There(found) => found,
        Seen::Missing => return Seen::Missing,
        Seen::Hidden(why) => return Seen::Hidden(why),
    };
    found.into_iter().find_map(of_deployment).map_or(Seen::Missing, Seen::There)
}

fn of_deployment(deployment: Deployment) -> Option<Controller> {
    let pod = deployment.spec?.template.spec?;
    let account = pod.service_account_name.unwrap_or_else(|| "default".into());
    let container = pod.containers.into_iter().find(is_controller)?;
    Some(Controller { account, container })
}

fn is_controller(container: &Container) -> bool {
    let words = container.command.iter().flatten().chain(container.args.iter().flatten());
    container.name == CONTROLLER || words.into_iter().any(|word| word.ends_with(CONTROLLER))
}

impl Controller {
    /// What an option is set to: `--name=value`, `--name value`, or empty where it stands alone.
    fn option(&self, name: &str) -> Option<&str> {
        let words: Vec<&str> = self
            .container
            .command
            .iter()
            .flatten()
            .chain(self.container.args.iter().flatten())
            .map(String::as_str)
            .collect();
        words.iter().enumerate().find_map(|(index, word)| {
            let rest = word.strip_prefix("--")?.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some(value),
                None if rest.is_empty() => {
                    Some(words.get(index + 1).copied().filter(|next| !next.starts_with("--")).unwrap_or(""))
                }
                None => None,
            }
        })
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.container.env.iter().flatten().find(|variable| variable.name == name)?.value.as_deref()
    }

    fn image(&self) -> &str {
        self.container.image.as_deref().unwrap_or("")
    }

    fn settings_map(&self) -> &str {
        self.option("configmap").filter(|name| !name.is_empty()).unwrap_or(CONFIG_MAP)
    }
}

pub(super) async fn check(
    client: &Client,
    operator: &Operator,
    namespace: &str,
    controller: &Seen<Controller>,
) -> Vec<Check> {
    let missing = missing_kinds(client).await;
    let mut checks = vec![installed(&missing, controller)];
    let unseen = |definitions: &[&'static Definition], why: &str| -> Vec<Check> {
        definitions.iter().map(|definition| definition.not_checked(why)).collect()
    };
    let controller = match controller {
        Seen::There(controller) => controller,
        Seen::Missing => {
            let why = format!("no controller of Argo is in namespace {namespace}");
            checks.extend(unseen(&OF_CONTROLLER, &why));
            checks.extend(unseen(&OF_SETTINGS, &why));
            return checks;
        }
        Seen::Hidden(why) => {
            checks.extend(unseen(&OF_CONTROLLER, why));
            checks.extend(unseen(&OF_SETTINGS, why));
            return checks;
        }
    };
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let settings = match look::object(&maps, controller.settings_map()).await {
        Seen::There(map) => Ok(Settings::new(&map)),
        Seen::Missing => Ok(Settings::new(&ConfigMap::default())),
        Seen::Hidden(why) => Err(why),
    };
    checks.push(scope(controller, settings.as_ref().ok(), &operator.settings().namespace));
    checks.push(requeue(
        controller.variable("DEFAULT_REQUEUE_TIME"),
        // From 4.1 on nobody reads it.
        tag(controller.image()).is_some_and(|version| version >= TRIED_BEFORE)
            || !matches!(controller.variable("INFORMER_WRITE_BACK"), None | Some("" | "false")),
    ));
    checks.push(progress(controller.variable("ARGO_PROGRESS_PATCH_TICK_DURATION")));
    match settings {
        Ok(settings) => {
            checks.extend([
                settings.executor(),
                settings.layout(),
                settings.references(),
                settings.parallelism(),
            ]);
        }
        Err(why) => checks.extend(unseen(&OF_SETTINGS, &why)),
    }
    checks
}

async fn missing_kinds(client: &Client) -> Seen<Vec<&'static str>> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut missing = Vec::new();
    for kind in KINDS {
        match look::see(definitions.get_metadata(kind)).await {
            Seen::There(_) => {}
            Seen::Missing => missing.push(kind),
            Seen::Hidden(why) => return Seen::Hidden(why),
        }
    }
    Seen::There(missing)
}

fn installed(missing: &Seen<Vec<&'static str>>, controller: &Seen<Controller>) -> Check {
    match missing {
        Seen::There(missing) if !missing.is_empty() => {
            return ARGO.problem(format!("the cluster does not know {}", missing.join(", ")));
        }
        Seen::There(_) | Seen::Missing => {}
        Seen::Hidden(why) => return ARGO.not_checked(why),
    }
    match controller {
        Seen::There(controller) => version(controller.image()),
        Seen::Missing => ARGO.problem("its kinds are known, but no controller runs"),
        Seen::Hidden(why) => ARGO.not_checked(why),
    }
}

/// The version that an image's tag tells.
fn tag(image: &str) -> Option<Version> {
    let (_, tag) = image.split('@').next()?.rsplit_once(':')?;
    Version::find(tag).filter(|_| !tag.contains('/'))
}

fn version(image: &str) -> Check {
    let Some(version) = tag(image) else {
        return ARGO.warning(format!(
            "the image {image} does not tell its version; Argo's own manifests name whatever is newest"
        ));
    };
    let open: Vec<&str> =
        ADVISORIES.iter().filter(|(_, fixed)| version < *fixed).map(|(advisory, _)| *advisory).collect();
    if version < FLOOR {
        ARGO.problem(version.to_string())
    } else if version >= TRIED_BEFORE {
        ARGO.warning(format!("{version} is newer than what the admission policies were made for, 4.0"))
    } else if open.is_empty() {
        ARGO.ok(version.to_string())
    } else {
        ARGO.warning(format!("{version} has {}", open.join(", ")))
    }
}

fn scope(controller: &Controller, settings: Option<&Settings>, jobs: &str) -> Check {
    if let Some(instance) = controller
        .option("instanceid")
        .or_else(|| settings.and_then(|settings| settings.text("instanceID")))
        .filter(|instance| !instance.is_empty())
    {
        return ARGO_SCOPE.problem(format!("it looks after Workflows of the instance `{instance}` alone"));
    }
    match (controller.option("managed-namespace"), controller.option("namespaced")) {
        (Some(namespace), _) if !namespace.is_empty() && namespace != jobs => {
            ARGO_SCOPE.problem(format!("it looks after namespace {namespace} alone, and jobs run in {jobs}"))
        }
        (Some(namespace), _) if !namespace.is_empty() => ARGO_SCOPE.ok(format!("it looks after {namespace}")),
        (_, Some(word)) if word != "false" => ARGO_SCOPE.problem("it looks after its own namespace alone"),
        _ => ARGO_SCOPE.ok("it looks after all namespaces"),
    }
}

fn requeue(value: Option<&str>, goes_on_at_once: bool) -> Check {
    match value.map(|text| (text, seconds(text))) {
        None => ARGO_REQUEUE.warning("DEFAULT_REQUEUE_TIME is not set, which means 10 s"),
        Some((text, Some(seconds))) if seconds <= REQUEUE_SECONDS && goes_on_at_once => ARGO_REQUEUE.ok(text),
        Some((_, Some(seconds))) if seconds <= REQUEUE_SECONDS => ARGO_REQUEUE.warning(
            "INFORMER_WRITE_BACK is not set, which means a second of rest after each update of a job",
        ),
        Some((text, _)) => ARGO_REQUEUE.warning(format!("DEFAULT_REQUEUE_TIME is {text}")),
    }
}

/// A duration of one unit as Go writes it.
fn seconds(text: &str) -> Option<f64> {
    let number = |unit: &str| text.strip_suffix(unit)?.parse::<f64>().ok();
    number("ms").map(|ms| ms / 1000.0).or_else(|| number("s"))
}

fn progress(value: Option<&str>) -> Check {
    match value {
        Some("0" | "0s") => ARGO_PROGRESS.ok("progress is off"),
        Some(other) => ARGO_PROGRESS.warning(format!("ARGO_PROGRESS_PATCH_TICK_DURATION is {other}")),
        None => ARGO_PROGRESS.warning("ARGO_PROGRESS_PATCH_TICK_DURATION is not set"),
    }
}

/// The controller's ConfigMap: one key a setting, or all of them under `config`.
struct Settings(Value);

impl Settings {
    fn new(map: &ConfigMap) -> Settings {
        let data = map.data.iter().flatten();
        let mut all = serde_json::Map::new();
        for (key, text) in data {
            let value = serde_saphyr::from_str::<Value>(text).unwrap_or(Value::Null);
            match value {
                Value::Object(together) if key == "config" => all.extend(together),
                value => {
                    all.insert(key.clone(), value);
                }
            }
        }
        Settings(Value::Object(all))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn executor(&self) -> Check {
        let wrong: Vec<String> = ["executor", "mainContainer"]
            .into_iter()
            .flat_map(|key| {
                let context = &self.0[key]["securityContext"];
                unrestricted(context).into_iter().map(move |what| format!("{key}.securityContext {what}"))
            })
            .collect();
        ARGO_EXECUTOR.problem_unless_empty(&wrong, "both security contexts are restricted")
    }

    fn layout(&self) -> Check {
        match &self.0["initlessPod"]["enabled"] {
            Value::Bool(true) => ARGO_LAYOUT.problem("`initlessPod` is enabled"),
            _ => ARGO_LAYOUT.ok("it does"),
        }
    }

    fn references(&self) -> Check {
        match self.0["workflowRestrictions"]["templateReferencing"].as_str() {
            Some(word @ ("Secure" | "Strict")) => ARGO_REFERENCES.ok(word),
            _ => ARGO_REFERENCES.warning("`workflowRestrictions.templateReferencing` is not set"),
        }
    }

    fn parallelism(&self) -> Check {
        let set: Vec<String> = ["parallelism", "namespaceParallelism"]
            .into_iter()
            .filter_map(|key| self.0.get(key)?.as_i64().filter(|n| *n > 0).map(|n| format!("{key} is {n}")))
            .collect();
        if set.is_empty() {
            ARGO_PARALLELISM.ok("neither is set")
        } else {
            ARGO_PARALLELISM.warning(set.join("; "))
        }
    }
}

/// What of Pod Security `restricted` a container's context does not say by itself.
fn unrestricted(context: &Value) -> Option<String> {
    if context.is_null() {
        return Some("is not set".into());
    }
    let mut lacks = Vec::new();
    if context["allowPrivilegeEscalation"] != Value::Bool(false) {
        lacks.push("allowPrivilegeEscalation: false");
    }
    let drops = context["capabilities"]["drop"].as_array();
    if !drops.is_some_and(|drops| drops.iter().any(|drop| drop == "ALL")) {
        lacks.push("capabilities: {drop: [ALL]}");
    }
    (!lacks.is_empty()).then(|| format!("lacks {}", lacks.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn controller(args: &[&str]) -> Controller {
        let container = serde_json::json!({"name": CONTROLLER, "args": args});
        Controller { account: "argo".into(), container: serde_json::from_value(container).unwrap() }
    }

    fn settings(data: &[(&str, &str)]) -> Settings {
        let data = data.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        Settings::new(&ConfigMap { data: Some(data), ..ConfigMap::default() })
    }

    #[test]
    fn a_version_is_held_against_floor_and_advisories() {
        for (image, outcome) in [
            ("quay.io/argoproj/workflow-controller:v3.6.2", Outcome::Problem),
            ("quay.io/argoproj/workflow-controller:v4.0.4", Outcome::Problem),
            ("quay.io/argoproj/workflow-controller:v4.0.5", Outcome::Warning),
            ("quay.io/argoproj/workflow-controller:v4.0.7", Outcome::Ok),
            ("host:5000/argo/workflow-controller:v4.0.7@sha256:00", Outcome::Ok),
            ("host:5000/argo/workflow-controller:v4.1.2@sha256:00", Outcome::Warning),
            ("host:5000/argo/workflow-controller", Outcome::Warning),
            ("argo:latest", Outcome::Warning),
        ] {
            assert_eq!(version(image).outcome, outcome, "{image}");
        }
    }

    #[test]
    fn a_controller_that_looks_elsewhere_is_found() {
        let outcome = |args: &[&str], data: &[(&str, &str)]| {
            scope(&controller(args), Some(&settings(data)), "assay-jobs").outcome
        };
        assert_eq!(outcome(&[], &[]), Outcome::Ok);
        assert_eq!(outcome(&["--namespaced"], &[]), Outcome::Problem);
        assert_eq!(outcome(&["--namespaced", "--managed-namespace", "assay-jobs"], &[]), Outcome::Ok);
        assert_eq!(outcome(&["--managed-namespace=other"], &[]), Outcome::Problem);
        assert_eq!(outcome(&[], &[("instanceID", "x")]), Outcome::Problem);
        assert_eq!(outcome(&[], &[("config", "instanceID: x\n")]), Outcome::Problem);
    }

    #[test]
    fn default_settings_would_leave_every_pod_refused() {
        let check = settings(&[]).executor();
        assert_eq!(check.outcome, Outcome::Problem);
        let context = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";
        let good = settings(&[("executor", context), ("mainContainer", context)]);
        assert_eq!(good.executor().outcome, Outcome::Ok, "{:?}", good.executor());
        let half = settings(&[("executor", context), ("mainContainer", "securityContext: {runAsUser: 1}")]);
        assert!(
            half.executor().found.contains("mainContainer.securityContext lacks"),
            "{:?}",
            half.executor()
        );
    }

    #[test]
    fn settings_are_read_from_either_form() {
        let apart =
            settings(&[("workflowRestrictions", "templateReferencing: Secure"), ("parallelism", "5")]);
        let together =
            settings(&[("config", "workflowRestrictions: {templateReferencing: Secure}\nparallelism: 5\n")]);
        for settings in [apart, together] {
            assert_eq!(settings.references().outcome, Outcome::Ok);
            assert_eq!(settings.parallelism().outcome, Outcome::Warning);
            assert_eq!(settings.layout().outcome, Outcome::Ok);
        }
    }

    #[test]
    fn waiting_times_are_read_as_go_writes_them() {
        assert_eq!(requeue(Some("2s"), true).outcome, Outcome::Ok);
        assert_eq!(requeue(Some("500ms"), true).outcome, Outcome::Ok);
        assert_eq!(requeue(Some("10s"), true).outcome, Outcome::Warning);
        assert_eq!(requeue(None, true).outcome, Outcome::Warning);
        assert_eq!(requeue(Some("500ms"), false).outcome, Outcome::Warning);
        assert_eq!(progress(Some("0")).outcome, Outcome::Ok);
    }
}
