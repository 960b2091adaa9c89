//! Starting a job again: the dead Workflow is deleted, its claims go, and the same job is made anew.

use assay_contract::receipts::Received;
use assay_contract::{Lifetime, Volume};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Preconditions, PropagationPolicy};

use super::LABEL;
use super::decide::Found;
use crate::argo::Kind;
use crate::connect::Cluster;
use crate::error::ClusterError;
use crate::job::{self, Start};
use crate::rights::Right;

/// A job that is to run again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) received: Received,
    /// The template of its revision.
    pub(super) template: String,
    /// What was found of it.
    pub(super) found: Found,
    /// Which time it is.
    pub(super) tries: u32,
}

/// What became of an attempt to start it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    Started,
    /// Somebody else was faster.
    Taken,
    /// What its last run left is still there.
    TooEarly,
}

impl Again {
    /// Deletes the dead Workflow; not, where it changed meanwhile.
    pub(super) async fn clear(&self, cluster: &Cluster) -> Result<bool, ClusterError> {
        let Found::Ended { uid, version, .. } = &self.found else { return Ok(true) };
        // Another sweep may have replaced it meanwhile: its new one is not the one that was looked at.
        let this_one = Preconditions { uid: Some(uid.clone()), resource_version: Some(version.clone()) };
        let parameters = DeleteParams {
            preconditions: Some(this_one),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        let jobs = Kind::Workflow.api(cluster);
        match cluster.ask(Right::DELETE_JOB, jobs.delete(self.received.job.as_str(), &parameters)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(true),
            Err(error) if error.is_taken() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the job anew, if its Workflow and its six claims are gone: Argo takes claims of that name for another job's.
    pub(super) async fn start(&self, cluster: &Cluster) -> Result<Attempt, ClusterError> {
        let Again { received, template, found, tries } = self;
        let jobs = Kind::Workflow.api(cluster);
        let there = cluster.ask_for(Right::GET_JOB, jobs.get_metadata(received.job.as_str())).await?;
        match there {
            Some(workflow) if is_dead(&workflow.metadata, found) => return Ok(Attempt::TooEarly),
            Some(_) => return Ok(Attempt::Taken),
            None => {}
        }
        let claims = cluster.api::<PersistentVolumeClaim>();
        for volume in Volume::ALL.into_iter().filter(|volume| volume.lifetime() == Lifetime::Job) {
            let name = format!("{}-{volume}", received.job);
            if cluster.ask_for(Right::GET_CLAIM, claims.get_metadata(&name)).await?.is_some() {
                return Ok(Attempt::TooEarly);
            }
        }
        let start = Start {
            job: &received.job,
            template,
            student: &received.student,
            digest: &received.digest,
            handed_in: received.handed_in.parse().ok(),
        };
        let mut workflow = job::workflow(cluster, &start);
        workflow.metadata.labels.get_or_insert_default().insert(LABEL.into(), tries.to_string());
        match job::create(cluster, &workflow).await {
            Ok(()) => Ok(Attempt::Started),
            Err(error) if error.is_taken() => Ok(Attempt::Taken),
            Err(error) => Err(error),
        }
    }
}

/// Whether it is the Workflow that was looked at, or one that goes.
fn is_dead(metadata: &ObjectMeta, dead: &Found) -> bool {
    let the_same = matches!(dead, Found::Ended { uid, .. } if metadata.uid.as_ref() == Some(uid));
    the_same || metadata.deletion_timestamp.is_some()
}
