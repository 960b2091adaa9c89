//! The table as it applies to one plan: which claim each volume is, and who sees it how.

use std::collections::BTreeMap;

use assay_contract::{Access, Lifetime, Stage, Volume, table};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::operator::Operator;
use crate::plan::Plan;
use crate::render::tag::{Parameter, Tag};

/// The table of a plan, for people (`Display`) and for programs (`Serialize`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mounts {
    /// The name of the WorkflowTemplate.
    pub template: String,
    /// The ten volumes in the order of the table.
    pub volumes: Vec<Row>,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number in the table, from 1.
    pub number: usize,
    /// Its id.
    pub id: Volume,
    /// Its name for people.
    pub title: &'static str,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Its claim, as the template names it: Argo puts student and job in.
    pub claim: String,
    /// Where a stage finds it.
    pub path: String,
    /// How each stage sees it; `None` where it does not.
    pub stages: BTreeMap<Stage, Option<Access>>,
}

impl Mounts {
    /// The table of that plan under that operator.
    #[must_use]
    pub fn new(plan: &Plan, operator: &Operator) -> Self {
        let (student, job) = (Tag::parameter(Parameter::Student).to_string(), Tag::job().to_string());
        let row = |volume: Volume| Row {
            number: volume.number(),
            id: volume,
            title: volume.title(),
            lifetime: volume.lifetime(),
            claim: operator.claim(volume, &plan.assignment, &student, &job),
            path: volume.path(),
            stages: Stage::ALL.map(|stage| (stage, table::access(stage, volume))).into(),
        };
        Self { template: plan.name(), volumes: Volume::ALL.map(row).into() }
    }
}

impl std::fmt::Display for Mounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let heads = ["#", "volume", "claim"].into_iter().chain(Stage::ALL.map(Stage::id));
        table.set_header(heads.collect::<Vec<_>>());
        for row in &self.volumes {
            let Row { number, id, title: _, lifetime: _, claim, path: _, stages } = row;
            let mut cells = vec![number.to_string(), id.to_string(), claim.clone()];
            cells.extend(stages.values().map(|access| access.map_or('·', Access::letter).to_string()));
            table.add_row(cells);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let wide = (1..=2).contains(&index);
            column.set_cell_alignment(if wide { CellAlignment::Left } else { CellAlignment::Center });
        }
        writeln!(f, "{}", self.template)?;
        for line in table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
