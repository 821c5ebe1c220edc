//! Secrets: searched without being shown.

use diesel::prelude::*;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::{Databases, found, is_wrong_type, scalar, with_table};
use crate::typed::secrets::{Account, TABLE, account, accounts, exposed};

async fn with_accounts(test: impl AsyncFnOnce(&mut Databases)) {
    with_table(TABLE, test).await;
}

#[tokio::test]
async fn what_is_no_such_secret() {
    with_accounts(async |databases| {
        let exposed_pin = exposed::accounts::pin.eq("12345");
        diesel::insert_into(exposed::accounts::table)
            .values((exposed::accounts::token.eq([0xFF_u8].to_vec()), exposed_pin))
            .execute(&mut databases.diesel)
            .unwrap();
        let by_diesel = accounts::table.select(accounts::token).first::<SecretString>(&mut databases.diesel);
        is_wrong_type(&Account::TOKEN, by_diesel, scalar(Account::TOKEN, &databases.sqlx).await);
        let by_diesel =
            accounts::table.select(accounts::pin).first::<Option<SecretBox<[u8; 4]>>>(&mut databases.diesel);
        is_wrong_type(&Account::PIN, by_diesel, scalar(Account::PIN, &databases.sqlx).await);
    })
    .await;
}

#[tokio::test]
async fn each_reads_and_finds_what_the_other_wrote() {
    with_accounts(async |databases| {
        diesel::insert_into(accounts::table).values(&account(1)).execute(&mut databases.diesel).unwrap();
        let second = account(2);
        sqlx::query("INSERT INTO accounts VALUES (2, ?, ?, ?)")
            .bind(Account::TOKEN.bind(&second.token))
            .bind(Account::SEED.bind(&second.seed))
            .bind(Account::PIN.bind(second.pin))
            .execute(&databases.sqlx)
            .await
            .unwrap();
        for id in [1, 2] {
            let token = SecretString::from(format!("token {id}"));
            let query = accounts::table.filter(accounts::token.eq(&token));
            let sql = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query).to_string();
            assert!(!sql.contains("token 1") && !sql.contains("token 2"), "{sql}");
            let by_diesel: Account = query.first(&mut databases.diesel).unwrap();
            assert_eq!(found(Account::TOKEN, Account::TOKEN.lookup(&token), &databases.sqlx).await, [id]);
            let by_sqlx: Account = sqlx::query_as("SELECT * FROM accounts WHERE id = ?")
                .bind(id)
                .fetch_one(&databases.sqlx)
                .await
                .unwrap();
            for read in [by_diesel, by_sqlx] {
                assert_eq!(read.token.expose_secret(), token.expose_secret());
                assert_eq!(
                    read.seed.as_ref().map(|seed| seed.expose_secret().to_vec()),
                    (id == 1).then(|| vec![0, 255])
                );
                assert_eq!(
                    read.pin.as_ref().map(|pin| *pin.expose_secret()),
                    (id == 1).then_some([1, 2, 3, 4])
                );
                assert!(!format!("{read:?}").contains("token 1"), "{read:?}");
            }
        }
    })
    .await;
}
