//! One connection, plain or TLS: reads requests, and writes answers byte for byte as a fault wants them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The bytes of a connection.
#[allow(clippy::large_enum_variant, reason = "there are few of them")]
enum Wire {
    Plain(TcpStream),
    Tls(StreamOwned<ServerConnection, TcpStream>),
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// What stands before the body of a request.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) path: String,
    pub(crate) is_gzip: bool,
    pub(crate) accepts_gzip: bool,
    pub(crate) length: usize,
}

/// Bytes of a body at most.
const BODY: usize = 16 << 20;

/// A connection in use.
pub(crate) struct Link {
    reader: BufReader<Wire>,
    /// The connection itself.
    stream: TcpStream,
}

impl Link {
    /// Serves `stream`, with TLS where there is a configuration for it.
    pub(crate) fn new(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let own = stream.try_clone()?;
        let wire = match tls {
            Some(tls) => Wire::Tls(StreamOwned::new(ServerConnection::new(tls).map_err(io::Error::other)?, stream)),
            None => Wire::Plain(stream),
        };
        // Small, so that much of a request is unread when only its beginning was wanted.
        Ok(Self { reader: BufReader::with_capacity(512, wire), stream: own })
    }

    /// Reads the head of the next request; `None` when there is none.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        let mut head = Head::default();
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        head.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            let Some((name, value)) = header.split_once(':') else { return Ok(Some(head)) };
            match name {
                "content-length" => head.length = value.trim().parse().map_err(io::Error::other)?,
                "content-encoding" => head.is_gzip = value.contains("gzip"),
                "accept-encoding" => head.accepts_gzip = value.contains("gzip"),
                _ => {}
            }
        }
    }

    /// Reads the body of `head`, inflated.
    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        assert!(head.length <= BODY, "a request of {} bytes", head.length);
        let mut body = vec![0; head.length];
        self.reader.read_exact(&mut body)?;
        if !head.is_gzip {
            return Ok(body);
        }
        let mut plain = Vec::new();
        MultiGzDecoder::new(&body[..]).take(BODY as u64).read_to_end(&mut plain)?;
        Ok(plain)
    }

    /// Reads so many bytes and forgets them.
    pub(crate) fn skip(&mut self, bytes: usize) -> io::Result<()> {
        self.reader.read_exact(&mut vec![0; bytes])
    }

    /// Sends these bytes at once.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)?;
        self.reader.get_mut().flush()
    }

    /// Ends what is sent; what was sent arrives.
    pub(crate) fn close(&self) {
        // The other side may have closed already.
        drop(self.stream.shutdown(Shutdown::Both));
    }

    /// Resets the connection.
    pub(crate) fn reset(self) -> io::Result<()> {
        // The standard library cannot set this.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let _inside = runtime.enter();
        self.stream.set_nonblocking(true)?;
        tokio::net::TcpStream::from_std(self.stream.try_clone()?)?.set_zero_linger()
    }
}
