//! The name that claims and labels carry for a user of the hub.
//!
//! It must be the one that the hub's spawner puts into the home's claim: KubeSpawner 7 takes a name that is a label as it
//! is, and makes of any other one a label with part of its SHA-256 behind it, so that no two names can be one
//! (`kubespawner/slugs.py`, `safe_slug`).

use assay_contract::StudentId;

/// The name of a user as claims and labels carry it; `None` where it can be none.
pub(super) fn student(name: &str) -> Option<StudentId> {
    StudentId::new(name).ok()
}
