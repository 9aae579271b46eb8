//! A loopback server with prepared answers, for tests.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Canned {
    /// Answers with status, headers (each ended by CRLF) and body.
    Answer(u16, &'static str, String),
    /// Answers 200 with the first half of this body, and closes.
    Truncated(String),
    /// Resets the connection in the middle of this answer.
    ResetMidAnswer(String),
    /// Closes without an answer.
    Close,
    /// Never answers.
    Stall,
}

impl Canned {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, "", body.into())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// The server; it ends with the test's runtime.
pub(crate) struct Stub {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
}

type Answers = Arc<Mutex<VecDeque<Canned>>>;

impl Stub {
    /// A server that talks plain HTTP.
    pub(crate) async fn start(answers: Vec<Canned>) -> Self {
        Self::serve(answers, None).await
    }

    /// A server that talks TLS.
    pub(crate) async fn start_tls(answers: Vec<Canned>, config: ServerConfig) -> Self {
        Self::serve(answers, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn serve(answers: Vec<Canned>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        let log = Arc::clone(&received);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve_connection(connection, tls.clone(), Arc::clone(&answers), Arc::clone(&log)));
            }
        });
        Self { port, received, connections }
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panicked with it").clone()
    }
}

async fn serve_connection(
    connection: TcpStream,
    tls: Option<TlsAcceptor>,
    answers: Answers,
    log: Arc<Mutex<Vec<Received>>>,
) -> io::Result<()> {
    match tls {
        Some(tls) => serve_requests(tls.accept(connection).await?, &answers, &log).await.map(drop),
        None => {
            if let Some(connection) = serve_requests(connection, &answers, &log).await? {
                connection.set_zero_linger()?;
            }
            Ok(())
        }
    }
}

/// Serves until the connection ends; gives it back when it is to be reset.
async fn serve_requests<S>(mut connection: S, answers: &Answers, log: &Mutex<Vec<Received>>) -> io::Result<Option<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let request = read_request(&mut connection).await?;
        log.lock().expect("no test panicked with it").push(request);
        let answer = answers.lock().expect("no test panicked with it").pop_front();
        match answer.expect("an answer was prepared for every request") {
            Canned::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
                connection.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
                connection.flush().await?;
            }
            Canned::Truncated(body) => {
                connection.write_all(&half_answer(&body)).await?;
                connection.shutdown().await?;
                return Ok(None);
            }
            Canned::ResetMidAnswer(body) => {
                connection.write_all(&half_answer(&body)).await?;
                connection.flush().await?;
                return Ok(Some(connection));
            }
            Canned::Close => return Ok(None),
            Canned::Stall => std::future::pending().await,
        }
    }
}

fn half_answer(body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body.as_bytes()[..body.len() / 2]].concat()
}

async fn read_request(connection: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !bytes[0].is_ascii_uppercase() {
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
            return Err(io::ErrorKind::InvalidData.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head_end);
    while body.len() < length {
        if connection.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Received { head, body })
}
