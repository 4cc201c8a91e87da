"""Deposits and refunds: Authorization: D24 hex(HMAC-SHA-256(API Signature, X-Date + X-Login + body))."""

import base64
import hashlib
import json
import unicodedata

from .model import CASHOUT_KEY, DATE, KEY, LOGIN, READ_ONLY_KEY, SHA256_BLOCK, Case, filler, flipped

KIND = "deposit_request"

CREATE = '{"invoice_id":"1000000001","amount":100,"country":"BR","currency":"BRL"}'
JOSE = '{"payer":{"first_name":"José"}}'


def case(name, description, **given):
    return Case(f"deposits/{name}", KIND, description, **given)


def compact(value, **how):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, **how)


def pretty(text):
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def ascii_only(text):
    """The text with every non-ASCII character as \\u escapes, nothing else changed."""
    return "".join(c if ord(c) < 128 else json.dumps(c)[1:-1] for c in text)


def cases():
    return [c.as_json() for c in (*plain(), *characters(), *json_text(), *lengths(), *keys(), *headers(), *refusals())]


def plain():
    yield (case("get-empty-body", "a GET has no body: X-Date and X-Login alone are signed")
           .wrong("empty-object", body="{}")
           .wrong("null-body", body="null")
           .wrong("trailing-newline", body="\n")
           .wrong("path-signed", body="GET/v3/deposits/300000001"))
    yield (case("create", "a deposit is created; the mistakes that any signer can make, on one short body", body=CREATE)
           .common_mistakes(wrong_key_api_key=LOGIN, wrong_key_read_only=READ_ONLY_KEY, wrong_key_other_product=CASHOUT_KEY)
           .wrong("no-scheme", prefix="")
           .wrong("scheme-lower-case", prefix="d24 ", ambiguities=["AMB-19"])
           .wrong("scheme-tupay", prefix="TUPAY ", ambiguities=["AMB-19"])
           .wrong("swapped-order", sts=LOGIN + DATE + CREATE)
           .wrong("body-first", sts=CREATE + DATE + LOGIN)
           .wrong("separators", sts="\n".join((DATE, LOGIN, CREATE)))
           .wrong("no-date", sts=LOGIN + CREATE)
           .wrong("no-login", sts=DATE + CREATE)
           .wrong("no-body", body="")
           .wrong("body-only", sts=CREATE)
           .wrong("path-signed", sts=DATE + LOGIN + "POST/v3/deposits" + CREATE)
           .wrong("milliseconds", x_date="2020-06-21T12:33:20.000Z")
           .wrong("another-second", x_date="2020-06-21T12:33:21Z")
           .wrong("local-time", x_date="2020-06-21T09:33:20Z")
           .wrong("offset", x_date="2020-06-21T12:33:20+0000")
           .wrong("bom", body="\ufeff" + CREATE)
           .wrong("utf-16", body=CREATE.encode("utf-16-le"))
           .wrong("spaced", body=json.dumps(json.loads(CREATE)))
           .wrong("pretty-printed", body=pretty(CREATE))
           .wrong("reordered-keys", body=compact(json.loads(CREATE), sort_keys=True))
           .wrong("trailing-newline", body=CREATE + "\n")
           .wrong("quoted-numbers", body=CREATE.replace("100,", '"100",'))
           .wrong("numbers-rewritten", body=CREATE.replace("100,", "100.0,")))
    spaced = json.dumps(json.loads(CREATE))
    yield (case("create-spaced", "white space in the body is signed as it is sent", body=spaced)
           .wrong("compacted", body=CREATE)
           .wrong("pretty-printed", body=pretty(CREATE)))
    refund = '{"deposit_id":300000001,"invoice_id":"1000000001","amount":10.50}'
    yield (case("refund-create", "a refund is signed as a deposit is; X-Idempotency-Key is not part of it", body=refund)
           .wrong("numbers-rewritten", body=refund.replace("10.50", "10.5"))
           .wrong("idempotency-key-signed", sts=DATE + LOGIN + "idem-FAKE-0001" + refund))
    yield (case("get-with-query", "the query of GET /v3/refunds/1?voucher=true is not signed", x_date="2026-03-01T00:00:00Z")
           .wrong("query-signed", body="voucher=true")
           .wrong("path-signed", body="/v3/refunds/1?voucher=true"))
    full = compact({
        "invoice_id": "INV-2026-000017", "amount": 1234.5, "country": "MX", "currency": "MXN", "payment_method": "SE",
        "payer": {"id": "payer-17", "document": "BEML920313HMCLNS09", "document_type": "CURP", "email": "payer@example.com",
                  "first_name": "Ana", "last_name": "Prueba", "phone": "+525512345678",
                  "address": {"street": "Calle 1", "city": "CDMX", "state": "DF", "zip_code": "01000"}},
        "client_ip": "192.0.2.17", "language": "es", "test": True, "mobile": False,
        "notification_url": "https://merchant.example/notify", "success_url": "https://merchant.example/ok"})
    yield (case("create-full", "a request with a payer, an address and URLs", body=full, x_date="2026-11-02T08:09:10Z")
           .wrong("reordered-keys", body=compact(json.loads(full), sort_keys=True))
           .wrong("escaped-slashes", body=full.replace("/", "\\/"))
           .wrong("pretty-printed", body=pretty(full))
           .wrong("trailing-newline", body=full + "\n"))


def characters():
    yield (case("utf8-name", "an accented letter is signed as its two UTF-8 bytes", body=JOSE)
           .wrong("latin-1", body=JOSE.encode("latin-1"))
           .wrong("utf-16", body=JOSE.encode("utf-16-le"))
           .wrong("bom", body="\ufeff" + JOSE)
           .wrong("double-utf-8", body=JOSE.encode().decode("latin-1"))
           .wrong("question-marks", body=JOSE.replace("é", "?"))
           .wrong("unicode-nfd", body=unicodedata.normalize("NFD", JOSE))
           .wrong("unicode-escapes", body=ascii_only(JOSE)))
    yield (case("escaped-name", "an escape that is sent is signed as six ASCII characters", body=ascii_only(JOSE))
           .wrong("decoded-escapes", body=JOSE))
    names = '{"payer":{"first_name":"José","last_name":"Ñuñez 李"}}'
    yield (case("three-scripts", "José Ñuñez 李: letters of two and of three bytes", body=names)
           .wrong("unicode-escapes", body=ascii_only(names))
           .wrong("double-utf-8", body=names.encode().decode("latin-1"))
           .wrong("latin-1", body=names.encode("latin-1", "replace"))
           .wrong("question-marks", body=names.encode("ascii", "replace")))
    nfd = unicodedata.normalize("NFD", JOSE)
    yield (case("decomposed-name", "a name sent as letter and combining accent is signed so", body=nfd)
           .wrong("unicode-nfc", body=JOSE)
           .wrong("question-marks", body=nfd.encode("ascii", "replace")))
    emoji = '{"description":"👩‍💻 🇧🇷"}'
    yield (case("emoji", "characters beyond U+FFFF take four bytes each", body=emoji)
           .wrong("unicode-escapes", body=ascii_only(emoji))
           .wrong("cesu-8", body=cesu8(emoji))
           .wrong("utf-16", body=emoji.encode("utf-16-le")))
    line = '{"description":"one\u2028two"}'
    yield (case("line-separator", "U+2028 is sent raw by JSON.stringify and escaped by other serialisers", body=line)
           .wrong("unicode-escapes", body=ascii_only(line)))
    rtl = '{"payer":{"first_name":"أحمد","last_name":"שלום"}}'
    yield (case("right-to-left", "right-to-left letters are signed in the order of their bytes", body=rtl)
           .wrong("unicode-escapes", body=ascii_only(rtl)))
    yield (case("bom-sent", "a byte order mark that is sent is a part of the body", body="\ufeff" + CREATE, ambiguities=["AMB-25"])
           .wrong("bom-stripped", body=CREATE))
    yield (case("nul-escape", "an escaped NUL is six ASCII characters and ends nothing", body='{"description":"a\\u0000b"}')
           .wrong("decoded-escapes", body='{"description":"a\0b"}'))
    yield (case("lone-surrogate-escape", "an escape of half a character is signed as it is sent", body='{"description":"\\ud83d"}')
           .wrong("replacement-character", body='{"description":"\ufffd"}'))


def cesu8(text):
    units = text.encode("utf-16-be")
    return b"".join(chr(units[i] << 8 | units[i + 1]).encode("utf-8", "surrogatepass") for i in range(0, len(units), 2))


def json_text():
    url = '{"notification_url":"https://merchant.example/d24/notify"}'
    yield (case("slashes", "slashes are signed as they are sent, bare", body=url)
           .wrong("escaped-slashes", body=url.replace("/", "\\/")))
    yield (case("slashes-sent-escaped", "slashes that are sent escaped are signed escaped", body=url.replace("/", "\\/"))
           .wrong("decoded-escapes", body=url))
    html = '{"description":"a<b & c>d"}'
    yield (case("html-characters", "some serialisers escape <, > and & unasked", body=html)
           .wrong("html-escapes", body=html.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")))
    quotes = '{"description":"say \\"hi\\" C:\\\\dir $HOME `id` \'q\'"}'
    yield (case("quotes-and-backslashes", "quotes, backslashes and what a shell would expand", body=quotes)
           .wrong("decoded-escapes", body=quotes.replace('\\"', '"').replace("\\\\", "\\")))
    percent = '{"description":"100% + 1 %20 a&b=c"}'
    yield (case("percent-and-plus", "nothing is percent-decoded", body=percent)
           .wrong("percent-encoded", body=percent.replace("%", "%25").replace(" ", "%20").replace("+", "%2B")))
    yield (case("duplicate-keys", "a repeated key is signed as often as it is sent", body='{"amount":1,"amount":2}')
           .wrong("duplicate-keys-merged", body='{"amount":2}'))
    order = '{"z":1,"m":2,"a":3}'
    yield (case("key-order", "keys are signed in the order sent", body=order)
           .wrong("reordered-keys", body='{"a":3,"m":2,"z":1}'))
    numeric = '{"10":1,"9":2,"a":3}'
    yield (case("numeric-key-order", "JavaScript moves keys that are integers to the front, ascending", body=numeric)
           .wrong("reordered-keys", body='{"9":2,"10":1,"a":3}'))
    crlf = '{\r\n  "amount": 100,\r\n  "country": "BR"\r\n}'
    yield (case("crlf", "CRLF inside the body stays CRLF", body=crlf)
           .wrong("line-endings", body=crlf.replace("\r\n", "\n"))
           .wrong("compacted", body='{"amount":100,"country":"BR"}'))
    yield (case("newline-at-end", "a newline that is sent after the object is signed", body='{"amount":100}\n')
           .wrong("trimmed", body='{"amount":100}'))
    yield (case("space-at-start", "a space and a tab before the object are signed", body=' \t{"amount":100}')
           .wrong("trimmed", body='{"amount":100}'))
    yield (case("number-with-zeros", "a number keeps its zeros", body='{"amount":100.00}')
           .wrong("numbers-rewritten", body='{"amount":100}')
           .wrong("quoted-numbers", body='{"amount":"100.00"}'))
    yield (case("number-exponent", "a number keeps its exponent", body='{"amount":1E2}')
           .wrong("numbers-rewritten", body='{"amount":100.0}'))
    yield (case("number-beyond-2-53", "an integer beyond 2^53 keeps its last digit", body='{"deposit_id":9007199254740993}')
           .wrong("numbers-rewritten", body='{"deposit_id":9007199254740992}'))
    yield case("empty-object-sent", "an empty object is a body of two bytes", body="{}").wrong("no-body", body="")
    yield case("null-sent", "a body of null is a body of four bytes", body="null").wrong("no-body", body="")


def lengths():
    overhead = len(DATE + LOGIN)
    # SHA-256 pads to blocks of 64 bytes with 9 bytes at least: 55/56 and 63/64/65 are where padding changes.
    for n in (55, 56, 63, 64, 65, 119, 120, 127, 128):
        yield case(f"string-to-sign-{n}-bytes", f"a string-to-sign of exactly {n} bytes",
                   body='{"a":"' + filler(n - overhead - 8) + '"}')
    yield (case("body-4-kib", "a body of 4,096 bytes", body='{"description":"' + "x" * (4096 - 18) + '"}')
           .wrong("no-body", body=""))
    body = '{"description":"' + "é" * 511 + '"}'
    yield case("body-of-two-byte-letters", "a body with twice as many bytes as letters", body=body)


def keys():
    for n in (1, 63, 64, 65, 128, 131):
        key = ("sk-FAKE-" + filler(n))[:n] if n > 8 else "k"
        c = case(f"key-{n}-bytes", f"a key of {n} byte{'s' if n > 1 else ''}; the block of HMAC-SHA-256 has 64", key=key, body=CREATE)
        if n > SHA256_BLOCK:
            c.wrong("key-cut-to-64", key=key[:SHA256_BLOCK])
        else:
            c.wrong("key-always-hashed", key=hashlib.sha256(key.encode()).digest())
        yield c
    key = "sk-FAKE-señal-ñ"
    yield case("key-non-ascii", "the key is its UTF-8 bytes", key=key, body=CREATE).wrong("key-latin-1", key=key.encode("latin-1"))
    key = " sk FAKE with spaces "
    yield case("key-with-spaces", "spaces in and around the key belong to it", key=key, body=CREATE).wrong("key-trimmed", key=key.strip())
    key = "facefeed" * 8
    yield (case("key-looks-like-hex", "a key that looks like hex is text all the same", key=key, body=CREATE)
           .wrong("key-decoded-from-hex", key=bytes.fromhex(key)))
    key = base64.b64encode(b"FAKE-key-for-tests").decode()
    yield (case("key-looks-like-base64", "a key that looks like base64 is text all the same", key=key, body=CREATE)
           .wrong("key-decoded-from-base64", key=base64.b64decode(key)))
    key = "sk-FAKE-%20$HOME\\n\"'`#;"
    yield (case("key-with-punctuation", "what a shell, a URL or a dotenv file would change in a key", key=key, body=CREATE)
           .wrong("key-quoted", key=f'"{key}"'))


def headers():
    yield case("login-one-byte", "an X-Login of one character", x_login="L", body=CREATE)
    yield case("login-512-bytes", "an X-Login of 512 characters", x_login="login_FAKE_" + "x" * 501, body=CREATE)
    login = "Login.FAKE-02_Z"
    yield (case("login-mixed-case", "X-Login is signed with its capitals", x_login=login, body=CREATE)
           .wrong("login-case-changed", x_login=login.lower()))
    yield case("no-separator-left", "nothing separates login and body: X-Login …_01 and body {}", body="{}", x_login="login_FAKE_01")
    yield case("no-separator-right", "X-Login …_0 and body 1{} have the same string-to-sign as the case before", body="1{}", x_login="login_FAKE_0")
    for name, date, next_second, about in (
            ("date-leap-day", "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z", "the last second of a leap day"),
            ("date-end-of-year", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "the last second of a year"),
            ("date-single-digits", "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", "a date whose parts need their leading zeros")):
        yield (case(name, about + ", in X-Date and in the signed text alike", x_date=date, body=CREATE)
               .wrong("another-second", x_date=next_second)
               .wrong("milliseconds", x_date=date.replace("Z", ".000Z")))


def refusals():
    def received(name, description, ambiguities=(), **given):
        given.setdefault("body", CREATE)
        return case("refused-" + name, description, ambiguities=ambiguities, **given)

    right = case("unused", "", body=CREATE).signature
    digest = right.removeprefix("D24 ")

    # what arrived is not what was signed
    for name, about, body in (
            ("amount-changed", "the amount was changed on the way", CREATE.replace("100,", "900,")),
            ("space-added", "one space was added on the way", CREATE.replace(":100", ": 100")),
            ("newline-added", "a newline was added at the end on the way", CREATE + "\n"),
            ("keys-reordered", "the keys were put in another order on the way", compact(json.loads(CREATE), sort_keys=True)),
            ("body-cut", "the last byte of the body was lost on the way", CREATE[:-1]),
            ("body-lost", "the whole body was lost on the way", "")):
        yield received(name, about, body=body).refused("body_differs", body=CREATE)
    yield received("bom-added", "a byte order mark was added on the way", ["AMB-25"], body="\ufeff" + CREATE).refused("body_differs", body=CREATE)
    yield received("normalised", "the name was composed (NFC) on the way", body=JOSE).refused(
        "body_differs", body=unicodedata.normalize("NFD", JOSE))
    yield received("escapes-decoded", "an escape was decoded on the way", body=JOSE).refused("body_differs", body=ascii_only(JOSE))
    yield received("signed-as-latin-1", "a UTF-8 body was signed as Latin-1", body=JOSE).refused("body_differs", body=JOSE.encode("latin-1"))
    yield received("date-one-second-later", "X-Date is one second later than the date signed", x_date="2020-06-21T12:33:21Z").refused(
        "date_differs", x_date=DATE)
    yield received("date-signed-with-milliseconds", "the signed date has milliseconds, X-Date has none").refused(
        "date_differs", x_date="2020-06-21T12:33:20.000Z")
    yield received("login-last-character", "the last character of X-Login is another than the one signed", x_login="login_FAKE_02").refused(
        "login_differs", x_login=LOGIN)
    yield received("login-case", "X-Login arrives in upper case and was signed as it is", x_login=LOGIN.upper()).refused(
        "login_differs", x_login=LOGIN)

    # the right text under a wrong key
    for name, about, key in (
            ("key-last-character", "the last character of the key is another", KEY[:-1] + "g"),
            ("key-read-only", "signed with the read-only key", READ_ONLY_KEY),
            ("key-of-cashouts", "signed with the API Signature of cashouts", CASHOUT_KEY),
            ("key-is-login", "signed with the API Key that X-Login carries", LOGIN)):
        yield received(name, about).refused("wrong_key", key=key)

    # the right parts put together in another way
    for name, about, text in (
            ("swapped-order", "X-Login was signed before X-Date", LOGIN + DATE + CREATE),
            ("separators", "the parts were joined by newlines", "\n".join((DATE, LOGIN, CREATE))),
            ("body-only", "the body alone was signed", CREATE),
            ("path-signed", "method and path were signed as well", DATE + LOGIN + "POST/v3/deposits" + CREATE)):
        yield received(name, about).refused("composition", sts=text)

    # another function, another notation
    yield received("sha-1", "HMAC-SHA-1 of the right text").refused("algorithm", algorithm="hmac-sha1")
    yield received("sha-512", "HMAC-SHA-512 of the right text").refused("algorithm", algorithm="hmac-sha512")
    yield received("no-hmac", "plain SHA-256 of key and text").refused("algorithm", algorithm="sha256", sts=KEY + DATE + LOGIN + CREATE)
    yield received("upper-case", "the right digest in upper case", ["AMB-18"]).refused("hex_case", encoding="hex-upper")
    yield received("base64", "the right digest in base64").refused("encoding", encoding="base64")
    yield received("quoted", "the right digest in quotes").refused("encoding", presented=f'D24 "{digest}"')
    yield received("0x", "the right digest after 0x").refused("encoding", presented="D24 0x" + digest)
    yield received("not-hex", "the last character is not a hex digit").refused("encoding", presented=right[:-1] + "g")
    yield received("last-digit", "the last digit is another").refused("digest_differs", presented=flipped(right))
    yield received("first-digit", "the first digit is another").refused("digest_differs", presented=flipped(right, 4))
    yield received("zeros", "sixty-four zeros").refused("digest_differs", presented="D24 " + "0" * 64)
    yield received("63-digits", "the last digit is missing").refused("length", presented=right[:-1])
    yield received("65-digits", "a zero too many").refused("length", presented=right + "0")
    yield received("half", "the first half of the digest").refused("length", presented=right[:4 + 32])
    yield received("no-digest", "the scheme word with nothing behind it").refused("length", presented="D24")
    yield received("missing", "no Authorization at all, or an empty one").refused("missing", presented="")

    # the scheme
    yield received("no-scheme", "the right digest without a scheme word").refused("scheme", presented=digest)
    for name, about, prefix in (
            ("scheme-lower-case", "the scheme word in lower case", "d24 "),
            ("scheme-tupay", "the scheme word of a sibling brand", "TUPAY "),
            ("scheme-bearer", "the digest as a bearer token", "Bearer "),
            ("scheme-two-spaces", "two spaces after the scheme word", "D24  "),
            ("scheme-tab", "a tab after the scheme word", "D24\t"),
            ("scheme-no-space", "no space after the scheme word", "D24"),
            ("scheme-colon", "a colon after the scheme word", "D24: ")):
        yield received(name, about, ["AMB-19"]).refused("scheme", presented=prefix + digest)
    yield received("basic", "Basic authentication with the API Key and no password", ["AMB-01"]).refused(
        "scheme", presented="Basic " + base64.b64encode(f"{LOGIN}:".encode()).decode())

    # no value at all can be right
    yield received("body-not-utf-8", "the body arrives as Latin-1, and these very bytes were signed", ["AMB-25"],
                   body=JOSE.encode("latin-1")).refused("not_utf8", unsignable=True)
