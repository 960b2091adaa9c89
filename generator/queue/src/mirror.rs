//! What is known of one kind of objects, as the cluster tells it.

use std::collections::BTreeMap;

use assay_cluster::watch::Change;

/// Objects by their names.
#[derive(Debug)]
pub(crate) struct Mirror<T> {
    there: BTreeMap<String, T>,
    /// What a list has told so far; it takes the place of the rest once it is whole.
    listing: Option<BTreeMap<String, T>>,
    /// Why nothing is heard at the moment.
    deaf: Option<String>,
    listed: bool,
}

impl<T> Default for Mirror<T> {
    fn default() -> Self {
        Mirror { there: BTreeMap::new(), listing: None, deaf: None, listed: false }
    }
}

impl<T> Mirror<T> {
    /// Takes what was heard.
    pub(crate) fn take(&mut self, change: Change<T>, name: impl Fn(&T) -> String) {
        if !matches!(change, Change::Deaf(_)) {
            self.deaf = None;
        }
        match change {
            Change::Listing => self.listing = Some(BTreeMap::new()),
            Change::There(object) => {
                let there = self.listing.as_mut().unwrap_or(&mut self.there);
                there.insert(name(&object), object);
            }
            Change::Gone(name) => {
                self.there.remove(&name);
            }
            Change::Listed => {
                if let Some(listing) = self.listing.take() {
                    self.there = listing;
                }
                self.listed = true;
            }
            Change::Deaf(error) => self.deaf = Some(error.to_string()),
        }
    }

    /// Takes an object that was written by this program, before it is heard of.
    pub(crate) fn put(&mut self, name: String, object: T) {
        self.there.insert(name, object);
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

    /// Why nothing is heard at the moment.
    pub(crate) fn deaf(&self) -> Option<&str> {
        self.deaf.as_deref()
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

    #[test]
    fn what_a_new_list_does_not_hold_is_gone_and_not_before_it_is_whole() {
        let first = || vec![Change::Listing, Change::There("a"), Change::There("b"), Change::Listed];
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
        let gone = told(vec![Change::Listing, Change::There("a"), Change::Listed, Change::Gone("a".into())]);
        assert!(gone.is_whole() && names(&gone).is_empty());
    }
}
