"""What a signature case is, and how its digests are made.

Everything here uses hashlib and hmac of Python's standard library. No checker
imports this module: check-python.py, check-node.mjs and check-openssl.sh each
compose and compute on their own, so that a slip made here is found there.
"""

import base64
import hashlib
import hmac

# Obviously fake credentials. The first three are those of the family's known
# answers (deposits/get-empty-body and its neighbours) and must never change.
KEY = "sk-FAKE-0123456789abcdef"
LOGIN = "login_FAKE_01"
DATE = "2020-06-21T12:33:20Z"
READ_ONLY_KEY = "ro-FAKE-read-only-key"
CASHOUT_LOGIN = "cash_login"
CASHOUT_PASS = "cash_pass"
CASHOUT_KEY = "cs-FAKE-cashout-signature"

# A mistake's name is an interface: consumers print it. One name, one sentence.
MISTAKES = {
    # the body's characters and bytes
    "bom": "a UTF-8 byte order mark was signed before the body",
    "bom-stripped": "the body's byte order mark was sent but not signed",
    "latin-1": "the body was signed as Latin-1 (ISO 8859-1) instead of UTF-8",
    "utf-16": "the body was signed as UTF-16 (little endian) instead of UTF-8",
    "cesu-8": "characters beyond U+FFFF were signed as two three-byte surrogates (CESU-8)",
    "double-utf-8": "the body's UTF-8 bytes were taken for Latin-1 and encoded once more",
    "question-marks": "characters that the charset lacks were signed as question marks",
    "replacement-character": "an escape that is no character was signed as U+FFFD",
    "unicode-nfd": "the text was decomposed (NFD) before signing",
    "unicode-nfc": "the text was composed (NFC) before signing",
    # the body as text of JSON
    "escaped-slashes": "slashes were signed as \\/",
    "unicode-escapes": "non-ASCII characters were signed as \\u escapes",
    "html-escapes": "<, > and & were signed as \\u escapes",
    "decoded-escapes": "escapes that were sent were signed as the characters they stand for",
    "reordered-keys": "the body was signed with its keys in another order",
    "pretty-printed": "the body was signed pretty-printed",
    "spaced": "a space was signed after each colon and comma",
    "compacted": "the body was signed without its white space",
    "trimmed": "white space at an end of the text was not signed",
    "trailing-newline": "a newline was signed after the body",
    "line-endings": "CRLF was signed as LF",
    "numbers-rewritten": "a number was signed in another notation, after parsing",
    "quoted-numbers": "a number was signed as a string",
    "duplicate-keys-merged": "a repeated key was signed once, after parsing",
    "percent-encoded": "the text was signed percent-encoded",
    # what an empty body is
    "empty-object": "an empty body was signed as {}",
    "null-body": "an empty body was signed as null",
    # the parts and their order
    "swapped-order": "X-Login was signed before X-Date",
    "body-first": "the body was signed before X-Date and X-Login",
    "separators": "the parts were joined by newlines",
    "no-date": "X-Date was left out",
    "no-login": "X-Login was left out",
    "no-body": "the body was left out",
    "body-only": "the body alone was signed, as cashouts are",
    "deposit-formula": "X-Date and X-Login were signed as well, as deposits are",
    "path-signed": "method and path were signed as well",
    "query-signed": "the query was signed as well",
    "idempotency-key-signed": "X-Idempotency-Key was signed as well",
    "login-case-changed": "X-Login was signed in lower case but sent as it is",
    "signed-before-credentials": "the body was signed before login and pass were added to it",
    # the date
    "milliseconds": "the signed date has milliseconds, X-Date has none",
    "another-second": "the clock was read twice: signed at another second than X-Date says",
    "first-attempt-date": "a repeat was signed with the date of the first attempt",
    "local-time": "local time (three hours behind UTC) was signed",
    "offset": "the signed date ends in +0000 instead of Z",
    # the key
    "wrong-key-api-key": "the API Key was used as the signing key",
    "wrong-key-passphrase": "the API Passphrase was used as the signing key",
    "wrong-key-read-only": "the read-only key was used as the signing key",
    "wrong-key-other-product": "the API Signature of the other product was used",
    "swapped-key-message": "key and message changed places in the call of HMAC",
    "key-trailing-newline": "the key was read with the newline at the end of its file",
    "key-quoted": "the key was read with the quotes around it",
    "key-trimmed": "spaces at the ends of the key were removed",
    "key-latin-1": "the key was taken as Latin-1 instead of UTF-8",
    "key-decoded-from-hex": "a key that looks like hex was decoded first",
    "key-decoded-from-base64": "a key that looks like base64 was decoded first",
    "key-cut-to-64": "a key longer than 64 bytes was cut instead of hashed",
    "key-always-hashed": "a key of at most 64 bytes was hashed first",
    # the digest and how it is written
    "sha-1": "HMAC-SHA-1 instead of HMAC-SHA-256",
    "sha-512": "HMAC-SHA-512 instead of HMAC-SHA-256",
    "md5": "HMAC-MD5 instead of HMAC-SHA-256",
    "no-hmac": "plain SHA-256 of key and text instead of HMAC",
    "upper-case": "upper-case hex where lower case is due",
    "lower-case": "lower-case hex where upper case is due",
    "base64": "base64 of the digest instead of hex",
    "base64-of-hex": "base64 of the hex digits instead of the hex digits",
    "no-scheme": "the scheme word D24 is missing",
    "scheme-added": "the scheme word D24 was put where none belongs",
    "scheme-lower-case": "the scheme word is d24",
    "scheme-tupay": "the scheme word is TUPAY",
    # control of cashout notifications
    "no-affixes": "external_id was signed without Be4 and Bo7",
    "swapped-affixes": "Bo7 and Be4 changed places",
    "lower-case-affixes": "be4 and bo7 instead of Be4 and Bo7",
    "cashout-id-signed": "cashout_id was signed instead of external_id",
    "external-id-case-changed": "external_id was signed in upper case",
    "plus-not-decoded": "a plus sign of the form was signed instead of the space it stands for",
    "whole-form-signed": "the whole form was signed instead of external_id",
    "unknown-fields-dropped": "only the fields that the documents name were signed, after parsing",
    "decoded-form": "the form was signed after decoding",
    "json-form": "the form's fields were signed as JSON",
}

SHA256_BLOCK = 64


def filler(n):
    """A text of n bytes, for cases that are about lengths only."""
    return ("0123456789" * (n // 10 + 1))[:n]


def dated(p):
    return p["x_date"].encode() + p["x_login"].encode() + p["body"]


def body_only(p):
    return p["body"]


def control_text(p):
    return b"Be4" + p["external_id"].encode() + b"Bo7"


# kind: (how the string-to-sign is composed, what stands before the digest, how the digest is written)
KINDS = {
    "deposit_request": (dated, "D24 ", "hex-lower"),
    "deposit_notification": (dated, "D24 ", "hex-lower"),
    "refund_notification": (dated, "D24 ", "hex-lower"),
    "deposit_notification_body_only": (body_only, "D24 ", "hex-lower"),
    "cashout_request": (body_only, "", "hex-lower"),
    "cashout_notification_payload": (body_only, "", "hex-lower"),
    "cashout_control": (control_text, "", "hex-upper"),
}


def raw(value):
    return value.encode() if isinstance(value, str) else value


def digest(algorithm, key, message):
    if algorithm.startswith("hmac-"):
        return hmac.new(key, message, algorithm.removeprefix("hmac-")).digest()
    return hashlib.new(algorithm, message).digest()


def written(encoding, d):
    return {
        "hex-lower": d.hex(),
        "hex-upper": d.hex().upper(),
        "base64": base64.b64encode(d).decode(),
        "base64-of-hex": base64.b64encode(d.hex().encode()).decode(),
    }[encoding]


def computation(algorithm, key, message, encoding, prefix):
    """All that another tool needs to make the same answer again."""
    return {
        "algorithm": algorithm,
        "key_hex": raw(key).hex(),
        "string_to_sign_hex": message.hex(),
        "encoding": encoding,
        "prefix": prefix,
        "answer": prefix + written(encoding, digest(algorithm, raw(key), message)),
    }


class Case:
    """One case: inputs as the verifier receives them, the right answer, wrong answers by name."""

    def __init__(self, id, kind, description, *, key=KEY, x_date=DATE, x_login=LOGIN, body="",
                 external_id=None, ambiguities=(), reading=None, source=None):
        self.id, self.kind, self.description = id, kind, description
        self.key, self.source, self.reading = key, source, reading
        self.ambiguities = list(ambiguities)
        self.parts = {"x_date": x_date, "x_login": x_login, "body": raw(body), "external_id": external_id}
        self.compose, self.prefix, self.encoding = KINDS[kind]
        self.reason = self.presented = self.presented_from = None
        self.unsignable = False
        self.mistakes = []

    def text(self, **changed):
        changed = {k: raw(v) if k == "body" else v for k, v in changed.items()}
        return self.compose({**self.parts, **changed})

    def compute(self, *, sts=None, key=None, algorithm="hmac-sha256", encoding=None, prefix=None, **changed):
        sts = self.text(**changed) if sts is None else raw(sts)
        return computation(algorithm, self.key if key is None else key, sts,
                           encoding or self.encoding, self.prefix if prefix is None else prefix)

    @property
    def signature(self):
        return self.compute()["answer"]

    def wrong(self, name, *, ambiguities=(), **how):
        """Adds the answer that the named mistake gives. Returns the case, so that calls chain."""
        m = {"name": name, "what": MISTAKES[name]}
        if ambiguities:
            m["ambiguities"] = list(ambiguities)
        m.update(self.compute(**how))
        taken = [self.signature] + [x["answer"] for x in self.mistakes]
        if m["answer"] in taken:
            raise SystemExit(f"{self.id}: the answer of {name} is not a distinct one")
        self.mistakes.append(m)
        return self

    def common_mistakes(self, **keys):
        """Adds the mistakes that any signer can make, whatever it signs; keys are mistake name = key."""
        upper = ["AMB-18"] if self.prefix else []
        if self.encoding == "hex-lower":
            self.wrong("upper-case", encoding="hex-upper", ambiguities=upper)
        else:
            self.wrong("lower-case", encoding="hex-lower")
        self.wrong("base64", encoding="base64")
        self.wrong("base64-of-hex", encoding="base64-of-hex")
        for name, algorithm in (("sha-1", "hmac-sha1"), ("sha-512", "hmac-sha512"), ("md5", "hmac-md5")):
            self.wrong(name, algorithm=algorithm)
        self.wrong("no-hmac", algorithm="sha256", sts=raw(self.key) + self.text())
        self.wrong("swapped-key-message", key=self.text(), sts=self.key)
        self.wrong("key-trailing-newline", key=self.key + "\n")
        self.wrong("key-quoted", key=f'"{self.key}"')
        for name, key in keys.items():
            self.wrong(name.replace("_", "-"), key=key)
        return self

    def refused(self, reason, *, presented=None, unsignable=False, **how):
        """Makes this a case to refuse: `presented` arrived, or the answer of another computation did."""
        self.reason, self.unsignable = reason, unsignable
        if presented is None:
            self.presented_from = self.compute(**how)
            self.presented = self.presented_from["answer"]
        else:
            self.presented = presented
        if self.presented == self.signature and not unsignable:
            raise SystemExit(f"{self.id}: the value to refuse is the right one")
        return self

    def as_json(self):
        out = {"id": self.id, "kind": self.kind, "description": self.description}
        if self.source:
            out["source"] = self.source
        out["expect"] = "refuse" if self.reason else "accept"
        if self.reason:
            out["reason"] = self.reason
        if self.ambiguities:
            out["ambiguities"] = self.ambiguities
        if self.reading:
            out["reading"] = self.reading
        out["key"], out["key_hex"] = self.key, raw(self.key).hex()
        if self.compose is dated:
            out["x_date"], out["x_login"] = self.parts["x_date"], self.parts["x_login"]
        if self.compose is control_text:
            out["external_id"] = self.parts["external_id"]
        out.update(text_or_base64(self.parts["body"]))
        sts = self.text()
        out["string_to_sign"] = {"hex": sts.hex()}
        if is_utf8(sts):
            out["string_to_sign"] = {"text": sts.decode(), "hex": sts.hex()}
        if not self.unsignable:
            out["signature"] = self.signature
        out["presented"] = self.presented if self.reason else self.signature
        if self.presented_from:
            out["presented_from"] = {k: v for k, v in self.presented_from.items() if k != "answer"}
        if self.mistakes:
            out["mistakes"] = self.mistakes
        return out


def is_utf8(b):
    try:
        b.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_or_base64(body):
    if is_utf8(body):
        return {"body": body.decode()}
    return {"body_base64": base64.b64encode(body).decode()}


def flipped(value, at=-1):
    """The value with one hex digit replaced by its neighbour."""
    digits = "0123456789abcdef" if value[at] in "0123456789abcdef" else "0123456789ABCDEF"
    chars = list(value)
    chars[at] = digits[(digits.index(value[at]) + 1) % 16]
    return "".join(chars)
