//! `volumes.md`: the table, the stages, and what stages are told and leave.

use assay_contract::facts::{facts, outputs};
use assay_contract::table::access;
use assay_contract::{Lifetime, Stage, Trust, Volume};

use crate::{hold, page, table};

#[test]
fn the_table_is_the_contracts() {
    let mut text = page(
        "Volumes and stages",
        "`R` is read only, `W` read and write, `·` not mounted. A stage mounts its column and nothing else. This table is written \
         once, in the code: what is rendered, what runs here, what an audit expects and this page come from it.",
    );
    text.push('\n');
    text.push_str(&volumes());
    text.push_str("\nA stage finds a volume at `/volumes/<id>`, on a cluster and here.\n\n## Stages\n\n");
    text.push_str(&stages());
    text.push_str(
        "\nUntrusted stages run the author's image as users without rights; student code runs in them. They are told nothing and \
         leave nothing but files, which later stages read as hostile. A trusted stage leaves small facts for the engine, which \
         hands them on. The signing key is an environment variable of the stages that have it.\n",
    );
    hold("volumes.md", &text);
}

fn volumes() -> String {
    let mut header = vec!["#", "volume", "id", "lives"];
    header.extend(Stage::ALL.map(Stage::id));
    let header: [&str; 9] = header.try_into().unwrap();
    let rows = Volume::ALL.map(|volume| {
        let lives = match volume.lifetime() {
            Lifetime::PerStudent => "per student",
            Lifetime::Always => "always",
            Lifetime::Job => "as long as the job",
        };
        let mut row = vec![
            volume.number().to_string(),
            volume.title().to_owned(),
            format!("`{volume}`"),
            lives.to_owned(),
        ];
        row.extend(
            Stage::ALL.map(|stage| access(stage, volume).map_or('·', |access| access.letter()).to_string()),
        );
        row.try_into().unwrap()
    });
    table(header, rows)
}

fn stages() -> String {
    let rows = Stage::ALL.map(|stage| {
        let trust = match stage.trust() {
            Trust::Trusted => "trusted",
            Trust::Untrusted => "untrusted",
        };
        let key = if stage.holds_key() { "yes" } else { "no" };
        [
            format!("`{stage}`"),
            trust.to_owned(),
            key.to_owned(),
            list(facts(stage).iter().map(|fact| format!("`--{}`", fact.name()))),
            list(outputs(stage).iter().map(|output| format!("`{}`", output.name()))),
        ]
    });
    table(["stage", "trust", "signing key", "is told", "leaves"], rows)
}

fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
