//! A proxy in front of the emulator: counts what passes, and answers otherwise on request.
//!
//! The emulator knows no disabled keys, no permissions and no limits; the proxy answers for it as the service would.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;

/// What becomes of the calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// The emulator answers.
    Honest,
    /// The service's answer to an error: status, code and message.
    Error(u16, &'static str, &'static str),
    /// As `Error` for so many calls, and honest afterwards.
    ErrorFor(usize, u16, &'static str, &'static str),
    /// Whoever asks may do this and nothing else.
    PermitOnly(&'static str),
    /// This body with status 200.
    Body(&'static str),
    /// This body with another status, and no header of the service.
    Foreign(u16, &'static str),
    /// The emulator's answer with a change.
    Changed(fn(&mut Value)),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection stays open and nothing comes.
    Silence,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    emulator: SocketAddr,
    answer: Mutex<Answer>,
    latency: Mutex<Duration>,
    calls: Mutex<BTreeMap<String, usize>>,
}

impl Proxy {
    pub(crate) fn start(emulator: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            emulator,
            answer: Mutex::new(Answer::Honest),
            latency: Mutex::default(),
            calls: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        // Ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || state.serve(&client));
            }
        });
        Self { address, state }
    }

    pub(crate) fn answer(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }

    pub(crate) fn slow_down(&self, latency: Duration) {
        *self.state.latency.lock().unwrap() = latency;
    }

    /// How often an operation (`Decrypt`) was asked for.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.state.calls.lock().unwrap().get(operation).copied().unwrap_or_default()
    }

    pub(crate) fn all_calls(&self) -> usize {
        self.state.calls.lock().unwrap().values().sum()
    }
}

impl State {
    /// Serves one connection until either side closes it.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client);
        loop {
            let (head, body) = read_message(&mut reader)?;
            let operation = header(&head, "x-amz-target").and_then(|target| target.split('.').nth(1));
            let operation = operation.unwrap_or("none").to_owned();
            *self.calls.lock().unwrap().entry(operation.clone()).or_default() += 1;
            thread::sleep(*self.latency.lock().unwrap());
            let answer = self.next_answer();
            match answer {
                Answer::PermitOnly(permitted) if permitted != operation => {
                    let body = r#"{"__type": "AccessDeniedException"}"#.into();
                    respond(client, &(status_line(400), body))?;
                }
                Answer::Honest | Answer::PermitOnly(_) => respond(client, &self.forward(&head, &body)?)?,
                Answer::Changed(change) => {
                    let (head, body) = self.forward(&head, &body)?;
                    let mut body = serde_json::from_slice(&body).unwrap();
                    change(&mut body);
                    respond(client, &(head, body.to_string().into_bytes()))?;
                }
                Answer::Error(status, code, message) | Answer::ErrorFor(_, status, code, message) => {
                    let body = serde_json::json!({ "__type": code, "message": message }).to_string();
                    respond(client, &(status_line(status), body.into_bytes()))?;
                }
                Answer::Body(body) => respond(client, &(status_line(200), body.into()))?,
                Answer::Foreign(status, body) => respond(client, &(status_line(status), body.into()))?,
                Answer::HangUp => return Ok(()),
                Answer::Silence => thread::sleep(Duration::from_secs(3600)),
            }
        }
    }

    fn next_answer(&self) -> Answer {
        let mut answer = self.answer.lock().unwrap();
        let this = *answer;
        if let Answer::ErrorFor(count, status, code, message) = this {
            *answer = match count {
                0 | 1 => Answer::Honest,
                _ => Answer::ErrorFor(count - 1, status, code, message),
            };
        }
        this
    }

    /// The emulator's answer: the first line, and the body.
    fn forward(&self, head: &str, body: &[u8]) -> io::Result<(String, Vec<u8>)> {
        let mut emulator = TcpStream::connect(self.emulator)?;
        let head: Vec<_> =
            head.lines().filter(|line| !line.to_lowercase().starts_with("connection:")).collect();
        write!(emulator, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n"))?;
        emulator.write_all(body)?;
        let (head, body) = read_message(&mut BufReader::new(emulator))?;
        Ok((head.lines().next().unwrap_or_default().to_owned(), body))
    }
}

fn status_line(status: u16) -> String {
    format!("HTTP/1.1 {status} -")
}

fn respond(mut client: &TcpStream, (head, body): &(String, Vec<u8>)) -> io::Result<()> {
    let length = body.len();
    let head =
        format!("{head}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {length}\r\n\r\n");
    client.write_all(&[head.as_bytes(), body].concat())
}

/// One message of HTTP/1.1 whose length is in its head.
fn read_message(reader: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.trim_end().to_owned();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
