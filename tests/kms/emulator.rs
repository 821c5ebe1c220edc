//! The emulator of AWS KMS: one process of moto for all tests.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// Ends when its standard input does: also when this process is killed.
const SERVE: &str = "\
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger('werkzeug').setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print('{}:{}'.format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
";

/// Where the emulator listens. The first caller starts it.
pub(crate) fn address() -> SocketAddr {
    // The process holds the emulator's standard input as long as it lives.
    static EMULATOR: OnceLock<(Child, SocketAddr)> = OnceLock::new();
    EMULATOR.get_or_init(start).1
}

fn start() -> (Child, SocketAddr) {
    let python = env::var_os("TEST_PYTHON").expect(
        "TEST_PYTHON is not set: it names a Python with the packages of tests/requirements.txt; `./tests/run keys` \
         prepares one",
    );
    let mut emulator = Command::new(&python)
        .args(["-c", SERVE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("TEST_PYTHON {}: {error}", python.display()));
    let mut line = String::new();
    BufReader::new(emulator.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().parse().expect("the emulator did not start; its complaint stands above");
    (emulator, address)
}
