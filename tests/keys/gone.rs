//! The database goes away: between the writing of a key and that of the row, and at each answer while a key is written.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use diesel::{Connection, MysqlConnection, PgConnection};
use envelope_core::{KeyError, KeyState, Keyring, SealError};
use envelope_tests::database::Kind;
use pollster::block_on;

use crate::{
    support::{Note, key_of},
    tables::{Application, ORMS, Orm},
};

/// Stands between a client and the server, and can go away.
struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

struct Wire {
    server: SocketAddr,
    /// How many more pieces of answers come through.
    answers: AtomicI64,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    fn new(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Wire { server, answers: AtomicI64::new(i64::MAX), open: Mutex::default() });
        let own = Arc::clone(&wire);
        thread::spawn(move || {
            for client in listener.incoming() {
                own.serve(client.unwrap());
            }
        });
        Self { address, wire }
    }

    /// From now on the server is gone after so many pieces of its answers.
    fn cut_after(&self, answers: i64) {
        self.wire.answers.store(answers, Ordering::SeqCst);
        if answers == 0 {
            self.wire.cut();
        }
    }

    /// It is back. Whoever was connected is not.
    fn heal(&self) {
        self.wire.cut();
        self.wire.answers.store(i64::MAX, Ordering::SeqCst);
    }

    fn was_cut(&self) -> bool {
        self.wire.answers.load(Ordering::SeqCst) < 0
    }

    /// The address of a database behind it.
    fn url(&self, url: &str) -> String {
        let (before, host) = url.split_once("127.0.0.1:").unwrap();
        let (_, after) = host.split_once('/').unwrap();
        format!("{before}{}/{after}", self.address)
    }
}

impl Wire {
    fn serve(self: &Arc<Self>, client: TcpStream) {
        if self.answers.load(Ordering::SeqCst) <= 0 {
            self.answers.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let pair = [&client, &server].map(|stream| stream.try_clone().unwrap());
        self.open.lock().unwrap().extend(pair);
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        let own = Arc::clone(self);
        thread::spawn(move || own.answer(server, client));
    }

    fn answer(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut piece = [0; 65_536];
        while let Ok(length @ 1..) = server.read(&mut piece) {
            if self.answers.fetch_sub(1, Ordering::SeqCst) <= 0 {
                self.cut();
                break;
            }
            if client.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

struct Gone {
    application: Application,
    proxy: Proxy,
    keyring: Keyring,
    url: String,
}

impl Gone {
    fn new(kind: Kind, orm: Orm) -> Self {
        let application = Application::new(kind);
        let bytes = if kind == Kind::Mysql { "VARBINARY(255)" } else { "BYTEA" };
        application.database.sql(&format!("CREATE TABLE notes (note {bytes} NOT NULL)"));
        let (_, host) = application.database.url().split_once('@').unwrap();
        let (server, _) = host.split_once('/').unwrap();
        let proxy = Proxy::new(server.parse().unwrap());
        let url = proxy.url(application.database.url());
        let builder = Keyring::builder(application.kms.clone(), orm.store(kind, &url));
        let keyring = builder.clock(&application.clock).open_blocking().unwrap();
        Self { application, proxy, keyring, url }
    }

    fn insert(&self, value: &[u8]) -> Result<(), String> {
        fn run<C: Connection>(url: &str, statement: &str) -> Result<(), String> {
            let mut connection = C::establish(url).map_err(|error| error.to_string())?;
            connection.batch_execute(statement).map_err(|error| error.to_string())
        }
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        match self.application.database.kind() {
            Kind::Postgres => {
                run::<PgConnection>(&self.url, &format!(r"INSERT INTO notes VALUES ('\x{digits}')"))
            }
            Kind::Mysql => {
                run::<MysqlConnection>(&self.url, &format!("INSERT INTO notes VALUES (x'{digits}')"))
            }
            Kind::Sqlite => unreachable!("a file does not go away"),
        }
    }

    /// The states of a tenant's keys, read past the proxy.
    fn states(&self, orm: Orm, tenant: &str) -> Vec<KeyState> {
        let keyring = self.application.process(orm).tenant(tenant).unwrap();
        block_on(keyring.keys()).unwrap().into_iter().map(|key| key.state).collect()
    }
}

const SERVERS: [Kind; 2] = [Kind::Postgres, Kind::Mysql];

#[test]
fn between_the_key_and_the_row() {
    for kind in SERVERS {
        for orm in ORMS {
            let gone = Gone::new(kind, orm);
            let acme = gone.keyring.tenant("acme").unwrap();
            let value = acme.seal(Note, "x").unwrap();
            gone.proxy.cut_after(0);
            gone.insert(&value).unwrap_err();
            // Who has keys goes on; who needs one is told that the store is out of reach.
            let again = acme.seal(Note, "x").unwrap();
            assert_eq!(key_of(&again), key_of(&value));
            assert_eq!(acme.open(Note, &value).unwrap(), "x");
            let globex = gone.keyring.tenant("globex").unwrap();
            let error = globex.seal(Note, "y").unwrap_err();
            assert!(
                matches!(&error, SealError::Key { source: source @ KeyError::Store(_), .. } if source.is_transient()),
                "{kind:?} {orm:?}: {error:?}"
            );
            gone.proxy.heal();
            gone.application.clock.advance(Duration::from_secs(2));
            gone.insert(&value).unwrap();
            assert_eq!(gone.states(orm.other(), "acme"), [KeyState::Active]);
            assert_eq!(gone.states(orm.other(), "globex"), [], "no key was made that nobody could keep");
            globex.seal(Note, "y").unwrap();
            let process = gone.application.process(orm.other()).tenant("acme").unwrap();
            assert_eq!(process.open(Note, &value).unwrap(), "x");
        }
    }
}

/// Also when the key is stored and the answer to that is lost.
#[test]
fn at_each_answer_while_a_key_is_made() {
    for kind in SERVERS {
        for orm in ORMS {
            let gone = Gone::new(kind, orm);
            let mut refused = 0;
            for answers in 0.. {
                let at = format!("{kind:?} {orm:?}, after {answers} answers");
                assert!(answers < 500, "{at}: it never succeeds");
                let name = format!("tenant-{answers}");
                let tenant = gone.keyring.tenant(&name).unwrap();
                gone.proxy.cut_after(answers);
                let first = tenant.seal(Note, "x");
                let was_cut = gone.proxy.was_cut();
                gone.proxy.heal();
                gone.application.clock.advance(Duration::from_secs(6));
                if let Err(error) = &first {
                    refused += 1;
                    let is_due = matches!(error, SealError::Key { source: KeyError::Store(_), .. });
                    assert!(is_due, "{at}: {error:?}");
                }
                let second = tenant.seal(Note, "x").unwrap_or_else(|error| panic!("{at}: {error:?}"));
                assert_eq!(gone.states(orm.other(), &name), [KeyState::Active], "{at}");
                let process = gone.application.process(orm.other()).tenant(&name).unwrap();
                for value in first.iter().chain([&second]) {
                    assert_eq!(process.open(Note, value).unwrap(), "x", "{at}");
                }
                if !was_cut {
                    break;
                }
            }
            assert!(refused > 2, "{kind:?} {orm:?}: the database was there all the time");
        }
    }
}
