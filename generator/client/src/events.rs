//! Server-sent events, out of the pieces in which they arrive.

/// The longest line, and the longest event, in bytes.
const LONGEST: usize = 256 << 10;

/// An event or a line without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Events as far as they have arrived.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl Events {
    /// Takes a piece; gives the data of the events that it completes.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut complete = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() > LONGEST {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                complete.extend(self.take_line(line.trim_ascii_end())?);
            }
        }
        Ok(complete)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return Ok(std::mem::take(&mut self.has_data).then_some(data));
        }
        // Comments keep the connection; names and ids of events say nothing that their data does not.
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(None) };
        if self.data.len() + data.len() > LONGEST {
            return Err(TooLong);
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_in_any_pieces() {
        let stream = b": hello\n\nevent: running\ndata: {\"a\":\ndata: 1}\n\n:\n\r\ndata:x\r\n\r\nid: 7\n\ndata: half";
        for size in 1..stream.len() {
            let mut events = Events::default();
            let mut all = Vec::new();
            for piece in stream.chunks(size) {
                all.extend(events.take(piece).unwrap());
            }
            assert_eq!(all, [&b"{\"a\":\n1}"[..], b"x"], "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_line_and_an_endless_event_are_refused() {
        let mut events = Events::default();
        assert_eq!(std::iter::repeat_n(&[b'x'; 1_000], 300).find_map(|p| events.take(p).err()), Some(TooLong));
        let mut events = Events::default();
        let line = [b"data: ".as_slice(), &[b'x'; 1_000], b"\n"].concat();
        assert_eq!(std::iter::repeat_n(&line, 300).find_map(|p| events.take(p).err()), Some(TooLong));
    }
}
