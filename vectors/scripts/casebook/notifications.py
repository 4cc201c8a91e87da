"""Notifications: deposits and refunds (JSON, Authorization), cashouts (a form, `control` and Payload-Signature).

No document states the formula of a deposit notification's Authorization: the one taken here is that of
requests (AMB-30), under the deposits' API Signature (AMB-31). That of `control` is documented in full.
"""

import json
from urllib.parse import quote, urlencode

from .model import CASHOUT_KEY, CASHOUT_LOGIN, CASHOUT_PASS, DATE, KEY, LOGIN, READ_ONLY_KEY, Case, flipped

DEPOSIT = '{"deposit_id":3000000001}'
REFUND = '{"refund_id":168284}'
FORM_AMB = ["AMB-32"]


def cases():
    groups = (deposits(), refunds(), body_only(), refused_deposits(), controls(), refused_controls(), payloads())
    return [c.as_json() for group in groups for c in group]


def deposit(name, description, *, ambiguities=(), **given):
    given.setdefault("body", DEPOSIT)
    return Case(f"notifications/deposit-{name}", "deposit_notification", description,
                ambiguities=["AMB-30", *ambiguities], **given)


def refund(name, description, *, ambiguities=(), **given):
    given.setdefault("body", REFUND)
    return Case(f"notifications/refund-{name}", "refund_notification", description,
                ambiguities=["AMB-30", "AMB-31", *ambiguities], **given)


def deposits():
    yield (deposit("first", "a deposit changed its status")
           .common_mistakes(wrong_key_api_key=LOGIN, wrong_key_read_only=READ_ONLY_KEY, wrong_key_other_product=CASHOUT_KEY)
           .wrong("body-only", sts=DEPOSIT)
           .wrong("swapped-order", sts=LOGIN + DATE + DEPOSIT)
           .wrong("no-scheme", prefix="")
           .wrong("milliseconds", x_date="2020-06-21T12:33:20.000Z")
           .wrong("another-second", x_date="2020-06-21T12:33:21Z")
           .wrong("spaced", body='{"deposit_id": 3000000001}')
           .wrong("quoted-numbers", body='{"deposit_id":"3000000001"}')
           .wrong("numbers-rewritten", body='{"deposit_id":3.000000001e+09}')
           .wrong("trailing-newline", body=DEPOSIT + "\n"))
    yield (deposit("repeated", "the repeat five minutes later carries a date and a signature of its own", x_date="2020-06-21T12:38:20Z")
           .wrong("first-attempt-date", x_date=DATE))
    yield deposit("nine-digits", "a deposit_id of nine digits", body='{"deposit_id":301623200}')
    spaced = '{\n  "deposit_id" : 3000000001\n}\n'
    yield (deposit("with-white-space", "the body is verified as it came, before any parsing", body=spaced)
           .wrong("compacted", body=DEPOSIT)
           .wrong("trimmed", body=spaced.strip()))
    yield (deposit("beyond-2-53", "a deposit_id that a double cannot hold", body='{"deposit_id":9007199254740993}')
           .wrong("numbers-rewritten", body='{"deposit_id":9007199254740992}'))
    more = '{"deposit_id":3000000001,"note":"José / 李"}'
    yield (deposit("unknown-field", "a field that the documents do not name is signed with the rest", body=more)
           .wrong("latin-1", body=more.encode("latin-1", "replace"))
           .wrong("escaped-slashes", body=more.replace("/", "\\/"))
           .wrong("unicode-escapes", body=more.replace("é", "\\u00e9").replace("李", "\\u674e"))
           .wrong("unknown-fields-dropped", body=DEPOSIT))


def refunds():
    yield (refund("first", "a refund changed its status")
           .wrong("body-only", sts=REFUND)
           .wrong("wrong-key-other-product", key=CASHOUT_KEY)
           .wrong("spaced", body='{"refund_id": 168284}')
           .wrong("upper-case", encoding="hex-upper", ambiguities=["AMB-18"]))
    yield refund("repeated", "the repeat twenty-five minutes later is signed anew", x_date="2020-06-21T12:58:20Z").wrong(
        "first-attempt-date", x_date=DATE)
    yield refund("refused-id-changed", "the refund_id was changed on the way", body=REFUND.replace("168284", "168285")).refused(
        "body_differs", body=REFUND)
    yield refund("refused-key-of-cashouts", "signed with the API Signature of cashouts").refused("wrong_key", key=CASHOUT_KEY)
    yield refund("refused-missing", "no Authorization at all, or an empty one").refused("missing", presented="")


def body_only():
    def case(name, description, **given):
        return Case(f"notifications/body-only-{name}", "deposit_notification_body_only", description,
                    ambiguities=["AMB-30"], reading="AMB-30=body-only", **given)
    yield (case("deposit", "the other reading: the body alone is signed", body=DEPOSIT)
           .wrong("deposit-formula", sts=DATE + LOGIN + DEPOSIT)
           .wrong("upper-case", encoding="hex-upper", ambiguities=["AMB-18"]))
    yield case("refund", "the other reading, of a refund", body=REFUND).wrong("deposit-formula", sts=DATE + LOGIN + REFUND)
    yield case("refused-id-changed", "the deposit_id was changed on the way", body=DEPOSIT.replace("1}", "2}")).refused(
        "body_differs", body=DEPOSIT)


def refused_deposits():
    def received(name, description, **given):
        return deposit("refused-" + name, description, **given)
    right = deposit("unused", "").signature
    yield received("id-changed", "the deposit_id was changed on the way", body=DEPOSIT.replace("1}", "2}")).refused(
        "body_differs", body=DEPOSIT)
    yield received("field-added", "a status was added on the way", body='{"deposit_id":3000000001,"status":"COMPLETED"}').refused(
        "body_differs", body=DEPOSIT)
    yield received("date-changed", "an old notification was given a new date", x_date="2020-06-21T13:33:20Z").refused(
        "date_differs", x_date=DATE)
    yield received("login-changed", "the notification was meant for another merchant", x_login="login_FAKE_02").refused(
        "login_differs", x_login=LOGIN)
    yield received("key-of-cashouts", "signed with the API Signature of cashouts").refused("wrong_key", key=CASHOUT_KEY)
    yield received("key-is-login", "signed with the API Key, which is no secret").refused("wrong_key", key=LOGIN)
    yield received("body-only", "the body alone was signed").refused("composition", sts=DEPOSIT)
    yield received("upper-case", "the right digest in upper case", ambiguities=["AMB-18"]).refused("hex_case", encoding="hex-upper")
    yield received("sha-1", "HMAC-SHA-1 of the right text").refused("algorithm", algorithm="hmac-sha1")
    yield received("last-digit", "the last digit is another").refused("digest_differs", presented=flipped(right))
    yield received("63-digits", "the last digit is missing").refused("length", presented=right[:-1])
    yield received("no-scheme", "the right digest without a scheme word").refused("scheme", presented=right.removeprefix("D24 "))
    yield received("missing", "no Authorization at all, or an empty one").refused("missing", presented="")


def form(external_id, control, *, cashout_id=11954, comments=""):
    """The body of a cashout notification; a control of None is left out, as in a forged one."""
    fields = [("date", "2020-06-21 12:33:20"), ("bank_reference_id", ""), ("comments", comments), ("external_id", external_id)]
    if control is not None:
        fields.append(("control", control))
    return urlencode([*fields, ("cashout_id", cashout_id), ("status_reason", "")])


def control(name, description, external_id, **given):
    """A control case: its body is the form as it arrives, with the right control in it."""
    c = Case(f"notifications/control-{name}", "cashout_control", description, external_id=external_id, **given)
    c.parts["body"] = form(external_id, c.signature).encode()
    return c


def controls():
    yield (control("cashoutv35381", "the external_id that the documents use; the mistakes around control", "cashoutV35381")
           .common_mistakes(wrong_key_api_key=CASHOUT_LOGIN, wrong_key_passphrase=CASHOUT_PASS, wrong_key_other_product=CASHOUT_KEY)
           .wrong("no-affixes", sts="cashoutV35381")
           .wrong("swapped-affixes", sts="Bo7cashoutV35381Be4")
           .wrong("lower-case-affixes", sts="be4cashoutV35381bo7")
           .wrong("cashout-id-signed", sts="Be411954Bo7")
           .wrong("external-id-case-changed", sts="Be4CASHOUTV35381Bo7")
           .wrong("trailing-newline", sts="Be4cashoutV35381Bo7\n")
           .wrong("scheme-added", prefix="D24 ")
           .wrong("whole-form-signed", sts=form("cashoutV35381", None)))
    yield (control("documents-sample-code", "the inputs of the documents' sample code", "cashoutID1234", key="your_cashout_api_signature",
                   source="inputs from the sample code of the cashout notifications page; the digest was computed here")
           .wrong("lower-case", encoding="hex-lower")
           .wrong("no-affixes", sts="cashoutID1234"))
    key = {"key": CASHOUT_KEY}
    yield control("one-character", "an external_id of one character", "1", **key)
    yield control("100-characters", "an external_id of 100 characters, the longest allowed", "cashout-" + "9" * 92, **key)
    yield control("empty", "an empty external_id leaves Be4Bo7", "", **key)
    yield control("looks-like-affixes", "an external_id that is Be4Bo7 itself", "Be4Bo7", **key).wrong("no-affixes", sts="Be4Bo7")
    yield control("leading-zeros", "an external_id of digits is text", "000042", **key).wrong("numbers-rewritten", sts="Be442Bo7")
    yield control("lower-case-letters", "the case of external_id is kept", "abcdef-ABCDEF", **key).wrong(
        "external-id-case-changed", sts="Be4ABCDEF-ABCDEFBo7")
    yield control("uuid", "an external_id that is a UUID", "00000000-0000-4000-8000-00000000fa4e", **key)
    for name, about, value in (
            ("space", "a space arrives as a plus sign and is signed as a space", "order 17"),
            ("plus", "a plus sign arrives as %2B and is signed as a plus sign", "order+17"),
            ("ampersand", "an ampersand arrives as %26 and is signed bare", "a&b=c"),
            ("percent", "a percent sign arrives as %25 and is signed bare", "100%20"),
            ("slash", "a slash arrives as %2F and is signed bare", "2020/06/21-1"),
            ("accent", "an accented letter arrives as %C3%A9 and is signed as its UTF-8 bytes", "cobro-José")):
        c = control(name, about, value, **key).wrong("percent-encoded", sts=f"Be4{quote(value, safe='')}Bo7")
        if name == "space":
            c.wrong("plus-not-decoded", sts="Be4order+17Bo7")
        if name == "accent":
            c.wrong("latin-1", sts=b"Be4" + value.encode("latin-1") + b"Bo7")
        yield c
    yield control("spaces-around", "spaces around external_id belong to it", " a ", **key).wrong("trimmed", sts="Be4aBo7")


def refused_controls():
    def received(name, description, external_id="cashout-0001"):
        return Case(f"notifications/control-refused-{name}", "cashout_control", description, key=CASHOUT_KEY, external_id=external_id)

    def arrived(c):
        c.parts["body"] = form(c.parts["external_id"], c.presented or None).encode()
        return c

    right = received("unused", "").signature
    yield arrived(received("lower-case", "the right digest in lower case").refused("hex_case", encoding="hex-lower"))
    yield arrived(received("other-external-id", "the control of another cashout", "cashout-0002").refused(
        "external_id_differs", external_id="cashout-0001"))
    yield arrived(received("external-id-case", "external_id arrives in upper case and was signed as it is", "CASHOUT-0001").refused(
        "external_id_differs", external_id="cashout-0001"))
    yield arrived(received("no-affixes", "external_id was signed alone").refused("composition", sts="cashout-0001"))
    yield arrived(received("swapped-affixes", "Bo7 and Be4 changed places").refused("composition", sts="Bo7cashout-0001Be4"))
    yield arrived(received("key-passphrase", "signed with the API Passphrase").refused("wrong_key", key=CASHOUT_PASS))
    yield arrived(received("key-is-login", "signed with the API Key, which travels in every request").refused("wrong_key", key=CASHOUT_LOGIN))
    yield arrived(received("key-of-deposits", "signed with the API Signature of deposits").refused("wrong_key", key=KEY))
    yield arrived(received("sha-1", "HMAC-SHA-1 of the right text").refused("algorithm", algorithm="hmac-sha1"))
    yield arrived(received("base64", "the right digest in base64").refused("encoding", encoding="base64"))
    yield arrived(received("last-digit", "the last digit is another").refused("digest_differs", presented=flipped(right)))
    yield arrived(received("63-digits", "the last digit is missing").refused("length", presented=right[:-1]))
    yield arrived(received("scheme", "the scheme word of deposits before the right digest").refused("scheme", presented="D24 " + right))
    yield arrived(received("missing", "a notification without control").refused("missing", presented=""))


def payloads():
    """Payload-Signature over the raw form, which one page promises and another does not mention."""
    def case(name, description, **given):
        return Case(f"notifications/payload-{name}", "cashout_notification_payload", description,
                    key=CASHOUT_KEY, ambiguities=FORM_AMB, **given)
    ctl = control("unused", "", "cashout-0001", key=CASHOUT_KEY).signature
    body = form("cashout-0001", ctl, comments="José & Co / 50%")
    decoded = body.replace("+", " ").replace("%3A", ":").replace("%C3%A9", "é").replace("%26", "&").replace("%2F", "/").replace("%25", "%")
    fields = {"date": "2020-06-21 12:33:20", "external_id": "cashout-0001", "control": ctl, "cashout_id": 11954}
    yield (case("form", "the raw form is signed, percent signs and all", body=body)
           .wrong("decoded-form", body=decoded)
           .wrong("json-form", body=json.dumps(fields, separators=(",", ":")))
           .wrong("reordered-keys", body="&".join(sorted(body.split("&"))))
           .wrong("trailing-newline", body=body + "\n")
           .wrong("upper-case", encoding="hex-upper")
           .wrong("wrong-key-other-product", key=KEY))
    plain = form("cashout-0001", ctl)
    yield case("form-with-empty-fields", "fields without a value are signed with the rest", body=plain)
    yield case("refused-cashout-id-changed", "the cashout_id, which control does not cover, was changed on the way",
               body=plain.replace("11954", "11955")).refused("body_differs", body=plain)
    yield case("refused-key-of-deposits", "signed with the API Signature of deposits", body=plain).refused("wrong_key", key=KEY)
    yield case("refused-missing", "no Payload-Signature at all, or an empty one", body=plain).refused("missing", presented="")
