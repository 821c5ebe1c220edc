//! Modules in which nothing is called what it usually is.

/// Everything that generated code could be tempted to name.
macro_rules! wrong_names {
    () => {
        // Types, traits and modules of the prelude and around it.
        pub struct Option;
        pub struct Result;
        pub struct String;
        pub struct Vec;
        pub struct Box;
        pub struct Self_;
        pub struct Error;
        pub struct Field;
        pub struct Mode;
        pub struct Column;
        pub struct Keyring;
        pub trait Clone {}
        pub trait Copy {}
        pub trait Debug {}
        pub trait From {}
        pub trait Into {}
        pub trait Default {}
        pub trait Iterator {}
        pub trait Send {}
        pub trait Sync {}
        pub trait Sized {}
        pub trait Plaintext {}
        pub trait ToPlaintext {}
        pub trait FromPlaintext {}
        pub trait FromRow {}
        pub mod core {}
        pub mod std {}
        pub mod alloc {}
        pub mod sqlx {}
        pub mod diesel {}
        pub mod envelope_core {}
        pub mod envelope_diesel {}
        pub mod envelope_sqlx {}
        pub type str = ();
        pub type bool = ();
        pub type u8 = ();
        pub type usize = ();
        pub const Some: () = ();
        pub const None: () = ();
        pub const Ok: () = ();
        pub const Err: () = ();
        // Every method on everything.
        pub trait Methods {
            fn bind(&self) {}
            fn seal(&self) {}
            fn lookup(&self) {}
            fn name(&self) {}
            fn write(&self) {}
            fn read(&self) {}
            fn size_hint(&self) {}
            fn map(&self) {}
            fn as_ref(&self) {}
            fn clone(&self) {}
            fn fmt(&self) {}
            fn eq(&self) {}
            fn ne(&self) {}
            fn values(&self) {}
            fn build(&self) {}
        }
        impl<T: ?::core::marker::Sized> Methods for T {}
    };
}

#[no_implicit_prelude]
#[expect(non_camel_case_types, non_upper_case_globals, reason = "the names are there to be in the way")]
pub mod sqlx_model {
    wrong_names!();

    #[derive(::envelope_sqlx::Encrypted)]
    #[encrypt(table = "users")]
    pub struct User<'a, T> {
        pub id: i64,
        #[encrypt(deterministic)]
        pub email: ::std::string::String,
        #[encrypt(plaintext = "read")]
        pub note: ::core::option::Option<::std::vec::Vec<::core::primitive::u8>>,
        #[encrypt(deterministic)]
        pub iban: Iban,
        #[encrypt]
        pub status: Status,
        #[encrypt(type = ::core::primitive::bool)]
        pub vip: ::envelope_sqlx::Encrypted<UserVip>,
        pub plain: T,
        pub borrowed: &'a ::core::primitive::str,
    }

    #[derive(::envelope_sqlx::Encrypted)]
    #[encrypt(table = "guests")]
    pub struct Guest<T> {
        pub id: i64,
        #[encrypt(deterministic)]
        pub email: ::std::string::String,
        #[encrypt]
        pub note: ::core::option::Option<::std::string::String>,
        pub plain: T,
    }

    #[derive(::envelope_sqlx::Plaintext)]
    pub struct Iban(::std::string::String);

    #[derive(::envelope_sqlx::Plaintext)]
    pub struct Wrapped<T> {
        pub value: T,
    }

    #[derive(::envelope_sqlx::Plaintext)]
    pub enum Status {
        Some,
        None,
        Ok,
        Err,
    }
}

#[no_implicit_prelude]
#[expect(non_camel_case_types, non_upper_case_globals, reason = "the names are there to be in the way")]
pub mod diesel_model {
    wrong_names!();

    // Diesel's own derives and macros are not as careful, so its names have to be in scope for what they emit.
    #[derive(::envelope_diesel::Encrypted)]
    #[diesel(table_name = super::schema::users)]
    pub struct User {
        pub id: i32,
        #[encrypt(deterministic)]
        pub email: ::std::string::String,
        #[encrypt]
        pub note: ::core::option::Option<::std::vec::Vec<::core::primitive::u8>>,
        #[encrypt(deterministic)]
        pub iban: Iban,
        #[encrypt]
        pub status: Status,
        #[encrypt(type = ::core::primitive::bool)]
        pub vip: ::envelope_diesel::Encrypted<UserVip>,
    }

    #[derive(::envelope_diesel::Encrypted)]
    #[diesel(table_name = super::schema::users)]
    #[encrypt(columns = User)]
    pub struct NewUser<'a> {
        #[encrypt]
        pub email: &'a ::core::primitive::str,
        #[encrypt]
        pub note: ::core::option::Option<::core::option::Option<&'a [::core::primitive::u8]>>,
    }

    #[derive(::envelope_diesel::Plaintext)]
    pub struct Iban(::std::string::String);

    #[derive(::envelope_diesel::Plaintext)]
    pub enum Status {
        Some,
        None,
    }
}

pub mod schema {
    diesel::table! {
        users (id) {
            id -> Integer,
            email -> crate::shadowed::diesel_model::UserEmail,
            note -> Nullable<crate::shadowed::diesel_model::UserNote>,
            iban -> crate::shadowed::diesel_model::UserIban,
            status -> crate::shadowed::diesel_model::UserStatus,
            vip -> crate::shadowed::diesel_model::UserVip,
        }
    }
}

#[test]
fn it_does_the_same() {
    use envelope_sqlx::Column;

    assert_eq!(format!("{:?}", sqlx_model::UserEmail), "users.email");
    assert_eq!(<sqlx_model::UserNote as Column>::FIELD.context(), "users.note");
    let keyring = envelope_core::testing::keyring();
    let sealed = keyring.seal(sqlx_model::UserStatus, &sqlx_model::Status::Err).unwrap();
    let opened = keyring.open(sqlx_model::UserStatus, &sealed).unwrap();
    assert!(matches!(opened, sqlx_model::Status::Err));
}
