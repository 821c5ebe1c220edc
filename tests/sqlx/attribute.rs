//! SQLx's own test attribute, which makes a database for each test.

use std::{env, process::Command};

use envelope_core::OpenError;
use envelope_tests::database::Database;
use sqlx::{Executor as _, Pool};

use super::{
    Db, KIND,
    fixture::{ada, all, create_users, insert, open_error, with_keyring},
    sql,
};

#[sqlx::test(migrations = false)]
#[ignore = "its database is named by DATABASE_URL, and the next test starts it so"]
async fn body(pool: Pool<Db>) {
    pool.execute(sql(&create_users())).await.unwrap();
    with_keyring(async {
        insert(&pool, &ada()).await;
        assert_eq!(all(&pool).await.unwrap(), [ada()]);
    })
    .await;
    assert!(matches!(open_error(all(&pool).await), OpenError::NoKeyring { .. }));
}

#[test]
fn a_test_of_sqlx() {
    let database = Database::new(KIND);
    let (_, module) = module_path!().split_once("::").unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", &format!("{module}::body")])
        .env("DATABASE_URL", database.url())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
