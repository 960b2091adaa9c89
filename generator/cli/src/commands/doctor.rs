//! `assay doctor`.

use assay_cluster::doctor::{self, Check, Outcome, Report};
use assay_cluster::{Cluster, ClusterError, Options};
use assay_contract::Exit;
use assay_core::operator::{Operator, Settings};
use serde::Serialize;

use crate::args::{Doctor, InCluster};
use crate::commands;
use crate::commands::cluster::{self, failed, stop};
use crate::console::{Console, inert};
use crate::error::CliError;

#[derive(Serialize)]
struct Examined<'a> {
    namespace: &'a str,
    ok: usize,
    warnings: usize,
    problems: usize,
    not_checked: usize,
    #[serde(flatten)]
    report: &'a Report,
}

pub(crate) fn run(console: &Console, args: &Doctor) -> Result<Exit, CliError> {
    let Doctor { quick, student, argo_namespace, cluster } = args;
    let runtime = cluster::runtime()?;
    let (cluster, settings_from_cluster) = runtime.block_on(connect(cluster))?;
    let options = doctor::Options {
        quick: *quick,
        student: student.clone(),
        argo: argo_namespace.clone(),
        settings_from_cluster,
    };
    if !quick {
        console.note("probes run in the cluster; this takes a minute or two");
    }
    let report = runtime.block_on(doctor::examine(cluster.client(), cluster.operator(), &options, stop()));
    let examined = Examined {
        namespace: cluster.namespace(),
        ok: report.count(Outcome::Ok),
        warnings: report.count(Outcome::Warning),
        problems: report.count(Outcome::Problem),
        not_checked: report.count(Outcome::NotChecked),
        report: &report,
    };
    console.data(&examined, || text(&examined))?;
    Ok(match (examined.problems, report.interrupted) {
        (0, false) => Exit::Done,
        (0, true) => Exit::Interrupted,
        _ => Exit::ClusterUnfit,
    })
}

/// Before an installation there are no settings in the cluster: then those of the defaults are looked for, and the
/// missing file is one of the checks.
async fn connect(args: &InCluster) -> Result<(Cluster, bool), CliError> {
    let InCluster { context, namespace, operator } = args;
    let file = operator.as_deref().map(commands::operator_file).transpose()?;
    let options = |operator| Options { context: context.clone(), namespace: namespace.clone(), operator };
    let given = file.is_some();
    match Cluster::connect(options(file)).await {
        Ok(cluster) => Ok((cluster, !given)),
        Err(
            ClusterError::NoOperator { .. } | ClusterError::Operator { .. } | ClusterError::Forbidden { .. },
        ) => {
            let settings = Settings {
                namespace: namespace.clone().unwrap_or_else(|| Settings::default().namespace),
                ..Settings::default()
            };
            let operator = Operator::new(settings)
                .map_err(|error| CliError::new(Exit::Usage, "the namespace cannot be used").because(error))?;
            let cluster = Cluster::connect(options(Some(operator))).await.map_err(failed)?;
            Ok((cluster, true))
        }
        Err(error) => Err(failed(error)),
    }
}

fn text(examined: &Examined<'_>) -> String {
    let Examined { namespace, ok, warnings, problems, not_checked, report } = examined;
    let mut text: String = report.checks.iter().map(line).collect();
    text.push_str(&format!(
        "\nnamespace {namespace}: {ok} ok, {warnings} warnings, {problems} problems, {not_checked} not checked\n"
    ));
    text
}

/// A line, and what to do where something is to be done. What a cluster says is shown, never obeyed.
fn line(check: &Check) -> String {
    let Check { definition, outcome, found, fix } = check;
    let mut line = format!("{:<11} {}: {}\n", outcome.words(), definition.id, inert(found));
    if let Some(fix) = fix {
        line.push_str(&format!("{:<11}   must hold: {}\n{:<11}   fix: {fix}\n", "", definition.title, ""));
    }
    line
}
