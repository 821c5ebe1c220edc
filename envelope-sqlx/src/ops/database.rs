//! One database of the three kinds, chosen when the program runs.

use core::{fmt, str::FromStr as _, time::Duration};

use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, MySql, MySqlPool, PgPool, Postgres, Row as _, Sqlite,
    SqlitePool, Type, TypeInfo as _, ValueRef as _,
    mysql::{MySqlPoolOptions, MySqlRow},
    pool::PoolConnection,
    postgres::{PgPoolOptions, PgRow},
    query::Query,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow},
};

use super::{
    cell::{Argument, Cell},
    dialect::Dialect,
    error::{Doing as _, OpsError},
    statement::Statement,
};

/// A PostgreSQL, MySQL, MariaDB or SQLite database.
///
/// Made of a pool of SQLx, or by [`connect`](Self::connect).
#[derive(Clone)]
pub struct Database {
    pool: Pool,
}

#[derive(Clone)]
enum Pool {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

impl Database {
    /// Connects to the database that a URL names, with at most so many connections.
    ///
    /// # Errors
    ///
    /// When the URL names none, or the database cannot be reached.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, OpsError> {
        let (scheme, _) = url.split_once(':').ok_or(OpsError::Url)?;
        let wait = Duration::from_secs(10);
        let pool = match scheme {
            "postgres" | "postgresql" => {
                let options = PgPoolOptions::new().max_connections(connections).acquire_timeout(wait);
                Pool::Postgres(options.connect(url).await.doing("connecting")?)
            }
            "mysql" | "mariadb" => {
                let options = MySqlPoolOptions::new().max_connections(connections).acquire_timeout(wait);
                Pool::MySql(options.connect(url).await.doing("connecting")?)
            }
            "sqlite" => {
                let options = SqliteConnectOptions::from_str(url).doing("reading the URL")?;
                let options = options.busy_timeout(Duration::from_secs(30));
                let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(wait);
                Pool::Sqlite(pool.connect_with(options).await.doing("connecting")?)
            }
            _ => return Err(OpsError::Url),
        };
        Ok(Self { pool })
    }

    /// How many there are at most; a worker that waited for another one's would be given up.
    pub(crate) fn connections(&self) -> u32 {
        match &self.pool {
            Pool::Postgres(pool) => pool.options().get_max_connections(),
            Pool::MySql(pool) => pool.options().get_max_connections(),
            Pool::Sqlite(pool) => pool.options().get_max_connections(),
        }
        .max(1)
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match self.pool {
            Pool::Postgres(_) => Dialect::Postgres,
            Pool::MySql(_) => Dialect::MySql,
            Pool::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The one number that a query of the user's gives.
    #[cfg(feature = "cli")]
    pub(crate) async fn number(&self, query: &str) -> Result<f64, OpsError> {
        const DOING: &str = "asking for the lag";
        let query = match self.dialect() {
            Dialect::Postgres => format!("SELECT x::double precision FROM ({query}) AS q(x)"),
            Dialect::MySql | Dialect::Sqlite => query.to_owned(),
        };
        let rows = self.session().await?.rows(Statement::new(self.dialect(), query)).await.doing(DOING)?;
        let cell = rows.first().and_then(|row| row.first());
        // A replica that has nothing to tell does not lag.
        Ok(match cell {
            None | Some(Cell::Null) => 0.0,
            Some(cell) => cell.text().and_then(|text| text.parse().ok()).unwrap_or(f64::INFINITY),
        })
    }

    /// A connection for one worker. It is closed afterwards: a transaction that was cut off ends with it.
    pub(crate) async fn session(&self) -> Result<Session, OpsError> {
        const DOING: &str = "taking a connection";
        Ok(match &self.pool {
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await.doing(DOING)?;
                connection.close_on_drop();
                // As what is read as text is written: with all its digits, and dates by year, month and day.
                connection
                    .execute(sqlx::raw_sql("SET datestyle = 'ISO, YMD'; SET extra_float_digits = 3"))
                    .await
                    .doing("choosing how values are written")?;
                Session::Postgres(connection)
            }
            Pool::MySql(pool) => {
                let mut connection = pool.acquire().await.doing(DOING)?;
                connection.close_on_drop();
                // Otherwise the gaps between the rows of a batch are locked, and the application cannot insert there.
                connection
                    .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    .await
                    .doing("choosing the isolation level")?;
                // Otherwise a value that is too long for its column is cut without a word.
                connection
                    .execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
                    .await
                    .doing("choosing the strict mode")?;
                // Otherwise a point in time is read as it stands on the server's clock.
                connection
                    .execute("SET SESSION time_zone = '+00:00'")
                    .await
                    .doing("choosing the time zone")?;
                Session::MySql(connection)
            }
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await.doing(DOING)?;
                connection.close_on_drop();
                Session::Sqlite(connection)
            }
        })
    }
}

impl From<PgPool> for Database {
    fn from(pool: PgPool) -> Self {
        Self { pool: Pool::Postgres(pool) }
    }
}

impl From<MySqlPool> for Database {
    fn from(pool: MySqlPool) -> Self {
        Self { pool: Pool::MySql(pool) }
    }
}

impl From<SqlitePool> for Database {
    fn from(pool: SqlitePool) -> Self {
        Self { pool: Pool::Sqlite(pool) }
    }
}

impl fmt::Debug for Database {
    // A pool's options may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({:?})", self.dialect())
    }
}

/// One connection.
pub(crate) enum Session {
    Postgres(PoolConnection<Postgres>),
    MySql(PoolConnection<MySql>),
    Sqlite(PoolConnection<Sqlite>),
}

impl Session {
    /// All rows of a query.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        let (sql, arguments) = statement.into_parts();
        Ok(match self {
            Self::Postgres(connection) => {
                let rows = bind_postgres(sql, arguments).fetch_all(&mut **connection).await?;
                rows.iter().map(read_postgres).collect::<Result<_, _>>()?
            }
            Self::MySql(connection) => {
                let rows = bind_mysql(sql, arguments).fetch_all(&mut **connection).await?;
                rows.iter().map(read_mysql).collect::<Result<_, _>>()?
            }
            Self::Sqlite(connection) => {
                let rows = bind_sqlite(sql, arguments).fetch_all(&mut **connection).await?;
                rows.iter().map(read_sqlite).collect::<Result<_, _>>()?
            }
        })
    }

    /// MySQL has `SKIP LOCKED` from 8.0.1 on, MariaDB from 10.6 on, PostgreSQL in every version that is in use.
    pub(crate) async fn can_skip_locked(&mut self, dialect: Dialect) -> Result<bool, OpsError> {
        match dialect {
            Dialect::Postgres => Ok(true),
            Dialect::Sqlite => Ok(false),
            Dialect::MySql => {
                let query = Statement::new(dialect, "SELECT VERSION()");
                let rows = self.rows(query).await.doing("asking for the version")?;
                let version = rows.first().and_then(|row| row.first()).and_then(Cell::text);
                let version = version.unwrap_or_default();
                let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
                let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                let needed = if version.contains("MariaDB") { (10, 6) } else { (8, 0) };
                Ok((major, minor) >= needed)
            }
        }
    }

    /// How many rows were changed.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let (sql, arguments) = statement.into_parts();
        Ok(match self {
            Self::Postgres(connection) => {
                bind_postgres(sql, arguments).execute(&mut **connection).await?.rows_affected()
            }
            Self::MySql(connection) => {
                bind_mysql(sql, arguments).execute(&mut **connection).await?.rows_affected()
            }
            Self::Sqlite(connection) => {
                bind_sqlite(sql, arguments).execute(&mut **connection).await?.rows_affected()
            }
        })
    }

    /// A statement without parameters, that is not prepared.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::MySql(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }
}

fn bind_postgres(
    sql: String,
    arguments: Vec<Argument>,
) -> Query<'static, Postgres, <Postgres as sqlx::Database>::Arguments> {
    arguments.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, argument| match argument {
        Argument::Texts(texts) => query.bind(texts),
        Argument::Blobs(blobs) => query.bind(blobs),
        Argument::Cell(cell) => match &cell {
            Cell::Null | Cell::Unreadable => query.bind(None::<String>),
            Cell::Integer(number) => query.bind(*number),
            Cell::Float(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text.clone()),
            Cell::Bytes(bytes) => query.bind(bytes.clone()),
        },
    })
}

macro_rules! bind {
    ($name:ident: $database:ty) => {
        fn $name(
            sql: String,
            arguments: Vec<Argument>,
        ) -> Query<'static, $database, <$database as sqlx::Database>::Arguments> {
            arguments.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, argument| match &argument {
                Argument::Cell(Cell::Integer(number)) => query.bind(*number),
                Argument::Cell(Cell::Float(number)) => query.bind(*number),
                Argument::Cell(Cell::Text(text)) => query.bind(text.clone()),
                Argument::Cell(Cell::Bytes(bytes)) => query.bind(bytes.clone()),
                // Only PostgreSQL has arrays, and only its statements are given any.
                Argument::Cell(_) | Argument::Texts(_) | Argument::Blobs(_) => query.bind(None::<String>),
            })
        }
    };
}

bind!(bind_mysql: MySql);
bind!(bind_sqlite: Sqlite);

/// What the statements here select is text, bytes, a number or a boolean.
fn read_postgres(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    let read = |index: usize, ty: &str| {
        Ok(match ty {
            "BYTEA" => Cell::Bytes(row.try_get_unchecked(index)?),
            "INT8" => Cell::Integer(row.try_get_unchecked(index)?),
            "INT4" => Cell::Integer(row.try_get_unchecked::<i32, _>(index)?.into()),
            "INT2" => Cell::Integer(row.try_get_unchecked::<i16, _>(index)?.into()),
            "BOOL" => Cell::Integer(row.try_get_unchecked::<bool, _>(index)?.into()),
            "FLOAT8" => Cell::Float(row.try_get_unchecked(index)?),
            _ => Cell::Text(row.try_get_unchecked(index)?),
        })
    };
    (0..row.columns().len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() { Ok(Cell::Null) } else { read(index, value.type_info().name()) }
        })
        .collect()
}

fn read_mysql(row: &MySqlRow) -> Result<Vec<Cell>, sqlx::Error> {
    let read = |index: usize, ty: &str| {
        // The collations that compare text byte by byte give it the names of bytes.
        let is_text = <str as Type<MySql>>::compatible(row.column(index).type_info());
        Ok(if is_text {
            Cell::Text(row.try_get_unchecked(index)?)
        } else if ty.contains("BLOB") || ty.contains("BINARY") {
            Cell::Bytes(row.try_get_unchecked(index)?)
        } else if ty.contains("INT") && ty.ends_with("UNSIGNED") {
            let number: u64 = row.try_get_unchecked(index)?;
            i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Integer)
        } else if ty.contains("INT") || ty == "BOOLEAN" {
            Cell::Integer(row.try_get_unchecked(index)?)
        } else if ty == "DOUBLE" {
            Cell::Float(row.try_get_unchecked(index)?)
        } else if ty == "FLOAT" {
            Cell::Float(row.try_get_unchecked::<f32, _>(index)?.into())
        } else {
            Cell::Text(row.try_get_unchecked(index)?)
        })
    };
    (0..row.columns().len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() { Ok(Cell::Null) } else { read(index, row.column(index).type_info().name()) }
        })
        .collect()
}

/// Values have types of their own there, whatever the column is declared as.
fn read_sqlite(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.columns().len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(Cell::Null);
            }
            let ty = value.type_info();
            Ok(match ty.name() {
                "INTEGER" | "BOOLEAN" => Cell::Integer(row.try_get_unchecked(index)?),
                "REAL" => Cell::Float(row.try_get_unchecked(index)?),
                "BLOB" => Cell::Bytes(row.try_get_unchecked(index)?),
                _ => {
                    let bytes: Vec<u8> = row.try_get_unchecked(index)?;
                    String::from_utf8(bytes).map_or(Cell::Unreadable, Cell::Text)
                }
            })
        })
        .collect()
}
