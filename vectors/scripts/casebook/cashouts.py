"""Cashouts: Payload-Signature: hex(HMAC-SHA-256(API Signature, body)), lower case, nothing before it."""

import json

from .deposits import ascii_only, compact, pretty
from .model import (CASHOUT_KEY, CASHOUT_LOGIN, CASHOUT_PASS, DATE, KEY, SHA256_BLOCK, Case, filler,
                    flipped)

KIND = "cashout_request"

STATUS = '{"login":"cash_login","pass":"cash_pass","cashout_id":11954}'
CREATE = compact({
    "login": CASHOUT_LOGIN, "pass": CASHOUT_PASS, "external_id": "cashout-0001", "country": "BR", "currency": "BRL",
    "amount": 100.5, "document_id": "00000000191", "document_type": "CPF", "beneficiary_name": "Ana Prueba",
    "bank_code": "001", "bank_account": "123456", "account_type": "C",
    "notification_url": "https://merchant.example/cashouts"})
NAME = '{"login":"cash_login","pass":"cash_pass","beneficiary_name":"José Ñuñez 李"}'
JOSE = '{"login":"cash_login","pass":"cash_pass","beneficiary_name":"José"}'


def case(name, description, **given):
    given.setdefault("key", CASHOUT_KEY)
    return Case(f"cashouts/{name}", KIND, description, **given)


def cases():
    return [c.as_json() for c in (*plain(), *texts(), *lengths(), *published(), *refusals())]


def plain():
    # These two have the key of the known answers, not the cashouts' own.
    yield (case("status", "the status of a cashout is asked for", key=KEY, body=STATUS)
           .wrong("deposit-formula", sts=DATE + CASHOUT_LOGIN + STATUS)
           .wrong("upper-case", encoding="hex-upper"))
    yield (case("empty-body", "an empty body is signed as an empty string", key=KEY, body="")
           .wrong("empty-object", body="{}")
           .wrong("null-body", body="null")
           .wrong("trailing-newline", body="\n"))
    bare = json.loads(CREATE)
    del bare["login"], bare["pass"]
    yield (case("create", "a cashout is created; the mistakes that any signer can make", body=CREATE)
           .common_mistakes(wrong_key_api_key=CASHOUT_LOGIN, wrong_key_passphrase=CASHOUT_PASS, wrong_key_other_product=KEY)
           .wrong("scheme-added", prefix="D24 ")
           .wrong("deposit-formula", sts=DATE + CASHOUT_LOGIN + CREATE)
           .wrong("signed-before-credentials", body=compact(bare))
           .wrong("reordered-keys", body=compact(json.loads(CREATE), sort_keys=True))
           .wrong("spaced", body=json.dumps(json.loads(CREATE)))
           .wrong("pretty-printed", body=pretty(CREATE))
           .wrong("escaped-slashes", body=CREATE.replace("/", "\\/"))
           .wrong("trailing-newline", body=CREATE + "\n")
           .wrong("bom", body="\ufeff" + CREATE)
           .wrong("utf-16", body=CREATE.encode("utf-16-le"))
           .wrong("numbers-rewritten", body=CREATE.replace("100.5", "100.50"))
           .wrong("quoted-numbers", body=CREATE.replace("100.5", '"100.5"'))
           .wrong("no-body", body=""))
    yield case("hold", "a cashout is put on hold", body='{"login":"cash_login","pass":"cash_pass","cashout_id":11954,"status":"ON_HOLD"}')
    cancel = '{"login":"cash_login","pass":"cash_pass","cashout_id":11954,"external_id":"cashout-0001"}'
    yield (case("cancel", "a DELETE with a body is signed over its body", body=cancel)
           .wrong("no-body", body="")
           .wrong("path-signed", sts="DELETE/v3/cashout/cancel" + cancel))


def texts():
    yield (case("utf8-name", "an accented letter is signed as its two UTF-8 bytes", body=JOSE)
           .wrong("latin-1", body=JOSE.encode("latin-1"))
           .wrong("double-utf-8", body=JOSE.encode().decode("latin-1"))
           .wrong("unicode-escapes", body=ascii_only(JOSE)))
    yield (case("three-scripts", "José Ñuñez 李: letters of two and of three bytes", body=NAME)
           .wrong("latin-1", body=NAME.encode("latin-1", "replace"))
           .wrong("question-marks", body=NAME.encode("ascii", "replace"))
           .wrong("unicode-escapes", body=ascii_only(NAME)))
    yield (case("escaped-name", "an escape that is sent is signed as six ASCII characters", body=ascii_only(JOSE))
           .wrong("decoded-escapes", body=JOSE))
    emoji = '{"comments":"gracias 🙏🏽"}'
    yield case("emoji", "characters beyond U+FFFF take four bytes each", body=emoji).wrong("unicode-escapes", body=ascii_only(emoji))
    url = '{"notification_url":"https://merchant.example/cashouts/1"}'
    yield (case("slashes", "slashes are signed as they are sent, bare", body=url)
           .wrong("escaped-slashes", body=url.replace("/", "\\/")))
    html = '{"comments":"<b>A&B</b>"}'
    yield (case("html-characters", "some serialisers escape <, > and & unasked", body=html)
           .wrong("html-escapes", body=html.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")))
    spaced = json.dumps(json.loads(STATUS))
    yield case("spaced", "white space in the body is signed as it is sent", body=spaced).wrong("compacted", body=STATUS)
    many = pretty(STATUS).replace("\n", "\r\n") + "\r\n"
    yield (case("crlf", "CRLF inside and after the body stays CRLF", body=many)
           .wrong("line-endings", body=many.replace("\r\n", "\n"))
           .wrong("trimmed", body=many.strip())
           .wrong("compacted", body=STATUS))
    yield (case("duplicate-keys", "a repeated key is signed as often as it is sent", body='{"cashout_id":1,"cashout_id":2}')
           .wrong("duplicate-keys-merged", body='{"cashout_id":2}'))
    yield (case("leading-zeros", "a bank code in quotes keeps its zeros", body='{"bank_code":"001"}')
           .wrong("numbers-rewritten", body='{"bank_code":1}'))
    yield case("bom-sent", "a byte order mark that is sent is a part of the body", body="\ufeff" + STATUS,
               ambiguities=["AMB-25"]).wrong("bom-stripped", body=STATUS)


def lengths():
    # SHA-256 pads to blocks of 64 bytes with 9 bytes at least: 55/56 and 63/64/65 are where padding changes.
    for n in (55, 56, 63, 64, 65):
        yield case(f"body-{n}-bytes", f"a body of exactly {n} bytes", body='{"a":"' + filler(n - 8) + '"}')
    yield case("body-one-byte", "a body of one byte", body="0")
    for n in (1, 63, 64, 65):
        key = ("cs-FAKE-" + filler(n))[:n] if n > 8 else "k"
        c = case(f"key-{n}-bytes", f"a key of {n} byte{'s' if n > 1 else ''}; the block of HMAC-SHA-256 has 64", key=key, body=STATUS)
        if n > SHA256_BLOCK:
            c.wrong("key-cut-to-64", key=key[:SHA256_BLOCK])
        yield c
    key = "cs-FAKE-contraseña"
    yield case("key-non-ascii", "the key is its UTF-8 bytes", key=key, body=STATUS).wrong("key-latin-1", key=key.encode("latin-1"))


def published():
    yield case("rfc-4231-case-1", "the first published answer of HMAC-SHA-256, for whoever doubts the rest",
               key="\x0b" * 20, body="Hi There", source="RFC 4231, section 4.2")
    yield case("rfc-4231-case-2", "the second published answer: a key shorter than the digest",
               key="Jefe", body="what do ya want for nothing?", source="RFC 4231, section 4.3")


def refusals():
    def received(name, description, ambiguities=(), **given):
        given.setdefault("body", STATUS)
        return case("refused-" + name, description, ambiguities=ambiguities, **given)

    right = case("unused", "", body=STATUS).signature
    for name, about, body in (
            ("id-changed", "the cashout was changed on the way", STATUS.replace("11954", "11955")),
            ("space-added", "one space was added on the way", STATUS.replace(":11954", ": 11954")),
            ("newline-added", "a newline was added at the end on the way", STATUS + "\n"),
            ("keys-reordered", "the keys were put in another order on the way", compact(json.loads(STATUS), sort_keys=True)),
            ("body-lost", "the whole body was lost on the way, as some proxies do with DELETE", "")):
        yield received(name, about, body=body).refused("body_differs", body=STATUS)
    yield received("signed-as-latin-1", "a UTF-8 body was signed as Latin-1", body=JOSE).refused("body_differs", body=JOSE.encode("latin-1"))
    for name, about, key in (
            ("key-last-character", "the last character of the key is another", CASHOUT_KEY[:-1] + "f"),
            ("key-passphrase", "signed with the API Passphrase", CASHOUT_PASS),
            ("key-is-login", "signed with the API Key", CASHOUT_LOGIN),
            ("key-of-deposits", "signed with the API Signature of deposits", KEY)):
        yield received(name, about).refused("wrong_key", key=key)
    yield received("deposit-formula", "date and login were signed as well").refused("composition", sts=DATE + CASHOUT_LOGIN + STATUS)
    yield received("sha-1", "HMAC-SHA-1 of the body").refused("algorithm", algorithm="hmac-sha1")
    yield received("no-hmac", "plain SHA-256 of key and body").refused("algorithm", algorithm="sha256", sts=CASHOUT_KEY + STATUS)
    yield received("upper-case", "the right digest in upper case").refused("hex_case", encoding="hex-upper")
    yield received("mixed-case", "the right digest with its first letter in upper case").refused("hex_case", presented=first_letter_up(right))
    yield received("base64", "the right digest in base64").refused("encoding", encoding="base64")
    yield received("not-hex", "the last character is not a hex digit").refused("encoding", presented=right[:-1] + "g")
    yield received("scheme", "the scheme word of deposits before the right digest").refused("scheme", presented="D24 " + right)
    yield received("last-digit", "the last digit is another").refused("digest_differs", presented=flipped(right))
    yield received("first-digit", "the first digit is another").refused("digest_differs", presented=flipped(right, 0))
    yield received("63-digits", "the last digit is missing").refused("length", presented=right[:-1])
    yield received("65-digits", "a zero too many").refused("length", presented=right + "0")
    yield received("missing", "no Payload-Signature at all, or an empty one").refused("missing", presented="")
    yield received("body-not-utf-8", "the body arrives as Latin-1, and these very bytes were signed", ["AMB-25"],
                   body=JOSE.encode("latin-1")).refused("not_utf8", unsignable=True)


def first_letter_up(text):
    at = next(i for i, c in enumerate(text) if c in "abcdef")
    return text[:at] + text[at].upper() + text[at + 1:]
