//! Who can write the key table cannot swap, relabel, edit or put back its rows: each is refused, and named.

use envelope_core::{KeyError, Keyring, OpenError, Purpose, SealError, testing::TestKms};
use envelope_tests::database::Kind;
use pollster::block_on;

use super::{Application, ORMS, Orm, on_each_database};
use crate::support::{MINUTE, Note, key_of};

on_each_database! {
    every_edit_of_a_row_is_refused_and_named,
    rows_that_are_moved_are_refused,
    an_older_copy_under_a_running_process_is_refused,
}

/// A key table with the keys of two tenants; `acme` has rotated once.
struct Table {
    application: Application,
    /// Of `acme`, under its former and its present key.
    old: Vec<u8>,
    new: Vec<u8>,
    globex: Vec<u8>,
}

impl Table {
    fn new(kind: Kind) -> Self {
        let application = Application::new(kind);
        let keyring = application.builder(Orm::Sqlx).also_wrapped_by(TestKms::new()).open_blocking().unwrap();
        let acme = keyring.tenant("acme").unwrap();
        let old = acme.seal(Note, "x").unwrap();
        let globex = keyring.tenant("globex").unwrap().seal(Note, "x").unwrap();
        block_on(acme.rotate(Purpose::Encrypt)).unwrap();
        application.clock.advance(17 * MINUTE);
        block_on(acme.promote(Purpose::Encrypt)).unwrap();
        let new = acme.seal(Note, "x").unwrap();
        application.database.sql("CREATE TABLE original AS SELECT * FROM envelope_keys");
        Self { application, old, new, globex }
    }

    /// An edit in the database's dialect, in which `:new`, `:old` and `:globex` are the ids of keys.
    fn dialect(&self, edit: &str) -> String {
        let edit = [(":new", &self.new), (":old", &self.old), (":globex", &self.globex)]
            .iter()
            .fold(edit.to_owned(), |edit, (name, value)| edit.replace(name, &number(value).to_string()));
        match self.application.database.kind() {
            // Written for SQLite, whose `concat` is for text, though.
            Kind::Sqlite => match edit.split_once("concat(") {
                Some((before, arguments)) => {
                    let (arguments, after) = arguments.split_once(')').unwrap();
                    format!("{before}CAST({} AS BLOB){after}", arguments.replace(", ", " || "))
                }
                None => edit,
            },
            Kind::Postgres => match edit.split_once("concat(") {
                Some((before, arguments)) => {
                    let (arguments, after) = arguments.split_once(')').unwrap();
                    format!("{before}{}{after}", arguments.replace(", ", " || "))
                }
                None => edit,
            }
            .replace("x'", r"'\x")
            .replace("zeroblob(1000000)", "decode(repeat('00', 1000000), 'hex')"),
            Kind::Mysql => edit.replace("zeroblob(1000000)", "repeat(x'00', 1000000)"),
        }
    }

    /// The table as it was, with an edit. Some databases refuse some edits themselves.
    fn try_edit(&self, edit: &str) -> bool {
        let database = &self.application.database;
        database.sql("DELETE FROM envelope_keys; INSERT INTO envelope_keys SELECT * FROM original");
        database.try_sql(&self.dialect(edit)).is_ok()
    }

    fn edit(&self, edit: &str) {
        assert!(self.try_edit(edit), "{edit} is not possible");
    }

    /// A process that starts on the table. It has nobody else to ask for a key than the first key service.
    fn process(&self, orm: Orm) -> Result<Keyring, KeyError> {
        self.application.builder(orm).open_blocking()
    }
}

fn number(value: &[u8]) -> u32 {
    u32::from_str_radix(&key_of(value), 16).unwrap()
}

/// What an edit does to `acme`: reading under the present key, and writing.
enum Refused {
    /// As a damaged row.
    Damaged(&'static str),
    /// By the check.
    Changed,
    /// By the key service.
    NotUnwrapped,
}

fn every_edit_of_a_row_is_refused_and_named(kind: Kind) {
    use Refused::{Changed, Damaged, NotUnwrapped};
    let table = Table::new(kind);
    for (edit, refused) in [
        ("tenant = x'676c6f626578'", Damaged("active_slot")),
        ("tenant = x'676c6f626578ff'", Damaged("tenant")),
        ("purpose = 'search'", Damaged("active_slot")),
        ("purpose = 'Encrypt'", Damaged("purpose")),
        ("state = 'decrypt-only'", Damaged("active_slot")),
        ("state = 'decrypt-only', active_slot = NULL", Changed),
        ("state = 'pending', active_slot = NULL", Changed),
        ("state = 'compromised', active_slot = NULL", Changed),
        ("state = ''", Damaged("state")),
        ("active_slot = NULL", Damaged("active_slot")),
        ("active_slot = x'656e63727970743a6e6577'", Damaged("active_slot")),
        ("revision = revision + 1", Changed),
        ("revision = revision - 1", Changed),
        ("revision = -1", Damaged("revision")),
        ("created_at = created_at - 1", Changed),
        ("created_at = -1", Damaged("created_at")),
        ("changed_at = changed_at + 1", Changed),
        ("changed_at = -9223372036854775808", Damaged("changed_at")),
        ("provider_key = 'local:0000000000000000'", NotUnwrapped),
        ("provider_key = NULL", Damaged("wrapped")),
        ("wrapped = NULL", Damaged("wrapped")),
        ("wrapped = NULL, provider_key = NULL", Changed),
        ("wrapped = x''", NotUnwrapped),
        ("wrapped = substr(wrapped, 1, length(wrapped) - 1)", NotUnwrapped),
        ("wrapped = concat(wrapped, x'00')", NotUnwrapped),
        ("wrapped = zeroblob(1000000)", NotUnwrapped),
        ("wrapped = (SELECT wrapped FROM envelope_keys WHERE id = :globex)", NotUnwrapped),
        ("wrapped = (SELECT wrapped FROM envelope_keys WHERE id = :old)", NotUnwrapped),
        ("further_wraps = x''", Changed),
        ("further_wraps = concat(further_wraps, further_wraps)", Changed),
        ("further_wraps = x'ff'", Damaged("further_wraps")),
        ("further_wraps = substr(further_wraps, 1, length(further_wraps) - 1)", Damaged("further_wraps")),
        ("further_wraps = (SELECT further_wraps FROM envelope_keys WHERE id = :old)", Changed),
        ("check_value = x''", Changed),
        ("check_value = (SELECT check_value FROM envelope_keys WHERE id = :old)", Changed),
        ("check_value = zeroblob(1000000)", Changed),
    ] {
        if !table.try_edit(&format!("UPDATE envelope_keys SET {edit} WHERE id = :new")) {
            // In MySQL the columns have lengths.
            assert!(kind == Kind::Mysql && edit.ends_with("= zeroblob(1000000)"), "{edit} is not possible");
            continue;
        }
        for orm in ORMS {
            let at = format!("{orm:?}: {edit}");
            let acme = table.process(orm).expect(&at).tenant("acme").unwrap();
            let sealed = match acme.seal(Note, "y") {
                Err(SealError::Key { source, .. }) => source,
                other => panic!("{at}: {other:?}"),
            };
            // Opening finds it out as well, or does not find the row, in a process that never used the key.
            let opened = acme.open(Note, &table.new).expect_err(&at);
            for error in [sealed.to_string(), opened.to_string()] {
                assert!(
                    error.contains(&key_of(&table.new)) && !error.contains("panicked"),
                    "{at}: the error does not name the row: {error}"
                );
            }
            match refused {
                Damaged(column) => {
                    assert!(matches!(sealed, KeyError::Store(_)), "{at}: {sealed:?}");
                    assert!(sealed.to_string().contains(&format!("`{column}`")), "{at}: {sealed}");
                    assert!(!sealed.is_transient());
                }
                Changed => assert!(matches!(sealed, KeyError::RecordChanged { .. }), "{at}: {sealed:?}"),
                NotUnwrapped => assert!(matches!(sealed, KeyError::NotUnwrapped { .. }), "{at}: {sealed:?}"),
            }
        }
    }
    // As the default tenant's, it is met when the keyring opens.
    table.edit("UPDATE envelope_keys SET tenant = x'' WHERE id = :new");
    for orm in ORMS {
        let error = table.process(orm).unwrap_err();
        assert!(error.to_string().contains(&key_of(&table.new)), "{orm:?}: {error}");
    }
    // Without an edit it opens: the refusals above are for what they say.
    table.edit("SELECT 1");
    for orm in ORMS {
        let acme = table.process(orm).unwrap().tenant("acme").unwrap();
        assert_eq!(acme.open(Note, &table.new).unwrap(), "x");
        assert_eq!(acme.open(Note, &table.old).unwrap(), "x");
    }
}

fn rows_that_are_moved_are_refused(kind: Kind) {
    let table = Table::new(kind);
    let check = |edit: &str, orm: Orm, tenant: &str, value: &[u8], named: &[u8]| {
        table.edit(edit);
        let keyring = table.process(orm).unwrap().tenant(tenant).unwrap();
        let error = keyring.open(Note, value).expect_err(edit).to_string();
        assert!(error.contains(&key_of(named)), "{orm:?}: {edit}: {error}");
    };
    for orm in ORMS {
        // Two rows change their ids.
        let swap = "UPDATE envelope_keys SET id = 0 WHERE id = :new;
                    UPDATE envelope_keys SET id = :new WHERE id = :globex;
                    UPDATE envelope_keys SET id = :globex WHERE id = 0";
        check(swap, orm, "acme", &table.new, &table.new);
        check(swap, orm, "globex", &table.new, &table.new);
        // A row is given to another tenant, in a form that the table takes.
        let give =
            "UPDATE envelope_keys SET tenant = x'676c6f626578', state = 'decrypt-only', active_slot = NULL
                    WHERE id = :new";
        check(give, orm, "globex", &table.new, &table.new);
        check(give, orm, "acme", &table.new, &table.new);
        // Another id.
        check("UPDATE envelope_keys SET id = 1 WHERE id = :new", orm, "acme", &table.new, &table.new);
        // Two keys exchange their states.
        let exchange = "UPDATE envelope_keys SET state = 'decrypt-only', active_slot = NULL WHERE id = :new;
                        UPDATE envelope_keys SET state = 'active', active_slot = x'656e63727970743a61636d65' WHERE id = :old";
        check(exchange, orm, "acme", &table.new, &table.new);
        check(exchange, orm, "acme", &table.old, &table.old);

        // A copy for a tenant that has no key yet.
        table.edit(
            "INSERT INTO envelope_keys SELECT 7, application, x'6e6577', purpose, state, x'656e63727970743a6e6577', revision,
             created_at, changed_at, provider_key, wrapped, further_wraps, check_value FROM envelope_keys WHERE id = :new",
        );
        let error = table.process(orm).unwrap().tenant("new").unwrap().seal(Note, "y").unwrap_err();
        assert!(
            matches!(&error, SealError::Key { source: KeyError::NotUnwrapped { id, .. }, .. } if id.get() == 7),
            "{error:?}"
        );

        // Another application's table, or this one's under another name.
        table.edit("UPDATE envelope_keys SET application = 'other' WHERE id = :new");
        let error = table.process(orm).unwrap().tenant("acme").unwrap().open(Note, &table.new).unwrap_err();
        assert!(
            matches!(&error, OpenError::Key { source: KeyError::OtherApplication { id, .. }, .. }
                if id.to_string() == key_of(&table.new)),
            "{error:?}"
        );
    }
}

fn an_older_copy_under_a_running_process_is_refused(kind: Kind) {
    for orm in ORMS {
        let table = Table::new(kind);
        table.edit("CREATE TABLE former AS SELECT * FROM envelope_keys");
        let keyring = table.process(orm).unwrap().tenant("acme").unwrap();
        block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
        table.application.clock.advance(17 * MINUTE);
        block_on(keyring.promote(Purpose::Encrypt)).unwrap();
        keyring.seal(Note, "x").unwrap();
        assert_eq!(keyring.open(Note, &table.new).unwrap(), "x");
        let back = ["state", "revision", "changed_at", "check_value", "active_slot"]
            .map(|column| {
                format!("{column} = (SELECT f.{column} FROM former f WHERE f.id = envelope_keys.id)")
            })
            .join(", ");
        let back = format!("UPDATE envelope_keys SET {back} WHERE id IN (SELECT id FROM former)");
        let later = "UPDATE envelope_keys SET active_slot = NULL, state = 'pending' WHERE id NOT IN (SELECT id FROM former);";
        table.application.database.sql(&format!("{later}{back}"));
        table.application.clock.advance(16 * MINUTE);
        let error = keyring.open(Note, &table.new).unwrap_err();
        assert!(
            matches!(&error, OpenError::Key { source: KeyError::RecordRolledBack { id, revision: 2, known: 3, .. }, .. }
                if id.to_string() == key_of(&table.new)),
            "{orm:?}: {error:?}"
        );
        assert!(keyring.seal(Note, "x").is_err());
        // Rows that are gone are missed, and nothing is written beside them.
        table
            .application
            .database
            .sql(&table.dialect("DELETE FROM envelope_keys WHERE tenant = x'61636d65'"));
        table.application.clock.advance(16 * MINUTE);
        let error = keyring.seal(Note, "x").unwrap_err();
        assert!(
            matches!(&error, SealError::Key { source: KeyError::RecordGone { .. }, .. }),
            "{orm:?}: {error:?}"
        );
    }
}

/// Whatever stands in a column, of whatever type: an error, and no panic.
#[test]
fn no_garbage_in_a_column_is_taken() {
    let table = Table::new(Kind::Sqlite);
    for column in [
        "id",
        "application",
        "tenant",
        "purpose",
        "state",
        "active_slot",
        "revision",
        "created_at",
        "changed_at",
        "provider_key",
        "wrapped",
        "further_wraps",
        "check_value",
    ] {
        for garbage in [
            "NULL",
            "''",
            "'abc'",
            "x''",
            "x'ff'",
            "CAST(x'ff' AS TEXT)",
            "1.5",
            "-1",
            "0",
            "9223372036854775807",
            "-9223372036854775808",
            "9e999",
            "zeroblob(2000000)",
            "CAST(zeroblob(2000000) AS TEXT)",
        ] {
            // Without the table's constraints, which keep some of it out.
            table.edit(&format!(
                "CREATE TABLE copy AS SELECT * FROM envelope_keys; DROP TABLE envelope_keys;
                 ALTER TABLE copy RENAME TO envelope_keys; UPDATE envelope_keys SET {column} = {garbage} WHERE id = :new"
            ));
            for orm in ORMS {
                let at = format!("{orm:?}: {column} = {garbage}");
                let acme = match table.process(orm) {
                    Ok(keyring) => keyring.tenant("acme").unwrap(),
                    // The row became the default tenant's.
                    Err(error) if column == "tenant" => {
                        assert!(error.to_string().contains(&key_of(&table.new)), "{at}: {error}");
                        continue;
                    }
                    Err(error) => panic!("{at}: {error}"),
                };
                let sealed = acme.seal(Note, "y").expect_err(&at).to_string();
                let opened = acme.open(Note, &table.new).expect_err(&at).to_string();
                for error in [sealed, opened] {
                    assert!(!error.contains("thread failed"), "{at}: {error}");
                    assert!(error.len() < 2000, "{at}: an error of {} bytes", error.len());
                }
            }
        }
    }
}
