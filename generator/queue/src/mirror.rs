//! What is known of one kind of objects, as the cluster tells it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use assay_cluster::watch::Change;

/// How long after the last error of a watch it counts as deaf. A watch that goes on says nothing until something changes, and
/// tries again within half a minute while it fails.
const DEAF: Duration = Duration::from_secs(45);

/// Objects by their names.
#[derive(Debug)]
pub(crate) struct Mirror<T> {
    there: BTreeMap<String, T>,
    /// What a list has told so far; it takes the place of the rest once it is whole.
    listing: Option<BTreeMap<String, T>>,
    /// When something could not be heard last, and why.
    deaf: Option<(Instant, String)>,
    listed: bool,
}

impl<T> Default for Mirror<T> {
    fn default() -> Self {
        Mirror { there: BTreeMap::new(), listing: None, deaf: None, listed: false }
    }
}

impl<T: Clone> Mirror<T> {
    /// Takes what was heard.
    pub(crate) fn take(&mut self, change: Change<T>, name: impl Fn(&T) -> String) {
        match change {
            Change::Listing => self.listing = Some(BTreeMap::new()),
            Change::There(object) => match &mut self.listing {
                Some(listing) => {
                    listing.insert(name(&object), object);
                }
                None => {
                    self.deaf = None;
                    self.there.insert(name(&object), object);
                }
            },
            Change::Gone(name) => {
                self.there.remove(&name);
                if let Some(listing) = &mut self.listing {
                    listing.remove(&name);
                }
            }
            Change::Listed => {
                if let Some(listing) = self.listing.take() {
                    self.there = listing;
                }
                self.deaf = None;
                self.listed = true;
            }
            Change::Deaf(error) => self.deaf = Some((Instant::now(), error.to_string())),
        }
    }

    /// Takes an object that this program wrote, before it is heard of, where `fits` says that what is known is what the
    /// writing was decided on; anything else was heard since, and is newer.
    pub(crate) fn put(&mut self, name: &str, object: &T, fits: impl Fn(Option<&T>) -> bool) {
        if !fits(self.there.get(name)) {
            return;
        }
        self.there.insert(name.to_owned(), object.clone());
        // A list that began before may not hold it.
        if let Some(listing) = self.listing.as_mut().filter(|listing| fits(listing.get(name))) {
            listing.insert(name.to_owned(), object.clone());
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.there.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &T)> {
        self.there.iter()
    }

    /// Whether all objects were heard of once.
    pub(crate) fn is_whole(&self) -> bool {
        self.listed
    }

    /// Why something may not be heard at the moment.
    pub(crate) fn deaf(&self) -> Option<&str> {
        self.deaf.as_ref().filter(|(at, _)| at.elapsed() < DEAF).map(|(_, why)| why.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(changes: Vec<Change<&'static str>>) -> Mirror<&'static str> {
        let mut mirror = Mirror::default();
        for change in changes {
            mirror.take(change, |name| (*name).to_owned());
        }
        mirror
    }

    fn names(mirror: &Mirror<&'static str>) -> Vec<&'static str> {
        mirror.all().map(|(_, name)| *name).collect()
    }

    fn first() -> Vec<Change<&'static str>> {
        vec![Change::Listing, Change::There("a"), Change::There("b"), Change::Listed]
    }

    #[test]
    fn what_a_new_list_does_not_hold_is_gone_and_not_before_it_is_whole() {
        let mut half = first();
        half.extend([Change::Listing, Change::There("b")]);
        assert_eq!(names(&told(half)), ["a", "b"]);
        let mut whole = first();
        whole.extend([Change::Listing, Change::There("b"), Change::Listed, Change::There("c")]);
        assert_eq!(names(&told(whole)), ["b", "c"]);
    }

    #[test]
    fn before_a_list_is_whole_nothing_is_known_for_sure() {
        assert!(!told(vec![Change::Listing, Change::There("a")]).is_whole());
        let mut gone = first();
        gone.extend([Change::Gone("a".into()), Change::Gone("b".into())]);
        assert!(told(gone.split_off(0)).is_whole());
    }

    #[test]
    fn what_was_written_stays_while_all_is_listed_again() {
        let mut mirror = told(first());
        mirror.take(Change::Listing, |name| (*name).to_owned());
        mirror.put("new", &"new", |there| there.is_none());
        mirror.take(Change::There("a"), |name| (*name).to_owned());
        mirror.take(Change::Listed, |name| (*name).to_owned());
        assert_eq!(names(&mirror), ["a", "new"]);
    }

    #[test]
    fn what_was_written_is_no_newer_than_what_was_heard_since() {
        let mut mirror = told(first());
        mirror.put("a", &"written", |there| there == Some(&"what it was decided on"));
        assert_eq!(mirror.get("a"), Some(&"a"));
    }
}
