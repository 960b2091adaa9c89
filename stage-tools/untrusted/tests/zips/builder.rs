//! Builds zips in which every field can lie.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What both headers of an entry hold.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u32,
    pub(crate) size: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) extra: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) local: Header,
    pub(crate) central: Header,
    pub(crate) made_by: u16,
    pub(crate) attributes: u32,
    pub(crate) disk: u16,
    pub(crate) comment: Vec<u8>,
    /// Packed bytes.
    pub(crate) data: Vec<u8>,
    /// Bytes behind the data: a descriptor, or something hidden.
    pub(crate) behind: Vec<u8>,
    /// Where the directory says that the entry is, if that is a lie.
    pub(crate) offset: Option<u32>,
    /// Whether the entry has a local part at all, and a central one.
    pub(crate) in_body: bool,
    pub(crate) in_directory: bool,
}

pub(crate) const UNIX: u16 = 3 << 8 | 30;
pub(crate) const DOS: u16 = 20;
pub(crate) const DESCRIPTOR: u16 = 1 << 3;
pub(crate) const UTF8: u16 = 1 << 11;

/// The forms of a data descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    Narrow,
    NarrowSigned,
    Wide,
    WideSigned,
}

pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

impl Entry {
    fn new(name: &[u8], method: u16, data: Vec<u8>, bytes: &[u8]) -> Entry {
        let header = Header {
            flags: if name.is_ascii() { 0 } else { UTF8 },
            method,
            crc: crc32fast::hash(bytes),
            packed: data.len() as u32,
            size: bytes.len() as u32,
            name: name.to_vec(),
            extra: Vec::new(),
        };
        let mode: u32 = if name.ends_with(b"/") { 0o040_755 } else { 0o100_644 };
        Entry {
            local: header.clone(),
            central: header,
            made_by: UNIX,
            attributes: mode << 16,
            disk: 0,
            comment: Vec::new(),
            data,
            behind: Vec::new(),
            offset: None,
            in_body: true,
            in_directory: true,
        }
    }

    pub(crate) fn file(name: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Entry {
        Entry::new(name.as_ref(), 8, deflated(bytes.as_ref()), bytes.as_ref())
    }

    pub(crate) fn stored(name: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Entry {
        Entry::new(name.as_ref(), 0, bytes.as_ref().to_vec(), bytes.as_ref())
    }

    pub(crate) fn dir(name: impl AsRef<[u8]>) -> Entry {
        Entry::new(name.as_ref(), 0, Vec::new(), b"")
    }

    /// Both headers.
    pub(crate) fn both(mut self, change: impl Fn(&mut Header)) -> Entry {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Entry)) -> Entry {
        change(&mut self);
        self
    }

    pub(crate) fn mode(self, mode: u32) -> Entry {
        self.with(|entry| entry.attributes = mode << 16)
    }

    pub(crate) fn descriptor(mut self, form: Form) -> Entry {
        let Header { crc, packed, size, .. } = self.central;
        self.behind.clear();
        if matches!(form, Form::NarrowSigned | Form::WideSigned) {
            self.behind.extend(b"PK\x07\x08");
        }
        self.behind.extend(crc.to_le_bytes());
        match form {
            Form::Narrow | Form::NarrowSigned => {
                self.behind.extend(packed.to_le_bytes());
                self.behind.extend(size.to_le_bytes());
            }
            Form::Wide | Form::WideSigned => {
                self.behind.extend(u64::from(packed).to_le_bytes());
                self.behind.extend(u64::from(size).to_le_bytes());
            }
        }
        (self.local.crc, self.local.packed, self.local.size) = (0, 0, 0);
        self.both(|header| header.flags |= DESCRIPTOR)
    }
}

/// One extra field.
pub(crate) fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    let mut field = id.to_le_bytes().to_vec();
    field.extend((content.len() as u16).to_le_bytes());
    field.extend(content);
    field
}

/// The extra field that has `path` as another spelling of `name`.
pub(crate) fn unicode_path(name: &[u8], path: &str) -> Vec<u8> {
    extra(0x7075, &[&[1][..], &crc32fast::hash(name).to_le_bytes(), path.as_bytes()].concat())
}

/// The 64-bit extra field.
pub(crate) fn zip64(values: &[u64]) -> Vec<u8> {
    extra(1, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) disk: u16,
    pub(crate) directory_disk: u16,
    pub(crate) entries_here: u16,
    pub(crate) entries: u16,
    pub(crate) size: u32,
    pub(crate) directory: u32,
    pub(crate) comment_length: u16,
    pub(crate) comment: Vec<u8>,
}

impl End {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"PK\x05\x06".to_vec();
        for field in [self.disk, self.directory_disk, self.entries_here, self.entries] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(self.size.to_le_bytes());
        bytes.extend(self.directory.to_le_bytes());
        bytes.extend(self.comment_length.to_le_bytes());
        bytes.extend(&self.comment);
        bytes
    }
}

/// A 64-bit end with its locator.
#[derive(Debug, Clone)]
pub(crate) struct End64 {
    pub(crate) rest: u64,
    pub(crate) disk: u32,
    pub(crate) entries_here: u64,
    pub(crate) entries: u64,
    pub(crate) size: u64,
    pub(crate) directory: u64,
    pub(crate) between: Vec<u8>,
    pub(crate) offset: u64,
    pub(crate) disks: u32,
}

impl End64 {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"PK\x06\x06".to_vec();
        bytes.extend(self.rest.to_le_bytes());
        bytes.extend([45, 3, 45, 0]);
        bytes.extend(self.disk.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        for field in [self.entries_here, self.entries, self.size, self.directory] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(&self.between);
        bytes.extend(b"PK\x06\x07");
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.disks.to_le_bytes());
        bytes
    }
}

type Lie<T> = Box<dyn Fn(&mut T)>;

/// A zip to be built; what is not set is honest.
#[derive(Default)]
pub(crate) struct Zip {
    pub(crate) entries: Vec<Entry>,
    pub(crate) prefix: Vec<u8>,
    /// Between the entries and the directory.
    pub(crate) before_directory: Vec<u8>,
    /// Between the directory and its end, not counted by the end.
    pub(crate) after_directory: Vec<u8>,
    pub(crate) trailing: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    /// What the end says otherwise.
    pub(crate) end: Option<Lie<End>>,
    /// Whether there is a 64-bit end, and what it says otherwise.
    pub(crate) end64: Option<Lie<End64>>,
}

impl Zip {
    pub(crate) fn of(entries: impl IntoIterator<Item = Entry>) -> Zip {
        Zip { entries: entries.into_iter().collect(), ..Zip::default() }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Zip)) -> Zip {
        change(&mut self);
        self
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut zip = self.prefix.clone();
        let mut directory = Vec::new();
        let mut count = 0_u16;
        for entry in &self.entries {
            // Offsets do not count the prefix: so zips behave that something was put in front of.
            let offset = (zip.len() - self.prefix.len()) as u32;
            if entry.in_body {
                zip.extend(local(&entry.local));
                zip.extend(&entry.data);
                zip.extend(&entry.behind);
            }
            if entry.in_directory {
                directory.extend(central(entry, entry.offset.unwrap_or(offset)));
                count = count.wrapping_add(1);
            }
        }
        zip.extend(&self.before_directory);
        let start = zip.len() - self.prefix.len();
        zip.extend(&directory);
        zip.extend(&self.after_directory);
        if let Some(lie) = &self.end64 {
            let mut end = End64 {
                rest: 44,
                disk: 0,
                entries_here: count.into(),
                entries: count.into(),
                size: directory.len() as u64,
                directory: start as u64,
                between: Vec::new(),
                offset: zip.len() as u64,
                disks: 1,
            };
            lie(&mut end);
            zip.extend(end.bytes());
        }
        let mut end = End {
            disk: 0,
            directory_disk: 0,
            entries_here: count,
            entries: count,
            size: directory.len() as u32,
            directory: start as u32,
            comment_length: self.comment.len() as u16,
            comment: self.comment.clone(),
        };
        if let Some(lie) = &self.end {
            lie(&mut end);
        }
        zip.extend(end.bytes());
        zip.extend(&self.trailing);
        zip
    }
}

fn local(header: &Header) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04\x14\x00".to_vec();
    bytes.extend(common(header));
    bytes.extend(&header.name);
    bytes.extend(&header.extra);
    bytes
}

fn central(entry: &Entry, offset: u32) -> Vec<u8> {
    let mut bytes = b"PK\x01\x02".to_vec();
    bytes.extend(entry.made_by.to_le_bytes());
    bytes.extend([20, 0]);
    bytes.extend(common(&entry.central));
    bytes.extend((entry.comment.len() as u16).to_le_bytes());
    bytes.extend(entry.disk.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(entry.attributes.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend(&entry.central.name);
    bytes.extend(&entry.central.extra);
    bytes.extend(&entry.comment);
    bytes
}

/// What stands in both headers in the same order.
fn common(header: &Header) -> Vec<u8> {
    let mut bytes = header.flags.to_le_bytes().to_vec();
    bytes.extend(header.method.to_le_bytes());
    bytes.extend([0, 0, 0x21, 0]);
    bytes.extend(header.crc.to_le_bytes());
    bytes.extend(header.packed.to_le_bytes());
    bytes.extend(header.size.to_le_bytes());
    bytes.extend((header.name.len() as u16).to_le_bytes());
    bytes.extend((header.extra.len() as u16).to_le_bytes());
    bytes
}
