//! Dates and times, by either crate.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::prelude::*;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};

use super::{Databases, found, with_table, wrong_types};
use crate::typed::dates::{Moment, TABLE, as_text, moment, moments, with_time};

async fn with_moments(test: impl AsyncFnOnce(&mut Databases)) {
    with_table(TABLE, test).await;
}

async fn write_by_sqlx(moment: &Moment, databases: &Databases) {
    sqlx::query("INSERT INTO moments VALUES (?, ?, ?, ?, ?, ?)")
        .bind(moment.id)
        .bind(Moment::BIRTH_DATE.bind(moment.birth_date))
        .bind(Moment::ALARM.bind(&moment.alarm))
        .bind(Moment::LOCAL.bind(moment.local))
        .bind(Moment::SEEN.bind(moment.seen))
        .bind(Moment::THERE.bind(&moment.there))
        .execute(&databases.sqlx)
        .await
        .unwrap();
}

#[tokio::test]
async fn text_is_no_date() {
    with_moments(async |databases| {
        diesel::insert_into(moments::table).values(&moment(1)).execute(&mut databases.diesel).unwrap();
        wrong_types!(databases, moments, as_text::moments, Moment:
            birth_date BIRTH_DATE NaiveDate, alarm ALARM NaiveTime, local LOCAL NaiveDateTime,
            seen SEEN DateTime<Utc>, there THERE DateTime<FixedOffset>);
    })
    .await;
}

#[tokio::test]
async fn nor_is_it_one_of_the_other_crate() {
    use with_time::{Moment, moments};

    with_moments(async |databases| {
        let empty = Moment { id: 1, ..Moment::default() };
        diesel::insert_into(moments::table).values(&empty).execute(&mut databases.diesel).unwrap();
        wrong_types!(databases, moments, as_text::moments, Moment:
            birth_date BIRTH_DATE Date, alarm ALARM Time, local LOCAL PrimitiveDateTime,
            seen SEEN UtcDateTime, there THERE OffsetDateTime);
    })
    .await;
}

#[tokio::test]
async fn each_reads_what_the_other_wrote() {
    with_moments(async |databases| {
        let [plain, edges, nothing] = moments();
        diesel::insert_into(moments::table)
            .values(&vec![plain.clone(), edges.clone()])
            .execute(&mut databases.diesel)
            .unwrap();
        write_by_sqlx(&nothing, databases).await;
        for id in [1, 2] {
            write_by_sqlx(
                &Moment { id: id + 10, ..moments()[usize::try_from(id).unwrap() - 1].clone() },
                databases,
            )
            .await;
        }
        diesel::insert_into(moments::table)
            .values(Moment { id: 13, ..nothing.clone() })
            .execute(&mut databases.diesel)
            .unwrap();
        let expected: Vec<_> = moments()
            .into_iter()
            .chain(moments().map(|moment| Moment { id: moment.id + 10, ..moment }))
            .collect();
        let by_diesel = moments::table.order_by(moments::id).load::<Moment>(&mut databases.diesel);
        assert_eq!(by_diesel, Ok(expected.clone()));
        let by_sqlx =
            sqlx::query_as::<_, Moment>("SELECT * FROM moments ORDER BY id").fetch_all(&databases.sqlx);
        assert_eq!(by_sqlx.await.unwrap(), expected);
        let there: Vec<Option<DateTime<FixedOffset>>> = moments::table
            .filter(moments::id.eq(1))
            .select(moments::there)
            .load(&mut databases.diesel)
            .unwrap();
        assert_eq!(there[0].unwrap().offset().local_minus_utc(), -34_200);
    })
    .await;
}

#[tokio::test]
async fn each_finds_and_changes_a_date() {
    with_moments(async |databases| {
        let [plain, edges, nothing] = moments();
        write_by_sqlx(&plain, databases).await;
        diesel::insert_into(moments::table).values(&[edges, nothing]).execute(&mut databases.diesel).unwrap();
        let date = plain.birth_date.unwrap();
        macro_rules! ids {
            ($condition:expr) => {
                moments::table
                    .filter($condition)
                    .select(moments::id)
                    .load::<i32>(&mut databases.diesel)
                    .unwrap()
            };
        }
        assert_eq!(ids!(moments::birth_date.eq(date)), [1]);
        assert_eq!(ids!(moments::alarm.eq(plain.alarm)), [1]);
        assert_eq!(ids!(moments::local.eq(plain.local)), [1]);
        assert_eq!(ids!(moments::seen.eq(plain.seen)), [1]);
        let pool = &databases.sqlx;
        assert_eq!(found(Moment::BIRTH_DATE, Moment::BIRTH_DATE.lookup(date), pool).await, [1]);
        assert_eq!(found(Moment::ALARM, Moment::ALARM.lookup(plain.alarm.unwrap()), pool).await, [1]);
        assert_eq!(found(Moment::LOCAL, Moment::LOCAL.lookup(NaiveDateTime::MIN), pool).await, [2]);
        assert_eq!(found(Moment::SEEN, Moment::SEEN.lookup(plain.seen.unwrap()), pool).await, [1]);
        diesel::update(moments::table.filter(moments::birth_date.eq(date)))
            .set((moments::birth_date.eq(NaiveDate::MAX), moments::there.eq(None::<DateTime<FixedOffset>>)))
            .execute(&mut databases.diesel)
            .unwrap();
        let changed: Moment =
            sqlx::query_as("SELECT * FROM moments WHERE id = 1").fetch_one(&databases.sqlx).await.unwrap();
        assert_eq!(changed, Moment { birth_date: Some(NaiveDate::MAX), there: None, ..plain });
    })
    .await;
}

#[tokio::test]
async fn the_other_crate_reads_and_finds_the_same() {
    use with_time::moments as other;

    with_moments(async |databases| {
        write_by_sqlx(&moment(1), databases).await;
        write_by_sqlx(&Moment { id: 2, ..Moment::default() }, databases).await;
        let read: Vec<with_time::Moment> =
            other::table.order_by(other::id).load(&mut databases.diesel).unwrap();
        let by_sqlx = sqlx::query_as::<_, with_time::Moment>("SELECT * FROM moments ORDER BY id");
        assert_eq!(by_sqlx.fetch_all(&databases.sqlx).await.unwrap(), read);
        assert_eq!(read[1], with_time::Moment { id: 2, ..with_time::Moment::default() });
        let date = Date::from_ordinal_date(1990, 137).unwrap();
        let local = PrimitiveDateTime::new(date, Time::from_hms_nano(8, 30, 0, 123_456_789).unwrap());
        assert_eq!((read[0].birth_date, read[0].local), (Some(date), Some(local)));
        assert_eq!(read[0].there.unwrap().offset().whole_seconds(), -34_200);
        let count = other::table
            .filter(other::birth_date.eq(date).and(other::alarm.eq(local.time())).and(other::local.eq(local)))
            .filter(other::seen.eq(UtcDateTime::new(date, local.time())))
            .count();
        assert_eq!(count.get_result(&mut databases.diesel), Ok(1_i64));
        let lookup = with_time::Moment::BIRTH_DATE.lookup(date);
        assert_eq!(found(with_time::Moment::BIRTH_DATE, lookup, &databases.sqlx).await, [1]);
        let edges = with_time::Moment {
            id: 4,
            birth_date: Some(Date::MIN),
            alarm: Some(Time::MAX),
            local: Some(PrimitiveDateTime::MAX),
            seen: Some(UtcDateTime::MIN),
            there: Some(OffsetDateTime::new_utc(Date::MAX, Time::MAX)),
        };
        diesel::insert_into(other::table).values(&edges).execute(&mut databases.diesel).unwrap();
        let query = sqlx::query_as("SELECT * FROM moments WHERE id = 4");
        let read: with_time::Moment = query.fetch_one(&databases.sqlx).await.unwrap();
        assert_eq!(read, edges);
    })
    .await;
}
