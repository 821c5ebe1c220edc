//! Whatever its type, what is sealed opens as what it was: those types of which arbitrary values are not tried elsewhere. Their edges are in
//! `plaintext` and `plaintext_types`.

use std::{
    borrow::Cow,
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    rc::Rc,
    sync::Arc,
};

use bigdecimal::{BigDecimal, num_bigint::BigInt};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use envelope_core::{
    Field, FromPlaintext, Json, Keyring, MemoryStore, Mode, ToPlaintext,
    testing::{self, TestKms},
};
use envelope_diesel::Plaintext as DerivePlaintext;
use ipnetwork::IpNetwork;
use proptest::prelude::{BoxedStrategy, Strategy, any, prop};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::plaintext::{comes_back, holds};

const GCM: Field = Field::new("t", "c", "t.c", Mode::Randomized);

/// Seals what a writer may have and opens what a reader asks for.
fn becomes<W: ToPlaintext + ?Sized, R: FromPlaintext + Debug + PartialEq>(
    keyring: &Keyring,
    written: &W,
    read: &R,
) {
    let value = keyring.seal_field(&GCM, written).unwrap();
    assert_eq!(&keyring.open_field::<R>(&GCM, &value).unwrap(), read);
}

macro_rules! come_back {
    ($($type:ty),* $(,)?) => {{
        let keyring = &testing::keyring();
        $(holds(&any::<$type>(), |value| comes_back(keyring, value));)*
    }};
}

#[test]
fn numbers_and_truth_values() {
    come_back!(
        u8,
        u16,
        u32,
        i16,
        usize,
        isize,
        bool,
        [u8; 0],
        [u8; 1],
        [u8; 17],
        Vec<i64>,
        Vec<u128>,
        Vec<bool>
    );
}

/// NaN too, to the bit.
#[test]
fn floats() {
    let keyring = &testing::keyring();
    holds(&(any::<u32>(), any::<u64>()), |(narrow, wide)| {
        let value = keyring.seal_field(&GCM, &f32::from_bits(*narrow)).unwrap();
        assert_eq!(keyring.open_field::<f32>(&GCM, &value).unwrap().to_bits(), *narrow);
        let value = keyring.seal_field(&GCM, &f64::from_bits(*wide)).unwrap();
        assert_eq!(keyring.open_field::<f64>(&GCM, &value).unwrap().to_bits(), *wide);
    });
}

#[test]
fn every_owner_of_text_and_bytes() {
    let keyring = &testing::keyring();
    holds(&(any::<String>(), any::<Vec<u8>>()), |(text, bytes)| {
        becomes(keyring, text.as_str(), text);
        becomes(keyring, &Cow::Borrowed(text.as_str()), &Box::<str>::from(text.as_str()));
        becomes(keyring, &Box::<str>::from(text.as_str()), &Arc::<str>::from(text.as_str()));
        becomes(keyring, &Arc::<str>::from(text.as_str()), text);
        becomes(keyring, &Rc::<str>::from(text.as_str()), text);
        becomes(keyring, bytes.as_slice(), &bytes.clone().into_boxed_slice());
        becomes(keyring, &bytes.clone().into_boxed_slice(), bytes);
        let secret = SecretString::from(text.as_str());
        let opened: SecretString =
            keyring.open_field(&GCM, &keyring.seal_field(&GCM, &secret).unwrap()).unwrap();
        assert_eq!(opened.expose_secret(), text);
        let secret = SecretSlice::from(bytes.clone());
        let opened: SecretSlice<u8> =
            keyring.open_field(&GCM, &keyring.seal_field(&GCM, &secret).unwrap()).unwrap();
        assert_eq!(opened.expose_secret(), bytes);
        let secret = SecretBox::new(Box::new(text.clone()));
        let opened: SecretBox<String> =
            keyring.open_field(&GCM, &keyring.seal_field(&GCM, &secret).unwrap()).unwrap();
        assert_eq!(opened.expose_secret(), text);
    });
}

#[test]
fn addresses_and_identifiers() {
    let keyring = &testing::keyring();
    holds(&(any::<u128>(), any::<u32>(), 0..=128_u8, 0..=32_u8), |(wide, narrow, long, short)| {
        let (v6, v4) = (Ipv6Addr::from(*wide), Ipv4Addr::from(*narrow));
        comes_back(keyring, &Uuid::from_u128(*wide));
        comes_back(keyring, &vec![Uuid::from_u128(*wide)]);
        comes_back(keyring, &v4);
        comes_back(keyring, &v6);
        comes_back(keyring, &IpAddr::from(v4));
        comes_back(keyring, &vec![IpAddr::from(v6), v4.into()]);
        comes_back(keyring, &IpNetwork::new(v6.into(), *long).unwrap());
        comes_back(keyring, &IpNetwork::new(v4.into(), *short).unwrap());
    });
}

#[test]
fn dates_beyond_the_common_ones() {
    let keyring = &testing::keyring();
    let days = NaiveDate::MIN.to_epoch_days()..=NaiveDate::MAX.to_epoch_days();
    holds(&(days, 0..86_400_u32, 0..2_000_000_000_u32), |(days, seconds, nanoseconds)| {
        let date = NaiveDate::from_epoch_days(*days).unwrap();
        comes_back(keyring, &date);
        // `chrono` has leap seconds at the end of minutes only.
        let Some(time) = NaiveTime::from_num_seconds_from_midnight_opt(*seconds, *nanoseconds) else {
            return;
        };
        comes_back(keyring, &time);
        comes_back(keyring, &date.and_time(time));
        comes_back::<DateTime<Utc>>(keyring, &date.and_time(time).and_utc());
    });
}

#[test]
fn decimals_of_any_length() {
    let keyring = &testing::keyring();
    let digits = prop::collection::vec(any::<u8>(), 0..40);
    holds(&(digits, -131_072..=131_072_i64), |(digits, scale)| {
        let number = BigDecimal::new(BigInt::from_signed_bytes_be(digits), *scale);
        let value = keyring.seal_field(&GCM, &number).unwrap();
        let opened: BigDecimal = keyring.open_field(&GCM, &value).unwrap();
        // Equal numbers of different scales are equal to the type.
        assert_eq!(opened.as_bigint_and_exponent(), number.as_bigint_and_exponent());
    });
}

fn json() -> BoxedStrategy<Value> {
    let leaf = prop::strategy::Union::new([
        any::<()>().prop_map(|()| Value::Null).boxed(),
        any::<bool>().prop_map(Value::from).boxed(),
        any::<i64>().prop_map(Value::from).boxed(),
        any::<u64>().prop_map(Value::from).boxed(),
        any::<f64>().prop_map(Value::from).boxed(),
        any::<String>().prop_map(Value::from).boxed(),
    ]);
    leaf.prop_recursive(4, 40, 6, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from);
        let map = prop::collection::btree_map(any::<String>(), inner, 0..6)
            .prop_map(|map| Value::Object(map.into_iter().collect()));
        prop::strategy::Union::new([list.boxed(), map.boxed()])
    })
    .boxed()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Named(String, Option<Box<Self>>),
}

#[test]
fn json_of_any_shape() {
    let keyring = &testing::keyring();
    holds(&json(), |value| {
        comes_back(keyring, value);
        becomes(keyring, &Json(value.clone()), value);
    });
    holds(&(any::<f64>(), any::<String>()), |(radius, name)| {
        let inner = if radius.is_normal() { Shape::Circle { radius: *radius } } else { Shape::Point };
        comes_back(keyring, &Json(vec![Shape::Named(name.clone(), Some(Box::new(inner)))]));
    });
}

#[derive(Clone, Debug, PartialEq, DerivePlaintext)]
struct Iban(String);

#[derive(Clone, Copy, Debug, PartialEq, DerivePlaintext)]
struct Cents(i64);

#[derive(Clone, Debug, PartialEq, DerivePlaintext)]
enum Plan {
    Free,
    #[encrypt(rename = "paid-monthly")]
    Monthly,
}

#[test]
fn types_of_the_application() {
    let keyring = &testing::keyring();
    holds(&(any::<String>(), any::<i64>(), any::<bool>()), |(text, cents, is_free)| {
        comes_back(keyring, &Iban(text.clone()));
        comes_back(keyring, &Cents(*cents));
        comes_back(keyring, if *is_free { &Plan::Free } else { &Plan::Monthly });
    });
}

/// With an application, tenant and context of any name, too.
#[test]
fn under_any_names() {
    let context = |length: usize| {
        let name: String = "ü.x".chars().cycle().take(length).collect();
        &*Box::leak(name.into_boxed_str())
    };
    let contexts = [1, 2, 50, 127].map(context);
    let names = (any::<String>(), any::<String>(), prop::sample::select(contexts.to_vec()), any::<String>());
    holds(&names, |(application, tenant, context, text)| {
        let keyring = Keyring::builder(TestKms::new(), MemoryStore::new())
            .allow_test_provider()
            .application(application.clone())
            .open_blocking();
        // What is no name is refused, and nothing else is.
        let is_name = (1..=255).contains(&application.len());
        assert_eq!(keyring.is_ok(), is_name, "{application:?}");
        let Ok(keyring) = keyring else { return };
        let keyring = keyring.tenant(tenant);
        assert_eq!(keyring.is_ok(), (1..=255).contains(&tenant.len()), "{tenant:?}");
        let Ok(keyring) = keyring else { return };
        for mode in [Mode::Randomized, Mode::Deterministic] {
            let field = Field::new("t", "c", context, mode);
            let value = keyring.seal_field(&field, text).unwrap();
            assert_eq!(&keyring.open_field::<String>(&field, &value).unwrap(), text);
        }
    });
}
