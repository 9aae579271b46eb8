//! As much of HTTP/1.1 as clients of a bulk endpoint use: keep-alive, lengths, chunks, `Expect: 100-continue`.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use memchr::memmem;

const HEAD_LIMIT: usize = 64 << 10;
const BODY_LIMIT: usize = 256 << 20;
const READ: usize = 256 << 10;

/// What stands before a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) gzip: bool,
    length: Length,
    expects_continue: bool,
    close: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Fixed(usize),
    Chunked,
}

/// One connection: what was read of it and not yet used lies in `buffer` from `start` on.
pub(super) struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    bytes_per_second: Option<u64>,
}

impl<S: Read + Write> Connection<S> {
    /// Serves `stream`; bodies are read no faster than `bytes_per_second`.
    pub(super) fn new(stream: S, bytes_per_second: Option<u64>) -> Self {
        Self { stream, buffer: Vec::with_capacity(READ), start: 0, bytes_per_second }
    }

    /// Reads the head of the next request. `None` when the other side has closed between two requests.
    pub(super) fn read_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(length) = memmem::find(self.unread(), b"\r\n\r\n") {
                let head = Head::parse(&self.unread()[..length + 2])?;
                self.start += length + 4;
                return Ok(Some(head));
            }
            if self.unread().len() > HEAD_LIMIT {
                return Err(wrong("the head of a request is too long"));
            }
            let is_between_requests = self.unread().is_empty();
            match self.fill()? {
                0 if is_between_requests => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    /// Reads the body that belongs to `head` into `body`, which is emptied first.
    pub(super) fn read_body(&mut self, head: &Head, body: &mut Vec<u8>) -> io::Result<()> {
        body.clear();
        if head.expects_continue {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            self.stream.flush()?;
        }
        match head.length {
            Length::Fixed(length) => self.read_exactly(length, body),
            Length::Chunked => self.read_chunks(body),
        }
    }

    /// Answers with `status` and a JSON `body`. Gives whether the connection stays open.
    pub(super) fn answer(&mut self, head: &Head, status: u16, body: &[u8]) -> io::Result<bool> {
        let connection = if head.close { "close" } else { "keep-alive" };
        let reason = reason(status);
        let text = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json; charset=UTF-8\r\n\
             Content-Length: {}\r\nConnection: {connection}\r\n\r\n",
            body.len()
        );
        self.stream.write_all(text.as_bytes())?;
        if head.method != "HEAD" {
            self.stream.write_all(body)?;
        }
        self.stream.flush()?;
        Ok(!head.close)
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let end = self.buffer.len();
        self.buffer.resize(end + READ, 0);
        let result = self.stream.read(&mut self.buffer[end..]);
        self.buffer.truncate(end + result.as_ref().copied().unwrap_or(0));
        result
    }

    fn read_exactly(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        if body.len().saturating_add(length) > BODY_LIMIT {
            return Err(wrong("a body is too long"));
        }
        let buffered = length.min(self.unread().len());
        body.extend_from_slice(&self.buffer[self.start..self.start + buffered]);
        self.start += buffered;
        let end = body.len() - buffered + length;
        let mut filled = body.len();
        body.resize(end, 0);
        while filled < end {
            let slice_end = end.min(filled + self.slice());
            match self.stream.read(&mut body[filled..slice_end])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// How much to read at once. With a limit of speed it is a twentieth of a second's worth, after a rest.
    fn slice(&self) -> usize {
        let Some(rate) = self.bytes_per_second else { return BODY_LIMIT };
        thread::sleep(Duration::from_millis(50));
        usize::try_from(rate / 20).unwrap_or(BODY_LIMIT).max(1)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let line = self.read_line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(digits, 16).map_err(|_| wrong("expected the length of a chunk"))?;
            if length == 0 {
                return self.skip_trailers();
            }
            self.read_exactly(length, body)?;
            if !self.read_line()?.is_empty() {
                return Err(wrong("expected the end of a chunk"));
            }
        }
    }

    fn skip_trailers(&mut self) -> io::Result<()> {
        while !self.read_line()?.is_empty() {}
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(length) = memmem::find(self.unread(), b"\r\n") {
                let line = String::from_utf8_lossy(&self.unread()[..length]).into_owned();
                self.start += length + 2;
                return Ok(line);
            }
            if self.unread().len() > HEAD_LIMIT {
                return Err(wrong("the line of a chunk is too long"));
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl Head {
    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("a head is not UTF-8"))?;
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next()) else {
            return Err(wrong("expected `METHOD TARGET VERSION`"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut head = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            gzip: false,
            length: Length::Fixed(0),
            expects_continue: false,
            close: version == "HTTP/1.0",
        };
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| wrong("expected `Name: value`"))?;
            head.header(&name.to_ascii_lowercase(), value.trim())?;
        }
        Ok(head)
    }

    fn header(&mut self, name: &str, value: &str) -> io::Result<()> {
        match name {
            "content-length" if self.length != Length::Chunked => {
                self.length = Length::Fixed(value.parse().map_err(|_| wrong("expected a length"))?);
            }
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => self.length = Length::Chunked,
            "content-encoding" => self.gzip = value.eq_ignore_ascii_case("gzip"),
            "expect" => self.expects_continue = value.eq_ignore_ascii_case("100-continue"),
            "connection" => self.close |= value.eq_ignore_ascii_case("close"),
            _ => {}
        }
        Ok(())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that has said everything already; keeps what it is told.
    struct Script {
        said: io::Cursor<Vec<u8>>,
        told: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            // Small pieces, so that every border falls between two reads once.
            let length = into.len().min(7);
            self.said.read(&mut into[..length])
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.told.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn connection(said: &str) -> Connection<Script> {
        Connection::new(Script { said: io::Cursor::new(said.into()), told: Vec::new() }, None)
    }

    #[test]
    fn requests_follow_each_other_on_one_connection() {
        let mut connection = connection(
            "POST /_bulk?filter_path=errors HTTP/1.1\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello\
             PUT /x/_bulk HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;a=b\r\nwor\r\n2\r\nld\r\n0\r\n\r\n",
        );
        let mut body = Vec::new();

        let first = connection.read_head().expect("valid").expect("there");
        connection.read_body(&first, &mut body).expect("whole");
        assert_eq!((first.path.as_str(), first.query.as_str(), first.gzip), ("/_bulk", "filter_path=errors", true));
        assert_eq!(body, b"hello");

        let second = connection.read_head().expect("valid").expect("there");
        connection.read_body(&second, &mut body).expect("whole");
        assert_eq!((second.path.as_str(), second.close), ("/x/_bulk", true));
        assert_eq!(body, b"world");
        assert!(connection.read_head().expect("a clean end").is_none());
    }

    #[test]
    fn a_client_that_waits_for_leave_to_send_gets_it() {
        let mut connection = connection("POST /_bulk HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
        let mut body = Vec::new();

        let head = connection.read_head().expect("valid").expect("there");
        connection.read_body(&head, &mut body).expect("whole");

        assert!(connection.stream.told.starts_with(b"HTTP/1.1 100 Continue\r\n\r\n"));
    }

    #[test]
    fn a_request_that_breaks_off_is_an_error() {
        for said in [
            "POST /_bulk HTTP/1.1\r\nContent-Len",
            "POST /_bulk HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort",
            "POST /_bulk HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "POST\r\n\r\n",
        ] {
            let mut connection = connection(said);
            let result = connection
                .read_head()
                .and_then(|head| connection.read_body(&head.expect("something was said"), &mut Vec::new()));
            assert!(result.is_err(), "{said}");
        }
    }
}
