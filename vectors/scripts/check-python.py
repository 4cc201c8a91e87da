#!/usr/bin/env python3
"""Recomputes every digest and every date of the golden vectors from the JSON files alone.

    python3 vectors/scripts/check-python.py [DIR]

It shares no code with make.py: HMAC is written out after RFC 2104 from plain hash functions,
and the calendar is counted in days, without datetime.
"""

import base64
import hashlib
import json
import pathlib
import sys
import urllib.parse

BLOCK = {"sha256": 64, "sha1": 64, "md5": 64, "sha512": 128}
DATED = {"deposit_request", "deposit_notification", "refund_notification"}
BODY_ONLY = {"deposit_notification_body_only", "cashout_request", "cashout_notification_payload"}

counts = {"digests": 0, "dates": 0}


def wrong(case, text):
    sys.exit(f"python: {case['id']}: {text}")


def hmac(name, key, message):
    if len(key) > BLOCK[name]:
        key = hashlib.new(name, key).digest()
    key = key.ljust(BLOCK[name], b"\0")
    inner = hashlib.new(name, bytes(b ^ 0x36 for b in key) + message).digest()
    return hashlib.new(name, bytes(b ^ 0x5C for b in key) + inner).digest()


def answer(algorithm, key_hex, message, encoding, prefix):
    counts["digests"] += 1
    key = bytes.fromhex(key_hex)
    family, _, name = algorithm.rpartition("-")
    digest = hmac(name, key, message) if family == "hmac" else hashlib.new(name, message).digest()
    digits = "".join(f"{b:02x}" for b in digest)
    if encoding == "hex-upper":
        digits = "".join(f"{b:02X}" for b in digest)
    elif encoding == "base64":
        digits = base64.b64encode(digest).decode()
    elif encoding == "base64-of-hex":
        digits = base64.b64encode(digits.encode()).decode()
    elif encoding != "hex-lower":
        raise ValueError(encoding)
    return prefix + digits


def composed(c, body):
    if c["kind"] in DATED:
        return c["x_date"].encode() + c["x_login"].encode() + body
    if c["kind"] in BODY_ONLY:
        return body
    if c["kind"] == "cashout_control":
        return b"Be4" + c["external_id"].encode() + b"Bo7"
    return wrong(c, f"unknown kind {c['kind']}")


def check_signature(c):
    body = c["body"].encode() if "body" in c else base64.b64decode(c["body_base64"], validate=True)
    message = composed(c, body)
    if message.hex() != c["string_to_sign"]["hex"]:
        wrong(c, "the string-to-sign is not what the inputs make")
    if "text" in c["string_to_sign"] and c["string_to_sign"]["text"].encode() != message:
        wrong(c, "text and hex of the string-to-sign differ")
    if c["key"].encode().hex() != c["key_hex"]:
        wrong(c, "key_hex is not the key")
    scheme = "D24 " if c["kind"].startswith(("deposit", "refund")) else ""
    case = "hex-upper" if c["kind"] == "cashout_control" else "hex-lower"
    if "signature" in c and answer("hmac-sha256", c["key_hex"], message, case, scheme) != c["signature"]:
        wrong(c, "signature is not what the inputs make")
    if (c["presented"] == c.get("signature")) != (c["expect"] == "accept"):
        wrong(c, "presented does not fit the expectation")
    if c["kind"] == "cashout_control":
        form = urllib.parse.parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
        if form["external_id"] != [c["external_id"]] or form.get("control", [""]) != [c["presented"]]:
            wrong(c, "the form does not carry external_id and the presented control")
    if "presented_from" in c:
        check_computation(c, "presented", {**c["presented_from"], "answer": c["presented"]})
    for m in c.get("mistakes", []):
        check_computation(c, m["name"], m)
        if m["answer"] == c["signature"]:
            wrong(c, f"{m['name']}: the answer is the right one")


def check_computation(c, what, m):
    got = answer(m["algorithm"], m["key_hex"], bytes.fromhex(m["string_to_sign_hex"]), m["encoding"], m["prefix"])
    if got != m["answer"]:
        wrong(c, f"{what}: {m['answer']} is recorded, {got} is computed")


def unix(x_date):
    """Seconds since 1970, or None where the string is no X-Date."""
    if len(x_date) != 20 or "".join(x_date[i] for i in (4, 7, 10, 13, 16, 19)) != "--T::Z":
        return None
    parts = [x_date[a:b] for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]
    if any(ch not in "0123456789" for part in parts for ch in part):
        return None
    year, month, day, hour, minute, second = map(int, parts)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and hour <= 23 and minute <= 59 and second <= 59):
        return None
    before = year - 1
    total = before * 365 + before // 4 - before // 100 + before // 400 + sum(days[: month - 1]) + day - 1
    return (total - 719162) * 86400 + hour * 3600 + minute * 60 + second  # 719162 days from year 1 to 1970


def check_date(c):
    counts["dates"] += 1
    seconds = unix(c["x_date"])
    if c["kind"] == "parse":
        if (seconds is not None) != (c["expect"] == "accept"):
            wrong(c, "the expectation is not what the pattern says")
        if seconds != c.get("unix_seconds"):
            wrong(c, f"unix_seconds: {c.get('unix_seconds')} is recorded, {seconds} is computed")
    elif c["kind"] == "format":
        instant = c["instant"]
        local, sign, offset = instant[:-6], instant[-6], instant[-5:]
        shift = (int(offset[:2]) * 60 + int(offset[3:])) * 60 * (1 if sign == "+" else -1)
        whole, _, fraction = local.partition(".")
        ms = (unix(whole + "Z") - shift) * 1000 + int((fraction or "0").ljust(3, "0"))
        if ms != c["unix_ms"] or seconds != ms // 1000:
            wrong(c, f"instant, unix_ms and x_date differ: {ms} is computed")
        for m in c["mistakes"]:
            if m["answer"] == c["x_date"]:
                wrong(c, f"{m['name']}: the answer is the right one")
    elif c["kind"] == "window":
        clock = c["server_time"]
        difference = (unix(clock[:19] + "Z") - seconds) * 1000 + int(clock[20:23])
        if difference != c["difference_ms"]:
            wrong(c, f"difference_ms: {c['difference_ms']} is recorded, {difference} is computed")
        verdict = "too_old" if difference > 5000 else "in_future" if difference < -5000 else None
        if c.get("reason") != verdict or (c["expect"] == "accept") != (verdict is None):
            wrong(c, "the expectation is not what the window says")
        for m in c.get("mistakes", []):
            if m["answer"] == c["expect"]:
                wrong(c, f"{m['name']}: the answer is the right one")
    else:
        wrong(c, f"unknown kind {c['kind']}")


def main():
    here = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    for topic in ("deposits", "cashouts", "notifications", "xdate"):
        for case in json.loads((here / f"{topic}.json").read_bytes())["cases"]:
            (check_date if topic == "xdate" else check_signature)(case)
    print(f"python: {counts['digests']} digests checked, 0 wrong; {counts['dates']} dates checked, 0 wrong")


main()
