#!/usr/bin/env python3
"""Writes the golden vectors: deposits.json, cashouts.json, notifications.json, xdate.json.

    python3 vectors/scripts/make.py [--out DIR]

Python's standard library only, and the same bytes on every machine. The harness'
own signer has no part in it: it is one of the programs that the vectors judge.
"""

import argparse
import json
import pathlib
import re
import sys
import unicodedata

sys.dont_write_bytecode = True  # running the script must leave nothing behind in a checkout
from casebook import cashouts, deposits, notifications, xdate  # noqa: E402

SCHEMA = "d24conform/vectors/v1"

# The versions with which the checked-in files were made and checked. Constants, not what runs
# now: the files must come out the same everywhere. Change them together with the cases.
PROVENANCE = {
    "made_by": {"script": "scripts/make.py", "tool": "Python", "version": "3.11.7"},
    "checked_by": [
        {"script": "scripts/check-openssl.sh", "tool": "OpenSSL", "version": "3.0.19"},
        {"script": "scripts/check-node.mjs", "tool": "Node.js", "version": "20.20.2"},
        {"script": "scripts/check-python.py", "tool": "Python", "version": "3.11.7"},
    ],
    "author": "the d24conform project",
}

# OpenSSL computes digests only.
DATES_ARE_CHECKED_BY = [t for t in PROVENANCE["checked_by"] if t["tool"] != "OpenSSL"]

# Characters that cannot be seen or that an editor may change: written as escapes.
FRAGILE = {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Zl", "Zp", "Zs"}


def escaped(match):
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def rendered(document):
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    fragile = {c for c in set(text) if c not in " \n" and unicodedata.category(c) in FRAGILE}
    if fragile:
        text = re.sub("[" + "".join(map(re.escape, sorted(fragile))) + "]", escaped, text)
    return text


def main():
    parser = argparse.ArgumentParser(description="writes the golden vectors")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    out = parser.parse_args().out
    for topic in (deposits, cashouts, notifications, xdate):
        name = topic.__name__.rpartition(".")[2]
        provenance = dict(PROVENANCE)
        if name == "xdate":
            provenance["checked_by"] = DATES_ARE_CHECKED_BY
        document = {"$schema": "./vectors.schema.json", "schema": SCHEMA, "topic": name,
                    "provenance": provenance, "cases": topic.cases()}
        (out / f"{name}.json").write_bytes(rendered(document).encode())
        print(f"{name}.json: {len(document['cases'])} cases")


if __name__ == "__main__":
    main()
