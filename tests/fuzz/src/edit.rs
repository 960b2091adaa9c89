//! Damage to bytes that were well formed: what an attacker does who begins with something that is accepted.

use arbitrary::Arbitrary;

/// One change; positions wrap around, so that each is somewhere.
#[derive(Debug, Arbitrary)]
pub(crate) enum Edit {
    Set(u16, u8),
    Cut(u16, u8),
    Insert(u16, Vec<u8>),
    Double(u16, u8),
    /// A field of four bytes.
    Field(u16, u32),
}

/// Applies `edits` in order.
pub(crate) fn apply(bytes: &mut Vec<u8>, edits: &[Edit]) {
    for edit in edits {
        if bytes.is_empty() {
            return;
        }
        let (length, most) = (bytes.len(), bytes.len() + (64 << 10));
        let place = |at: u16| usize::from(at) % length;
        let end = |at: u16, count: u8| length.min(place(at) + usize::from(count) + 1);
        match edit {
            Edit::Set(at, value) => bytes[place(*at)] = *value,
            Edit::Cut(at, count) => drop(bytes.drain(place(*at)..end(*at, *count))),
            Edit::Insert(at, inserted) => {
                drop(bytes.splice(place(*at)..place(*at), inserted.iter().copied()));
            }
            Edit::Double(at, count) => {
                let again = bytes[place(*at)..end(*at, *count)].to_vec();
                drop(bytes.splice(place(*at)..place(*at), again));
            }
            Edit::Field(at, value) => {
                let (from, to) = (place(*at), end(*at, 3));
                bytes[from..to].copy_from_slice(&value.to_le_bytes()[..to - from]);
            }
        }
        bytes.truncate(most);
    }
}
