//! Addresses of the Internet: the version of the protocol, then the address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, ListItem, PlaintextBytes, PlaintextError,
    PlaintextKind, PlaintextWriter, ToPlaintext,
};

/// The first byte. An IPv6 address that maps one of IPv4 is one of IPv6.
const V4: u8 = 4;
const V6: u8 = 6;

/// The most bytes of an address.
const HINT: usize = 17;

fixed_length! {
    Ipv4Addr, Address: 5, "an IPv4 address",
        |address| {
            let [a, b, c, d] = address.octets();
            [V4, a, b, c, d]
        },
        |bytes| match bytes {
            [V4, a, b, c, d] => Some(Self::from_octets([a, b, c, d])),
            _ => None,
        };
}

impl ToPlaintext for Ipv6Addr {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(&[V6]);
        out.write(&self.octets());
    }

    fn size_hint(&self) -> usize {
        HINT
    }
}

impl FromPlaintext for Ipv6Addr {
    const KIND: PlaintextKind = PlaintextKind::Address;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        match read(&bytes) {
            Some(IpAddr::V6(address)) => Ok(address),
            _ => Err(PlaintextError::new("an IPv6 address")),
        }
    }
}

impl ToPlaintext for IpAddr {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        match self {
            Self::V4(address) => address.write(out),
            Self::V6(address) => address.write(out),
        }
    }

    fn size_hint(&self) -> usize {
        HINT
    }
}

impl FromPlaintext for IpAddr {
    const KIND: PlaintextKind = PlaintextKind::Address;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        read(&bytes).ok_or(PlaintextError::new("an IP address"))
    }
}

fn read(bytes: &[u8]) -> Option<IpAddr> {
    let (version, address) = bytes.split_first()?;
    match *version {
        V4 => <[u8; 4]>::try_from(address).ok().map(IpAddr::from),
        V6 => <[u8; 16]>::try_from(address).ok().map(IpAddr::from),
        _ => None,
    }
}

impl ListItem for Ipv6Addr {}
impl ListItem for IpAddr {}
impl ExactPlaintext for Ipv4Addr {}
impl DeterministicPlaintext for Ipv4Addr {}
impl ExactPlaintext for Ipv6Addr {}
impl DeterministicPlaintext for Ipv6Addr {}
impl ExactPlaintext for IpAddr {}
impl DeterministicPlaintext for IpAddr {}

#[cfg(feature = "ipnetwork")]
mod network {
    use ipnetwork::IpNetwork;

    use super::HINT;
    use crate::plaintext::{
        DeterministicPlaintext, ExactPlaintext, FromPlaintext, ListItem, PlaintextBytes, PlaintextError,
        PlaintextKind, PlaintextWriter, ToPlaintext,
    };

    /// The address, host bits and all, then the length of the prefix.
    impl ToPlaintext for IpNetwork {
        type Plain = Self;

        fn write(&self, out: &mut PlaintextWriter<'_>) {
            self.ip().write(out);
            out.write(&[self.prefix()]);
        }

        fn size_hint(&self) -> usize {
            HINT + 1
        }
    }

    impl FromPlaintext for IpNetwork {
        const KIND: PlaintextKind = PlaintextKind::Network;

        fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
            let (prefix, address) = bytes.split_last().ok_or(NETWORK)?;
            Self::new(super::read(address).ok_or(NETWORK)?, *prefix).map_err(|_| NETWORK)
        }
    }

    const NETWORK: PlaintextError = PlaintextError::new("an IP network");

    impl ListItem for IpNetwork {}
    impl ExactPlaintext for IpNetwork {}
    impl DeterministicPlaintext for IpNetwork {}
}
