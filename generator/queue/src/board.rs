//! All that this server knows at a moment, and what follows from it: who is at work, who comes next, where a job stands.
//!
//! It is made of what the cluster tells and of nothing else, so that it is the same in every server and after every restart.
//! It never asks anybody anything.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use assay_cluster::job::{JobView, State};
use assay_cluster::request::{Origin, Progress, Request};
use assay_cluster::template::Template;
use assay_cluster::watch::Change;
use assay_contract::{AssignmentId, StudentId};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::estimate::{Pace, REMEMBERED};
use crate::mirror::Mirror;
use crate::order::{self, AtWork, Placed, Waiting};

/// All that is known.
#[derive(Debug)]
pub(crate) struct Board {
    known: RwLock<Known>,
    changed: watch::Sender<u64>,
}

/// What is known at a moment.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) requests: Mirror<Request>,
    pub(crate) jobs: Mirror<JobView>,
    pub(crate) templates: Mirror<Template>,
    /// How many jobs may run at once; `None` until it was read.
    pub(crate) cap: Option<usize>,
    /// Who waits, in order, as of the last time that it was computed.
    pub(crate) placed: Vec<Placed>,
    /// How long jobs took lately.
    pub(crate) pace: Option<Pace>,
}

impl Default for Board {
    fn default() -> Board {
        Board { known: RwLock::default(), changed: watch::Sender::new(0) }
    }
}

impl Board {
    pub(crate) fn know(&self) -> RwLockReadGuard<'_, Known> {
        // Nothing that panics holds it for writing; if something did, what is there is still what was heard.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Hears of every change from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes what was heard of requests.
    pub(crate) fn hear_request(&self, change: Change<Request>) {
        self.change(|known| {
            known.requests.take(change, |request| request.metadata.name.clone().unwrap_or_default());
        });
    }

    /// Takes what was heard of jobs.
    pub(crate) fn hear_job(&self, change: Change<JobView>) {
        self.change(|known| known.jobs.take(change, |job| job.job.clone()));
    }

    /// Takes what was heard of templates.
    pub(crate) fn hear_template(&self, change: Change<Template>) {
        self.change(|known| known.templates.take(change, |template| template.name.clone()));
    }

    /// Takes a request that this server wrote over `before`, or found where it knew none.
    pub(crate) fn put_request(&self, request: &Request, before: Option<&Request>) {
        let version = |request: &Request| request.metadata.resource_version.clone();
        let decided_on = before.map(version);
        let name = request.metadata.name.clone().unwrap_or_default();
        self.change(|known| {
            known.requests.put(&name, request, |there| there.map(version) == decided_on);
        });
    }

    /// Takes how many jobs may run at once.
    pub(crate) fn put_cap(&self, cap: usize) {
        if self.know().cap != Some(cap) {
            self.change(|known| known.cap = Some(cap));
        }
    }

    /// Puts who waits in order.
    pub(crate) fn put_in_order(&self, now: Timestamp) {
        let (placed, pace) = {
            let known = self.know();
            let cooldown = |assignment: &AssignmentId| known.cooldown(assignment);
            (order::order(known.waiting(), &known.at_work(), now, cooldown), Some(Pace::of(known.lately())))
        };
        let known = self.know();
        if (&known.placed, known.pace) != (&placed, pace) {
            drop(known);
            self.change(|known| (known.placed, known.pace) = (placed, pace));
        }
    }
}

impl Known {
    /// Why what is known may not be all; `None` where it is.
    pub(crate) fn gap(&self) -> Option<String> {
        let whole = self.requests.is_whole() && self.jobs.is_whole() && self.templates.is_whole();
        let deaf =
            [self.requests.deaf(), self.jobs.deaf(), self.templates.deaf()].into_iter().flatten().next();
        match deaf {
            Some(why) => Some(why.to_owned()),
            None if !whole => Some("what is in the cluster is still being listed".into()),
            None => None,
        }
    }

    /// The template that new jobs of an assignment take: the one that was published last.
    pub(crate) fn template(&self, assignment: &AssignmentId) -> Option<&Template> {
        let of_it = self.templates.all().filter(|(_, template)| template.assignment == assignment.as_str());
        of_it.map(|(_, template)| template).max_by(|a, b| (a.published, &b.name).cmp(&(b.published, &a.name)))
    }

    /// The least time between two runs of one student.
    fn cooldown(&self, assignment: &AssignmentId) -> SignedDuration {
        let notice = self.template(assignment).and_then(|template| template.notice.as_ref());
        notice
            .and_then(|notice| i64::try_from(notice.rules.cooldown_seconds).ok())
            .map_or(SignedDuration::ZERO, SignedDuration::from_secs)
    }

    /// The job of a request, as far as the cluster still knows it.
    pub(crate) fn job_of(&self, request: &Request) -> Option<&JobView> {
        self.jobs.get(request.metadata.name.as_deref()?)
    }

    fn waiting(&self) -> Vec<Waiting> {
        let waiting = self.requests.all().filter(|(_, request)| request.progress() == Progress::Waiting);
        waiting
            .filter_map(|(_, request)| {
                Some(Waiting {
                    job: request.job()?,
                    assignment: request.spec.assignment.clone(),
                    student: request.spec.student.clone(),
                    handed_in: request.spec.handed_in,
                    staff: request.spec.origin == Origin::Staff,
                })
            })
            .collect()
    }

    /// What is at work: jobs that are not over, whoever started them, and those that are just being made. One whose job was
    /// there and is not is at no work; if it has no conclusion, the sweeper makes its job anew.
    pub(crate) fn at_work(&self) -> AtWork {
        let mut at_work = AtWork::default();
        let mut one = |student: StudentId| *at_work.of_student.entry(student).or_default() += 1;
        for (_, job) in self.jobs.all().filter(|(_, job)| !job.state.is_over()) {
            if let Ok(student) = StudentId::new(job.student.clone()) {
                one(student);
            }
        }
        for (name, request) in self.requests.all() {
            let status = request.standing();
            if status.progress == Progress::Started && !status.seen && self.jobs.get(name).is_none() {
                one(request.spec.student.clone());
            }
        }
        for (_, request) in self.requests.all() {
            if let Some(started) = request.standing().started {
                let of_both = (request.spec.student.clone(), request.spec.assignment.clone());
                let last = at_work.last.entry(of_both).or_insert(started);
                *last = (*last).max(started);
            }
        }
        at_work
    }

    /// How long the last jobs took from start to conclusion, the last first.
    fn lately(&self) -> Vec<Duration> {
        let mut ended: Vec<(Timestamp, Duration)> = self
            .requests
            .all()
            .filter_map(|(_, request)| {
                let status = request.standing();
                let (started, concluded) = (status.started?, status.concluded?);
                Some((concluded, Duration::try_from(concluded.duration_since(started)).ok()?))
            })
            .collect();
        ended.sort_by_key(|(concluded, _)| std::cmp::Reverse(*concluded));
        ended.into_iter().take(REMEMBERED).map(|(_, took)| took).collect()
    }

    /// Jobs that run, by how long they have been at it.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Vec<Duration> {
        let running = self.jobs.all().filter(|(_, job)| job.state == State::Running);
        running
            .map(|(_, job)| {
                let since: Option<Timestamp> = job.created.parse().ok();
                let elapsed = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
                Duration::try_from(elapsed).unwrap_or_default()
            })
            .collect()
    }

    /// Those that wait, by job, in order: first those that wait in the cluster, then those that wait here.
    pub(crate) fn line(&self) -> Vec<&str> {
        let mut in_cluster: Vec<&JobView> =
            self.jobs.all().map(|(_, job)| job).filter(|job| job.state == State::Waiting).collect();
        in_cluster.sort_by(|a, b| (&a.created, &a.job).cmp(&(&b.created, &b.job)));
        let being_made = self.requests.all().filter(|(name, request)| {
            request.progress() == Progress::Started && self.jobs.get(name).is_none()
        });
        in_cluster
            .into_iter()
            .map(|job| job.job.as_str())
            .chain(being_made.map(|(name, _)| name.as_str()))
            .chain(self.placed.iter().map(|placed| placed.waiting.job.as_str()))
            .collect()
    }

    /// How many requests wait, and how many jobs are at work.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::from([("waiting", 0), ("started", 0), ("concluded", 0)]);
        for (_, request) in self.requests.all() {
            let progress = match request.progress() {
                Progress::Waiting => "waiting",
                Progress::Started => "started",
                Progress::Concluded => "concluded",
            };
            *counts.entry(progress).or_default() += 1;
        }
        counts
    }
}
