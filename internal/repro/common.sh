# --- what every reproduction needs; what this one does stands below it -----------------

LC_ALL=C # a body is bytes
export LC_ALL
umask 077

say() { printf '%s\n' "$*"; }
fail() { # CODE SENTENCE
	printf '%s\n' "$2" >&2
	exit "$1"
}
right() { say "RIGHT: $*"; exit 0; }
wrong() { say "WRONG: $*"; exit 1; }
unclear() { say "CANNOT TELL: $*"; exit 3; }

# need takes a variable from the environment, or from the file that NAME_FILE names.
need() { # NAME WHAT
	eval "value=\${$1-} file=\${$1_FILE-}"
	if [ -z "$value" ] && [ -n "$file" ]; then
		[ -r "$file" ] || fail 2 "$1_FILE: $file cannot be read"
		value=$(cat "$file")
		eval "$1=\$value"
	fi
	[ -n "$value" ] || fail 2 "$1 is not set: it is $2"
}

undo() { :; }
armed=
leave() {
	code=$?
	trap - 0
	[ -z "$armed" ] || (undo) > "$tmp/undo" 2>&1 || :
	rm -rf "$tmp"
	exit "$code"
}

for program in openssl awk od mktemp; do
	command -v "$program" > /dev/null || fail 2 "$program is not installed"
done
tmp=$(mktemp -d)
trap leave 0
trap 'exit 130' 1 2 15

hexes() { od -An -v -tx1; }
upper() { printf '%s' "$1" | tr '[:lower:]' '[:upper:]'; }

# --- signatures: a key never becomes an argument of a program ---------------------------

# mix is the key as HMAC mixes it (RFC 2104): 64 bytes, each XORed with BYTE. It sets
# escapes, which printf turns into them.
mix() { # KEY-IN-HEX BYTE
	escapes='' count=0
	for byte in $1; do
		byte=$((0x$byte ^ $2)) count=$((count + 1))
		escapes="$escapes\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
	done
	while [ "$count" -lt 64 ]; do
		escapes="$escapes\\$(($2 / 64))$(($2 / 8 % 8))$(($2 % 8))" count=$((count + 1))
	done
}
pad() {
	mix "$@"
	# shellcheck disable=SC2059 # octal escapes and nothing else
	printf "$escapes"
}
key_of() { # HASH KEY: sets key, in hex; one that is longer than a block is hashed first
	key=$(printf '%s' "$2" | hexes)
	# shellcheck disable=SC2086 # one word a byte
	set -- "$1" "$2" $key
	if [ $# -gt 66 ]; then
		key=$(printf '%s' "$2" | openssl dgst "-$1" -binary | hexes)
	fi
}
hmac() { # HASH KEY, reads the text
	key_of "$1" "$2"
	{ pad "$key" 54; cat; } | openssl dgst "-$1" -binary |
		{ pad "$key" 92; cat; } | openssl dgst "-$1" -r | cut -d ' ' -f 1
}
sign() { # KEY TEXT: sets digest
	signing_key=$1 signed_text=$2
	digest=$(printf '%s' "$2" | hmac sha256 "$1")
}
