#!/usr/bin/env python3
"""Opens the vectors of the stored format, knowing FORMAT.md and nothing of the Rust code.

It recomputes each intermediate value that a vector carries and compares it, opens what must open, and refuses what must
be refused with the error that the vector names. Needs the packages `cryptography`, `idna` and `phonenumbers`.

    python3 tests/read_vectors.py [FILE or DIRECTORY ...]        default: tests/vectors
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import re
import struct
import sys
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import index_terms


class Refused(Exception):
    """What a reader must not accept; the message is the kind that the vectors name."""


class Deviation(Exception):
    """The vector and this reader disagree."""


# FORMAT.md#conventions


def u16(number):
    return struct.pack(">H", number)


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def lp(part):
    return u16(len(part)) + part


def hkdf(key, info, length):
    return HKDF(algorithm=SHA256(), length=length, salt=b"", info=info).derive(key)


# FORMAT.md#value

GCM, XAES, SIV, HMAC = 0x01, 0x02, 0x10, 0x20
SUITES = {"randomized": {GCM, XAES}, "deterministic": {SIV}}
OVERHEAD = {GCM: 34, XAES: 46, SIV: 22}
LONGEST_PLAINTEXT = 1 << 30


def column_key(data_key, suite, key_id, tenant, context):
    info = lp(b"envelope/v1/column-key") + bytes([suite]) + u32(key_id) + lp(tenant) + lp(context)
    return hkdf(data_key, info, 64 if suite == SIV else 32)


def associated_data(header, tenant, context, row):
    binding = b"\x00" if not row else bytes([min(len(row), 2)]) + b"".join(lp(part) for part in row)
    return header + lp(b"envelope/v1/value") + lp(tenant) + lp(context) + binding


def xaes_key(key, context):
    """The key of one value: the SP 800-108 derivation with CMAC of the C2SP specification."""
    halves = []
    for number in (1, 2):
        mac = CMAC(AES(key))
        mac.update(bytes([0, number]) + b"X\x00" + context)
        halves.append(mac.finalize())
    return b"".join(halves)


def open_value(vector):
    """The plaintext bytes of a value, and the intermediate values by the names that vectors use for them."""
    stored, suites = vector["value"], SUITES[vector["mode"]]
    if stored[:1] == b"\xfd":
        raise Refused("self-contained")
    if stored[:1] != b"\xfe":
        raise Refused("not-an-envelope")
    if len(stored) < 2:
        raise Refused("truncated")
    suite = stored[1]
    if suite not in OVERHEAD:
        raise Refused("unknown-suite")
    if suite not in suites:
        raise Refused("wrong-mode")
    if len(stored) < OVERHEAD[suite]:
        raise Refused("truncated")
    if len(stored) - OVERHEAD[suite] > LONGEST_PLAINTEXT:
        raise Refused("too-long")
    (key_id,) = struct.unpack(">I", stored[2:6])
    if key_id == 0:
        raise Refused("key-id-zero")
    if key_id != vector["key-id"]:
        raise Refused("unknown-key")
    tenant, context = vector["tenant"].encode(), vector["context"].encode()
    key = column_key(vector["data-key"], suite, key_id, tenant, context)
    row = [vector[name] for name in ("row", "row-2") if vector.get(name) is not None]
    ad = associated_data(stored[:6], tenant, context, row)
    steps = {"column-key": key, "associated-data": ad}
    try:
        if suite == GCM:
            steps["nonce"] = stored[6:18]
            return AESGCM(key).decrypt(stored[6:18], stored[18:], ad), steps
        if suite == XAES:
            steps["nonce"] = stored[6:30]
            return AESGCM(xaes_key(key, stored[6:18])).decrypt(stored[18:30], stored[30:], ad), steps
        return AESSIV(key).decrypt(stored[6:], [ad]), steps
    except InvalidTag:
        raise Refused("not-authentic") from None


# FORMAT.md#text-form

BASE64 = re.compile("[A-Za-z0-9+/]*")


def decode_text(text):
    digits = text.removeprefix("env:")
    if digits == text:
        raise Refused("not-an-envelope")
    if not BASE64.fullmatch(digits) or len(digits) % 4 == 1:
        raise Refused("bad-text")
    value = base64.b64decode(digits + "=" * (-len(digits) % 4))
    # Bits behind the last byte would give one value several texts.
    if base64.b64encode(value).decode().rstrip("=") != digits or value[:1] not in (b"\xfd", b"\xfe"):
        raise Refused("bad-text")
    return value


# FORMAT.md#plaintext-encodings

INTEGER = re.compile(r"([iu])(8|16|32|64|128)")
FLOATS = {"f32": ">f", "f64": ">d"}


def encode(kind, meaning):
    """The plaintext bytes of the value that a vector spells out in `meaning`."""
    if kind in ("text", "enum"):
        return meaning.encode()
    if kind == "bytes":
        return bytes.fromhex(meaning)
    if kind == "bool":
        return {"false": b"\x00", "true": b"\x01"}[meaning]
    if kind in FLOATS:
        return struct.pack(FLOATS[kind], float(meaning))
    if kind.startswith("list of "):
        items = [encode(kind.removeprefix("list of "), str(item)) for item in json.loads(meaning)]
        return u32(len(items)) + b"".join(u32(len(item)) + item for item in items)
    if kind in ENCODERS:
        return ENCODERS[kind](meaning)
    return encode_integer(int(meaning))


def encode_integer(number):
    for length in (8, 16):
        if -(1 << (8 * length - 1)) <= number < 1 << (8 * length - 1):
            return number.to_bytes(length, "big", signed=True)
    return number.to_bytes(17, "big")


# FORMAT.md#dates-and-times

CALENDAR = {"date": 4, "time": 7, "date-time": 11, "instant": 12, "offset-date-time": 15}


def days_since_1970(year, month, day):
    """Counts from a 1st of March, so that a leap day is the last of its year."""
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - 719468


def encode_date(meaning):
    year, month, day = re.fullmatch(r"([+-]?[0-9]+)-([0-9]{2})-([0-9]{2})", meaning).groups()
    return struct.pack(">i", days_since_1970(int(year), int(month), int(day)))


def seconds_and_nanoseconds(meaning):
    hour, minute, second, fraction = re.fullmatch(r"(..):(..):(..)(?:\.([0-9]+))?", meaning).groups()
    nanoseconds = int((fraction or "").ljust(9, "0"))
    # A leap second belongs to the one before it.
    leap = int(second) == 60
    return int(hour) * 3600 + int(minute) * 60 + int(second) - leap, nanoseconds + leap * 10**9


def encode_time(meaning):
    seconds, nanoseconds = seconds_and_nanoseconds(meaning)
    return seconds.to_bytes(3, "big") + u32(nanoseconds)


def encode_date_time(meaning):
    date, time = meaning.split("T")
    return encode_date(date) + encode_time(time)


def encode_instant(meaning, offset=0):
    date, time = meaning.removesuffix("Z").split("T")
    seconds, nanoseconds = seconds_and_nanoseconds(time)
    (days,) = struct.unpack(">i", encode_date(date))
    return struct.pack(">q", days * 86400 + seconds - offset) + u32(nanoseconds)


def encode_offset_date_time(meaning):
    there, sign, hours, minutes, seconds = re.fullmatch(r"(.*)([+-])(..):(..)(?::(..))?", meaning).groups()
    offset = int(sign + "1") * (int(hours) * 3600 + int(minutes) * 60 + int(seconds or "0"))
    return encode_instant(there, offset) + offset.to_bytes(3, "big", signed=True)


def valid_calendar(kind, plaintext):
    if len(plaintext) != CALENDAR[kind]:
        return False
    offset = int.from_bytes(plaintext[12:], "big", signed=True)
    if kind == "date" or not -93600 < offset < 93600:
        return kind == "date"
    plaintext = plaintext[:12]
    is_of_day = kind in ("time", "date-time")
    seconds = int.from_bytes(plaintext[-7:-4], "big") if is_of_day else 0
    return seconds < 86400 and int.from_bytes(plaintext[-4:], "big") < 2 * 10**9


# FORMAT.md#decimals


def encode_decimal(meaning):
    number, _, exponent = meaning.partition("E")
    whole, _, fraction = number.partition(".")
    digits = int(whole + fraction)
    length = next(n for n in range(1, 100) if -(1 << (8 * n - 1)) <= digits < 1 << (8 * n - 1))
    return struct.pack(">q", len(fraction) - int(exponent or "0")) + digits.to_bytes(length, "big", signed=True)


def valid_decimal(plaintext):
    scale, digits = int.from_bytes(plaintext[:8], "big", signed=True), plaintext[8:]
    repeats_its_sign = len(digits) > 1 and digits[0] == (0xFF if digits[1] >= 0x80 else 0x00)
    return -131072 <= scale <= 131072 and len(digits) >= 1 and not repeats_its_sign


# FORMAT.md#json


def valid_json(plaintext):
    def refuse(constant):
        raise ValueError(constant)

    try:
        json.loads(plaintext.decode("utf-8", "strict"), parse_constant=refuse)
    except ValueError:
        return False
    return True


# FORMAT.md#plaintext-encodings: addresses

ADDRESS_BITS = {4: 32, 6: 128}


def encode_address(meaning):
    address = ipaddress.ip_address(meaning)
    return bytes([address.version]) + address.packed


def encode_network(meaning):
    address, prefix = meaning.split("/")
    return encode_address(address) + bytes([int(prefix)])


def valid_address(kind, plaintext):
    versions = {"ipv4": [4], "ipv6": [6]}.get(kind, [4, 6])
    return bool(plaintext) and plaintext[0] in versions and len(plaintext) == 1 + ADDRESS_BITS[plaintext[0]] // 8


def valid_network(plaintext):
    return valid_address("ip", plaintext[:-1]) and plaintext[-1] <= ADDRESS_BITS[plaintext[0]]


# FORMAT.md#lists


def check_list(kind, plaintext):
    head, rest = plaintext[:4], plaintext[4:]
    if len(head) != 4:
        raise Refused("bad-plaintext")
    for _ in range(int.from_bytes(head, "big")):
        length, behind = int.from_bytes(rest[:4], "big"), rest[4:]
        if len(rest) < 4 or len(behind) < length:
            raise Refused("bad-plaintext")
        rest = behind
        check_plaintext(kind, rest[:length], [])
        rest = rest[length:]
    if rest:
        raise Refused("bad-plaintext")


ENCODERS = {
    "uuid": lambda meaning: uuid.UUID(meaning).bytes,
    "date": encode_date,
    "time": encode_time,
    "date-time": encode_date_time,
    "instant": encode_instant,
    "offset-date-time": encode_offset_date_time,
    "decimal": encode_decimal,
    "json": str.encode,
    "ip": encode_address,
    "ipv4": encode_address,
    "ipv6": encode_address,
    "network": encode_network,
}


def check_plaintext(kind, plaintext, variants):
    """Refuses bytes that no value of the type encodes to."""
    if kind.startswith("list of "):
        check_list(kind.removeprefix("list of "), plaintext)
        return
    if kind == "bytes":
        valid = True
    elif kind == "uuid":
        valid = len(plaintext) == 16
    elif kind in CALENDAR:
        valid = valid_calendar(kind, plaintext)
    elif kind == "decimal":
        valid = valid_decimal(plaintext)
    elif kind == "json":
        valid = valid_json(plaintext)
    elif kind in ("ip", "ipv4", "ipv6"):
        valid = valid_address(kind, plaintext)
    elif kind == "network":
        valid = valid_network(plaintext)
    elif kind in ("text", "enum"):
        try:
            text = plaintext.decode("utf-8", "strict")
        except UnicodeDecodeError:
            raise Refused("bad-plaintext") from None
        valid = kind == "text" or text in variants
    elif kind == "bool":
        valid = plaintext in (b"\x00", b"\x01")
    elif kind in FLOATS:
        valid = len(plaintext) == struct.calcsize(FLOATS[kind])
    else:
        sign, bits = INTEGER.fullmatch(kind).groups()
        number = int.from_bytes(plaintext, "big", signed=True)
        low, high = (0, 1 << int(bits)) if sign == "u" else (-(1 << (int(bits) - 1)), 1 << (int(bits) - 1))
        valid = low <= number < high and encode_integer(number) == plaintext
    if not valid:
        raise Refused("bad-plaintext")


def read_value(vector):
    if "text" in vector:
        value = decode_text(vector["text"])
        return read_bytes(vector | {"value": value}) | {"value": value}
    return read_bytes(vector)


def read_bytes(vector):
    plaintext, steps = open_value(vector)
    check_plaintext(vector["type"], plaintext, vector.get("variants", "").split())
    steps["plaintext"] = plaintext
    if "meaning" in vector:
        same("meaning", encode(vector["type"], vector["meaning"]), plaintext)
    return steps


# FORMAT.md#normalisers and FORMAT.md#index-terms


def refusing(function, *arguments):
    try:
        return function(*arguments)
    except index_terms.NotTaken:
        raise Refused("bad-plaintext") from None


def read_normaliser(vector):
    plaintext = encode("text", vector["meaning"]) if "meaning" in vector else vector["plaintext"]
    return {"plaintext": plaintext, "alike": refusing(index_terms.alike, vector["steps"], plaintext)}


def read_index(vector):
    of_part = [""] + [f"-{number}" for number in range(2, 5) if f"plaintext-{number}" in vector]
    values = {f"plaintext{part}": encode(vector[f"type{part}"], vector[f"meaning{part}"]) for part in of_part}
    steps = [vector.get(f"steps{part}", "") for part in of_part]
    hashed = refusing(index_terms.inputs, vector["take"], vector["type"], values.values(), steps)
    tenant, context, key_id = vector["tenant"].encode(), vector["context"].encode(), vector["key-id"]
    key = column_key(vector["data-key"], HMAC, key_id, tenant, context)
    terms = sorted({index_terms.term(key, key_id, int(vector["bits"]), part) for part in hashed})
    read = {"column-key": key, "hashed": " ".join(map(bytes.hex, hashed)), "terms": " ".join(map(bytes.hex, terms))}
    if "text-terms" in vector:
        read["text-terms"] = " ".join("env:" + base64.b64encode(part).decode().rstrip("=") for part in terms)
    return values | read


# FORMAT.md#encryption-context

PURPOSES = {"encrypt": 1, "search": 2}


def encryption_context(application, tenant, key_id, purpose):
    pairs = {"application": application, "tenant": tenant, "key-id": f"{key_id:08x}", "purpose": purpose}
    pairs = {f"envelope:{name}".encode(): value.encode() for name, value in pairs.items() if value}
    return b"".join(lp(name) + lp(value) for name, value in sorted(pairs.items()))


def read_context(vector):
    encoded = encryption_context(vector["application"], vector["tenant"], vector["key-id"], vector["purpose"])
    return {"encoded": encoded}


# FORMAT.md#local-key-file

LOCAL_FILE = re.compile(rb"envelope-local-key-1 ([0-9a-f]{64}) ([0-9a-f]{8})\n")


def provider_key(key):
    return "local:" + hkdf(key, lp(b"envelope/v1/local-key-name"), 8).hex()


def read_local_file(vector):
    line = LOCAL_FILE.fullmatch(vector["contents"])
    if line is None:
        raise Refused("key-file-damaged")
    key, digits = bytes.fromhex(line[1].decode()), line[2].decode()
    if hashlib.sha256(b"envelope/v1/local-key" + key).hexdigest()[:8] != digits:
        raise Refused("key-file-damaged")
    return {"key": key, "provider-key": provider_key(key)}


def unwrap(local_key, name, wrapped, context):
    if name != provider_key(local_key):
        raise Refused("wrong-key")
    wrap_key = hkdf(local_key, lp(b"envelope/v1/local-wrap"), 32)
    ad = lp(b"envelope/v1/local-wrap") + context
    if len(wrapped) != 61 or wrapped[0] != 1:
        raise Refused("key-not-authentic")
    try:
        data_key = AESGCM(wrap_key).decrypt(wrapped[1:13], wrapped[13:], ad)
    except InvalidTag:
        raise Refused("key-not-authentic") from None
    return data_key, {"wrap-key": wrap_key, "associated-data": ad, "nonce": wrapped[1:13]}


def read_local_wrap(vector):
    context = encryption_context(vector["application"], vector["tenant"], vector["key-id"], vector["purpose"])
    data_key, steps = unwrap(vector["local-key"], vector["provider-key"], vector["wrapped"], context)
    return steps | {"data-key": data_key}


# FORMAT.md#key-record and FORMAT.md#key-file

STATES = ["pending", "active", "decrypt-only", "retired", "destroyed", "compromised"]
NUMBERS = {"revision", "created_at", "changed_at"}
WRAP = {"provider_key", "wrapped", "check"}
FIELDS = NUMBERS | WRAP | {"id", "application", "tenant", "purpose", "state"}


def parse_record(record):
    """A record of a key file, its bytes decoded."""
    # A destroyed record has lost its wrapped key and its check; another one without them is refused when it is used.
    if set(record) - FIELDS or FIELDS - WRAP - set(record) or ("wrapped" in record) != ("provider_key" in record):
        raise Refused("store-damaged")
    if not all(type(value) is (int if name in NUMBERS else str) for name, value in record.items()):
        raise Refused("store-damaged")
    if not re.fullmatch("[0-9a-fA-F]{8}", record["id"]) or int(record["id"], 16) == 0:
        raise Refused("store-damaged")
    if record["purpose"] not in PURPOSES or record["state"] not in STATES:
        raise Refused("store-damaged")
    if len(record["tenant"].encode()) > 255 or not all(0 <= record[name] < 1 << 64 for name in NUMBERS):
        raise Refused("store-damaged")
    try:
        stored = {"wrapped", "check"} & set(record)
        decoded = {name: base64.b64decode(record[name], validate=True) for name in stored}
    except ValueError:
        raise Refused("store-damaged") from None
    return record | decoded | {"id": int(record["id"], 16)}


def parse_store(text):
    try:
        store = json.loads(text)
    except ValueError:
        raise Refused("store-damaged") from None
    if set(store) != {"format", "keys"} or store["format"] != "envelope-keys-1":
        raise Refused("store-damaged")
    return [parse_record(record) for record in store["keys"]]


def record_bytes(record):
    head = u32(record["id"]) + lp(record["application"].encode()) + lp(record["tenant"].encode())
    codes = bytes([PURPOSES[record["purpose"]], STATES.index(record["state"]) + 1])
    times = u64(record["revision"]) + u64(record["created_at"]) + u64(record["changed_at"])
    return lp(b"envelope/v1/key-record") + head + codes + times + u16(0)


def read_key_file(vector):
    """Finds the record that a value names, unwraps its key with a local key, checks the record and opens the value."""
    key_id = vector["value"][2:6]
    records = [r for r in parse_store(vector["store"]) if r["tenant"] == vector["tenant"] and u32(r["id"]) == key_id]
    if not records:
        raise Refused("unknown-key")
    (record,) = records
    if record["application"] != vector["application"]:
        raise Refused("other-application")
    if record["state"] in ("retired", "destroyed"):
        raise Refused("key-retired")
    if WRAP - set(record):
        raise Refused("record-changed")
    context = encryption_context(record["application"], record["tenant"], record["id"], record["purpose"])
    data_key, _ = unwrap(vector["local-key"], record["provider_key"], record["wrapped"], context)
    check_key = hkdf(data_key, lp(b"envelope/v1/key-record"), 32)
    check = hmac.digest(check_key, record_bytes(record), "sha256")
    if not hmac.compare_digest(check, record["check"]):
        raise Refused("record-changed")
    plaintext, _ = open_value(vector | {"key-id": record["id"], "data-key": data_key})
    steps = {"data-key": data_key, "check-key": check_key, "record": record_bytes(record), "check": check}
    return steps | {"plaintext": plaintext}


# FORMAT.md#vectors

READERS = {
    "value": read_value,
    "normaliser": read_normaliser,
    "index": read_index,
    "context": read_context,
    "local-file": read_local_file,
    "local-wrap": read_local_wrap,
    "key-file": read_key_file,
}
TEXT = {"about", "kind", "expect", "mode", "tenant", "context", "type", "variants", "meaning", "text"}
TEXT |= {"application", "purpose", "provider-key", "store"}
TEXT |= {f"{name}-{number}" for name in ("type", "meaning", "steps") for number in range(2, 5)}
TEXT |= {"steps", "take", "bits", "hashed", "terms", "text-terms"}
# An intermediate value in a vector that the reader did not compute would be compared with nothing.
INPUT = TEXT - {"hashed", "terms", "text-terms"} | {"key-id", "data-key", "row", "row-2", "value", "contents", "wrapped", "local-key"}


def parse(path):
    vector = {"tenant": ""}
    names = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not colon or name in names:
            raise Deviation(f"line `{line}`")
        names.add(name)
        plain = name.removeprefix("control-")
        if plain == "key-id":
            vector[name] = int(value, 16)
        elif plain in ("row", "row-2") and value == "none":
            vector[name] = None
        else:
            vector[name] = value if plain in TEXT else bytes.fromhex(value)
    return vector


def same(name, computed, given):
    if computed != given:
        show = [part.hex() if isinstance(part, bytes) else part for part in (computed, given)]
        raise Deviation(f"{name}: computed {show[0]}, the vector has {show[1]}")


def compare(vector):
    """Opens a vector, and compares all that it carries beyond what opening needs."""
    steps = READERS[vector["kind"]](vector)
    for name, computed in steps.items():
        if name not in vector:
            raise Deviation(f"carries no {name}")
        same(name, computed, vector[name])
    for name in set(vector) - INPUT - set(steps):
        raise Deviation(f"{name} was compared with nothing")


def check(path):
    vector = parse(path)
    control = {name.removeprefix("control-"): value for name, value in vector.items() if name.startswith("control-")}
    vector = {name: value for name, value in vector.items() if not name.startswith("control-")}
    if vector["expect"] == "ok":
        compare(vector)
        return
    try:
        READERS[vector["kind"]](vector)
    except Refused as refusal:
        same("expect", str(refusal), vector["expect"])
    else:
        raise Deviation(f"opens, but must be refused as {vector['expect']}")
    # The same case with the mistake taken back opens, so it was refused for the mistake and for nothing else.
    if control:
        READERS[vector["kind"]](vector | control)


def main():
    named = [Path(name) for name in sys.argv[1:]] or [Path(__file__).parent / "vectors"]
    paths = [path for place in named for path in (sorted(place.glob("*.txt")) if place.is_dir() else [place])]
    failed = 0
    for path in paths:
        try:
            check(path)
            print(f"ok      {path.stem}")
        except (Deviation, Refused, KeyError, ValueError, TypeError) as error:
            failed += 1
            print(f"FAILED  {path.stem}: {error!r}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
