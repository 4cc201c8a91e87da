#!/bin/sh
# Recomputes every digest of the golden vectors with openssl.
#
#     sh vectors/scripts/check-openssl.sh [DIR]
#
# python3 only unpacks the JSON: it composes each string-to-sign from the case's inputs into a file
# and lists one job a line. Every digest, base64 included, is openssl's own.
set -eu

dir=${1:-$(dirname "$0")/..}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

python3 - "$dir" "$work" <<'PYTHON'
import base64, json, pathlib, sys

source, work = map(pathlib.Path, sys.argv[1:])
jobs = []


def job(case_id, what, algorithm, key_hex, encoding, prefix, answer, message):
    path = work / str(len(jobs))
    path.write_bytes(message)
    row = [case_id, what, algorithm, key_hex, encoding, prefix, answer, str(path)]
    if any("|" in field or "\n" in field for field in row):
        sys.exit(f"openssl: {case_id}: a field cannot be put on one line")
    jobs.append("|".join(row) + "\n")


for topic in ("deposits", "cashouts", "notifications"):
    for c in json.loads((source / f"{topic}.json").read_bytes())["cases"]:
        body = base64.b64decode(c["body_base64"]) if "body_base64" in c else c["body"].encode()
        kind = c["kind"]
        if kind in ("deposit_request", "deposit_notification", "refund_notification"):
            text, encoding, prefix = c["x_date"].encode() + c["x_login"].encode() + body, "hex-lower", "D24 "
        elif kind == "deposit_notification_body_only":
            text, encoding, prefix = body, "hex-lower", "D24 "
        elif kind in ("cashout_request", "cashout_notification_payload"):
            text, encoding, prefix = body, "hex-lower", ""
        elif kind == "cashout_control":
            text, encoding, prefix = f"Be4{c['external_id']}Bo7".encode(), "hex-upper", ""
        else:
            sys.exit(f"openssl: {c['id']}: unknown kind {kind}")
        if text.hex() != c["string_to_sign"]["hex"]:
            sys.exit(f"openssl: {c['id']}: the string-to-sign is not what the inputs make")
        if c["key"].encode().hex() != c["key_hex"]:
            sys.exit(f"openssl: {c['id']}: key_hex is not the key")
        if "signature" in c:
            job(c["id"], "signature", "hmac-sha256", c["key_hex"], encoding, prefix, c["signature"], text)
        if (c["presented"] == c.get("signature")) != (c["expect"] == "accept"):
            sys.exit(f"openssl: {c['id']}: presented does not fit the expectation")
        wrong = [("presented", dict(c["presented_from"], answer=c["presented"]))] if "presented_from" in c else []
        for what, m in wrong + [(m["name"], m) for m in c.get("mistakes", [])]:
            job(c["id"], what, m["algorithm"], m["key_hex"], m["encoding"], m["prefix"], m["answer"],
                bytes.fromhex(m["string_to_sign_hex"]))

(work / "jobs").write_text("".join(jobs))
PYTHON

# The key goes in as hex: a shell cannot pass every byte, and an option would cut the key at a comma.
digest() { # digest ALGORITHM KEY_HEX FILE OPTION
	case $1 in
	hmac-*) openssl dgst "-${1#hmac-}" "$4" -mac HMAC -macopt "hexkey:$2" "$3" ;;
	*) openssl dgst "-$1" "$4" "$3" ;;
	esac
}

checked=0
# `|` and not a tab: read would drop an empty field and the space at the end of "D24 ".
while IFS='|' read -r id what algorithm key encoding prefix answer file; do
	case $encoding in
	base64) got=$(digest "$algorithm" "$key" "$file" -binary | openssl base64 -A) ;;
	*)
		got=$(digest "$algorithm" "$key" "$file" -r)
		got=${got%% *}
		;;
	esac
	case $encoding in
	hex-upper) got=$(printf %s "$got" | tr a-f A-F) ;;
	base64-of-hex) got=$(printf %s "$got" | openssl base64 -A) ;;
	esac
	if [ "$prefix$got" != "$answer" ]; then
		echo "openssl: $id: $what: $answer is recorded, $prefix$got is computed" >&2
		exit 1
	fi
	checked=$((checked + 1))
done <"$work/jobs"

echo "openssl: $checked digests checked, 0 wrong"
