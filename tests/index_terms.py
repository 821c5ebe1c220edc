"""From a value to the terms of an index, knowing FORMAT.md#index-terms and FORMAT.md#normalisers and nothing of the Rust code.

Part of `read_vectors.py`. Needs the packages `idna` and `phonenumbers`.
"""

import hmac
import re
import struct
import unicodedata

import idna
import phonenumbers


class NotTaken(Exception):
    """A value that a step refuses."""


# FORMAT.md#normalisers

WHITE_SPACE = "".join(map(chr, [*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]))
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"
ADDRESS = re.compile(r'((?:[^"@]|"(?:[^"\\]|\\.)*")+)@([^@]+)', re.DOTALL)


def nfc(text):
    return unicodedata.normalize("NFC", text)


def casefold(text):
    return nfc(unicodedata.normalize("NFD", text).casefold())


def lowercase(text):
    # One by one: `str.lower` of a whole text has another sigma at the end of a word.
    return nfc("".join(character.lower() for character in nfc(text)))


def trim(text):
    return text.strip(WHITE_SPACE)


def spaces(text):
    return " ".join(part for part in re.split(f"[{WHITE_SPACE}]", text) if part)


def digits(text):
    return "".join(str(unicodedata.decimal(c)) for c in text if unicodedata.category(c) == "Nd")


def email(text):
    address = trim(text)
    parts = ADDRESS.fullmatch(address)
    if parts is None or any(c in WHITE_SPACE or unicodedata.category(c) == "Cc" for c in address):
        raise NotTaken("email")
    try:
        domain = idna.encode(parts[2], uts46=True, transitional=False, std3_rules=True).decode()
    except idna.IDNAError:
        raise NotTaken("email") from None
    if domain.endswith("."):
        raise NotTaken("email")
    return lowercase(parts[1]) + "@" + domain


def phone(text, region=None):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotTaken("phone") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise NotTaken("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


STEPS = {
    "nfc": nfc,
    "casefold": casefold,
    "lowercase": lowercase,
    "trim": trim,
    "spaces": spaces,
    "digits": digits,
    "email": email,
    "phone": phone,
}


def alike(steps, plaintext):
    """A value's bytes after the steps, which are named with commas between them."""
    if not steps:
        return plaintext
    try:
        text = plaintext.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise NotTaken("text") from None
    for step in steps.split(","):
        name, _, region = step.partition(":")
        text = STEPS[name](text, region) if region else STEPS[name](text)
    return text.encode()


# FORMAT.md#index-terms


def whole_units(kind, plaintext):
    """What a bucket counts: the number, days, seconds."""
    if kind == "date":
        return struct.unpack(">i", plaintext)[0]
    if kind == "time":
        return int.from_bytes(plaintext[:3], "big")
    if kind == "date-time":
        days, seconds = struct.unpack(">i", plaintext[:4])[0], int.from_bytes(plaintext[4:7], "big")
        return days * 86400 + seconds
    if kind in ("instant", "offset-date-time"):
        return struct.unpack(">q", plaintext[:8])[0]
    return int.from_bytes(plaintext, "big", signed=True)


def inputs(take, kind, values, steps):
    """What is hashed for a value, or for the values of several columns."""
    bodies = [alike(step, value) for step, value in zip(steps, values, strict=True)]
    name, *numbers = re.findall(r"[a-z]+|-?\d+", take.replace(" from", "").replace(" to", ""))
    numbers = [int(number) for number in numbers]
    if len(bodies) > 1:
        return [b"\x06" + b"".join(struct.pack(">I", len(body)) + body for body in bodies)]
    (body,) = bodies
    if name == "whole":
        return [b"\x00" + body]
    if name == "buckets":
        width, *ends = numbers
        bucket = whole_units(kind, body) // width
        if ends:
            bucket = min(max(bucket, ends[0] // width), ends[1] // width)
        return [b"\x03" + struct.pack(">Q", width) + bucket.to_bytes(16, "big", signed=True)]
    text = body.decode()
    if name == "prefix":
        return [b"\x01" + struct.pack(">I", numbers[0]) + text[: numbers[0]].encode()]
    if name == "suffix":
        return [b"\x02" + struct.pack(">I", numbers[0]) + text[-numbers[0] :].encode()]
    if name == "words":
        only_words = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
        return [b"\x04" + word.encode() for word in sorted(set(only_words.split(" ")) - {""})]
    return [b"\x05" + part.encode() for part in sorted({text[at : at + 3] for at in range(len(text) - 2)})]


def term(column_key, key_id, bits, hashed):
    length, spare = -(-bits // 8), -bits % 8
    first = int.from_bytes(hmac.digest(column_key, hashed, "sha256")[:length], "big")
    return b"\xfe\x20" + struct.pack(">I", key_id) + (first >> spare << spare).to_bytes(length, "big")
