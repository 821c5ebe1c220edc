//! A serializer that writes nothing, and finds what would not come back: `serde_json` writes a float that is no number as `null`, and
//! reads no more than 127 levels.

use core::fmt;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// The levels of arrays and objects that `serde_json` reads.
const LEVELS: u8 = 127;

/// How many more levels there may be.
#[derive(Clone, Copy)]
pub(super) struct Check {
    levels: u8,
}

impl Check {
    pub(super) const fn new() -> Self {
        Self { levels: LEVELS }
    }

    fn inside(self, levels: u8) -> Result<Self, NotReadable> {
        self.levels.checked_sub(levels).map(|levels| Self { levels }).ok_or(NotReadable)
    }
}

/// What would be written cannot be read back.
#[derive(Debug)]
pub(super) struct NotReadable;

impl fmt::Display for NotReadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not readable")
    }
}

impl core::error::Error for NotReadable {}

impl ser::Error for NotReadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! passes {
    ($($method:ident($ty:ty))*) => {$(
        fn $method(self, _: $ty) -> Result<(), NotReadable> {
            Ok(())
        }
    )*};
}

macro_rules! compound {
    ($($method:ident($($arg:ty),*) -> $compound:ident, $levels:literal;)*) => {$(
        fn $method(self $(, _: $arg)*) -> Result<Self, NotReadable> {
            self.inside($levels)
        }
    )*};
}

impl Serializer for Check {
    type Ok = ();
    type Error = NotReadable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    passes! {
        serialize_bool(bool) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_unit_struct(&'static str)
    }

    compound! {
        serialize_seq(Option<usize>) -> SerializeSeq, 1;
        serialize_tuple(usize) -> SerializeTuple, 1;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct, 1;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant, 2;
        serialize_map(Option<usize>) -> SerializeMap, 1;
        serialize_struct(&'static str, usize) -> SerializeStruct, 1;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant, 2;
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotReadable> {
        if value.is_finite() { Ok(()) } else { Err(NotReadable) }
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotReadable> {
        if value.is_finite() { Ok(()) } else { Err(NotReadable) }
    }

    fn serialize_none(self) -> Result<(), NotReadable> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotReadable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotReadable> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), NotReadable> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotReadable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotReadable> {
        value.serialize(self.inside(1)?)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), NotReadable> {
        Ok(())
    }
}

macro_rules! elements {
    ($($compound:ident: $method:ident($($name:ty)?);)*) => {$(
        impl $compound for Check {
            type Ok = ();
            type Error = NotReadable;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<(), NotReadable> {
                value.serialize(*self)
            }

            fn end(self) -> Result<(), NotReadable> {
                Ok(())
            }
        }
    )*};
}

elements! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}

impl SerializeMap for Check {
    type Ok = ();
    type Error = NotReadable;

    /// What can be a key, `serde_json` knows, which writes them after this.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotReadable> {
        key.serialize(*self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotReadable> {
        value.serialize(*self)
    }

    fn end(self) -> Result<(), NotReadable> {
        Ok(())
    }
}
