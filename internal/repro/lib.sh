# --- requests that are signed anew -------------------------------------------------------

command -v curl > /dev/null || fail 2 'curl is not installed'

# The target itself is never reached through a proxy when it is on this machine.
NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost,::1"
no_proxy=$NO_PROXY
export NO_PROXY no_proxy

fresh=a$(od -An -N4 -tx1 /dev/urandom | tr -dc '0-9a-f' | cut -c 1-7) # opens every idempotency key
FRESH=$(printf '%s' "$fresh" | tr 'a-f' 'A-F')
run=d24c-r$fresh # opens every id of ours

json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; } # inside of quotes
other() { # TEXT LAST: the text with its last character changed to the first of LAST that it is not
	case $1 in
	'') printf '%s' "${2%?}" ;;
	*"${2%?}") printf '%s' "${1%?}${2#?}" ;;
	*) printf '%s' "${1%?}${2%?}" ;;
	esac
}
flip() { # DIGITS first|last: one digit is another
	case $2 in
	last) other "$1" 01 ;;
	*) case $1 in 0*) printf '1%s' "${1#?}" ;; *) printf '0%s' "${1#?}" ;; esac ;;
	esac
}

sha1_digest() { printf '%s' "$signed_text" | hmac sha1 "$signing_key"; }
unkeyed_digest() { printf '%s' "$signed_text" | openssl dgst -sha256 -r | cut -d ' ' -f 1; }
unhex() {
	escapes=''
	for byte in $(printf '%s' "$1" | sed 's/../& /g'); do
		byte=$((0x$byte))
		escapes="$escapes\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
	done
	# shellcheck disable=SC2059 # octal escapes and nothing else
	printf "$escapes"
}
base64_digest() { unhex "$digest" | openssl base64 -A; }
basic() { printf '%s:%s' "$1" "$2" | openssl base64 -A; }

# --- dates: by the target's clock -------------------------------------------------------

case $(date +%N) in
*[!0-9]* | '') fine= ;; # no fractions of a second here
*) fine=yes ;;
esac
milliseconds() {
	if [ -n "$fine" ]; then say "$(($(date +%s%N) / 1000000))"; else say "$(($(date +%s) * 1000))"; fi
}
target_ms() { say "$(($(milliseconds) + clock_offset_ms))"; }

utc() { # SECONDS: sets year month day hour minute second_ weekday
	days=$(($1 / 86400)) rest=$(($1 % 86400))
	hour=$(printf '%02d' $((rest / 3600))) minute=$(printf '%02d' $((rest / 60 % 60))) second_=$(printf '%02d' $((rest % 60)))
	weekday=$((days % 7)) # 0 is Thursday
	z=$((days + 719468)) # days since 1 March 0000
	era=$((z / 146097)) doe=$((z % 146097))
	yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365))
	doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100)))
	mp=$(((5 * doy + 2) / 153))
	day=$(printf '%02d' $((doy - (153 * mp + 2) / 5 + 1)))
	month=$((mp < 10 ? mp + 3 : mp - 9))
	year=$((yoe + era * 400 + (month <= 2 ? 1 : 0)))
	month=$(printf '%02d' "$month")
}
nth() { shift "$1"; printf '%s' "$1"; }
# moment is the second in which the request at hand is made: two dates of one request are
# as far apart as they are meant to be, however slow the machine.
moment=''
x_date() { # SHIFT [FORM]: the time by the target's clock, and so many seconds
	at=$((${appointment:-${moment:-$(($(target_ms) / 1000))}} + $1))
	utc "$at"
	case ${2-} in
	epoch) say "$at" ;;
	mail)
		weekday=$(nth $((weekday + 1)) Thu Fri Sat Sun Mon Tue Wed)
		name=$(nth "${month#0}" Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)
		say "$weekday, $day $name $year $hour:$minute:$second_ +0000"
		;;
	day-first) say "$day/$month/$year $hour:$minute:$second_" ;;
	day) say "$year-$month-$day" ;;
	*) say "$year-$month-${day}T$hour:$minute:${second_}Z" ;;
	esac
}

# An appointment is a full second of the target's clock at which a request goes out: a
# date that is a second off in one direction or the other would prove nothing.
appointment=''
lead=150 # milliseconds after the full second

wait_until() { # MILLISECONDS of the target's clock
	while left=$(($1 - $(target_ms))) && [ "$left" -gt 0 ]; do
		if [ -n "$fine" ]; then
			sleep "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))" 2> /dev/null || :
		fi
	done
}
appoint() {
	read_clock
	appointment=$((($(target_ms) + 1000 + 300 - lead) / 1000)) # 0.3 s are enough to sign
}

# read_clock narrows down how far the target's clock is from ours: it asks when a second
# of that clock should just be over, and halves the doubt by what the Date header says.
read_clock() {
	[ -n "$fine" ] || return 0
	while [ "$clock_error_ms" -gt 80 ] && [ "$clock_error_ms" -le 2000 ]; do
		wait_until $((($(target_ms) / 1000 + 1) * 1000))
		before=$(milliseconds)
		curl_config clock GET "$D24_BASE_URL/v3/deposits/100000000" > "$tmp/curl"
		curl -q -K "$tmp/curl" > /dev/null 2>&1 || return 0
		after=$(milliseconds)
		date=$(sed -n 's/^[Dd][Aa][Tt][Ee]: *[A-Z][a-z][a-z], \([0-9]* [A-Z][a-z][a-z] [0-9]* [0-9]*:[0-9]*:[0-9]*\) GMT.*/\1/p' "$tmp/clock.head")
		[ -n "$date" ] || return 0
		date=$(from_http "$date")
		low=$((clock_offset_ms - clock_error_ms)) high=$((clock_offset_ms + clock_error_ms))
		[ $((date * 1000 - after)) -le "$low" ] || low=$((date * 1000 - after))
		[ $((date * 1000 + 1000 - before)) -ge "$high" ] || high=$((date * 1000 + 1000 - before))
		[ "$low" -lt "$high" ] || return 0 # it was set meanwhile
		[ $((high - low)) -lt $((2 * clock_error_ms)) ] || return 0
		clock_offset_ms=$(((low + high) / 2)) clock_error_ms=$(((high - low + 1) / 2))
	done
}
from_http() { # 22 Nov 2026 02:51:34: prints seconds since 1970
	printf '%s\n' "$1" | tr ':' ' ' | awk '{
		m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3; y = $3
		if (m <= 2) { y--; m += 9 } else m -= 3
		days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m + 2) / 5) + $1 - 1 - 719468
		printf "%.0f\n", ((days * 24 + $4) * 60 + $5) * 60 + $6
	}'
}

# --- requests ---------------------------------------------------------------------------

request() { # N PART METHOD BASE PATH
	n=$1 part=$2 method=$3 url=$4$5 path=$5 from='' headers=$tmp/$1.headers
	rm -f "$tmp/$n."*
	: > "$headers"
	moment=$(($(target_ms) / 1000))
	# All that go out at once are signed before: dates ahead, within the 4 s that any server
	# takes, leave a slow machine the time.
	if [ "$2" = 'at once' ]; then moment=$((moment + 3)); fi
}
header() { printf '%s\n' "$1" >> "$headers"; }
with_body() { printf '%s' "$1" > "$tmp/$n.body"; }

curl_config() { # N METHOD URL [FROM]
	printf 'silent\nhttp1.1\npath-as-is\nmax-time = 10\nurl = "%s"\nrequest = "%s"\n' "$3" "$2"
	printf 'dump-header = "%s"\noutput = "%s"\n' "$tmp/$1.head" "$tmp/$1.answer"
	[ -z "${D24_CA_FILE-}" ] || printf 'cacert = "%s"\n' "$D24_CA_FILE"
	case ${4-} in
	'') ;;
	*://*) printf 'proxy = "%s"\nnoproxy = ""\n' "$4" ;;
	*) printf 'interface = "%s"\nnoproxy = "*"\n' "$4" ;;
	esac
	if [ -f "$tmp/$1.headers" ]; then
		for name in Accept Content-Type Expect User-Agent; do # what curl would add by itself
			grep -qi "^${name}[:;]" "$tmp/$1.headers" || printf '%s:\n' "$name" >> "$tmp/$1.headers"
		done
		printf 'header = "@%s"\n' "$tmp/$1.headers"
		! grep -qi '^accept-encoding:' "$tmp/$1.headers" || printf 'compressed\n'
	fi
	[ ! -f "$tmp/$1.body" ] || printf 'data-binary = "@%s"\n' "$tmp/$1.body"
}

slow='' # a request with an appointment took too long to tell
send() {
	curl_config "$n" "$method" "$url" "$from" > "$tmp/curl"
	[ -z "$appointment" ] || wait_until $((appointment * 1000 + lead))
	curl -q -K "$tmp/curl" 2> "$tmp/$n.error" || :
	if [ -n "$appointment" ]; then
		slow=''
		[ $(($(target_ms) - appointment * 1000 - lead)) -le 700 ] || slow=yes
		appointment=''
	fi
	read_answer "$n"
}

# queue and send_all send requests at once: one curl that opens all connections together.
queued=''
queue() {
	if [ -z "$queued" ]; then : > "$tmp/all"; else printf 'next\n' >> "$tmp/all"; fi
	curl_config "$n" "$method" "$url" "$from" >> "$tmp/all"
	queued="$queued $n"
	printf '%s\n' "$part" "$method" "$path" > "$tmp/$n.about"
}
send_all() {
	curl -q -Z --parallel-immediate --parallel-max 100 -K "$tmp/all" 2> /dev/null || :
	for n in $queued; do
		{ read -r part && read -r method && read -r path; } < "$tmp/$n.about"
		read_answer "$n"
	done
	queued=''
}

# abandon hangs up as soon as the request is written. openssl ends with its input.
abandon() {
	place=${url#*://} place=${place%%/*}
	host=${place%:*}
	case $place in *:[0-9]*) ;; *) place=$place:443 ;; esac
	{
		printf '%s %s HTTP/1.1\r\nHost: %s\r\n' "$method" "/${url#*://*/}" "${place%:443}"
		printf 'Content-Length: %s\r\n' "$(wc -c < "$tmp/$n.body" | tr -d ' ')"
		awk '{ sub(/;$/, ":"); printf "%s\r\n", $0 } END { printf "\r\n" }' "$headers"
		cat "$tmp/$n.body"
	} | openssl s_client -quiet -no_ign_eof -connect "$place" -servername "$host" \
		${D24_CA_FILE:+-CAfile "$D24_CA_FILE"} -verify_return_error > /dev/null 2>&1 || :
	say "$(printf '%3d %-10s %s %s: hung up when it was written' "$n" "$part" "$method" "$path")"
}

# again_while_in_use sends the request again as long as the first one is not done.
again_while_in_use() {
	send
	attempts=1
	while load "$n" && [ "$code" = 104 ] && [ "$attempts" -lt 20 ]; do
		sleep 1
		attempts=$((attempts + 1))
		send
	done
}

# --- answers ----------------------------------------------------------------------------

# The reader prints what an answer amounts to, a line each: kind, code, object, status,
# how it reads. It is written for the answers of this API, not for any JSON.
# shellcheck disable=SC2016 # awk's own
reader='
function skip() { while (substr(s, at, 1) ~ /[ \t\r\n]/) at++ }
function value(path, depth,    c, name, rest, start) {
	skip(); c = substr(s, at, 1)
	if (c == "{" || c == "[") {
		at++; skip()
		if (depth == 0 && c == "[") filled = 1
		if (substr(s, at, 1) == (c == "{" ? "}" : "]")) { at++; kind_of[path] = c; return }
		while (!bad) {
			name = path
			if (c == "{") {
				skip(); if (substr(s, at, 1) != "\"") { bad = 1; return }
				name = text(); skip()
				if (substr(s, at++, 1) != ":") { bad = 1; return }
				if (depth == 0) filled = 1
				else name = (path == "error" && depth == 1) ? "error." name : "-"
			} else name = "-"
			value(name, depth + 1); skip()
			kind_of[path] = c (c == "{" ? "x" : "")
			rest = substr(s, at++, 1)
			if (rest == (c == "{" ? "}" : "]")) return
			if (rest != ",") bad = 1
		}
		return
	}
	start = at
	if (c == "\"") { name = text(); got[path] = name; kind_of[path] = "s"; return }
	while (substr(s, at, 1) ~ /[-+.0-9A-Za-z]/) at++
	rest = substr(s, start, at - start)
	if (rest !~ /^(true|false|null|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) { bad = 1; return }
	if (rest == "null") { delete got[path]; return }
	got[path] = rest; kind_of[path] = "n"
}
function text(    start, c) {
	start = ++at
	while ((c = substr(s, at, 1)) != "\"") {
		if (c == "" || c < " ") { bad = 1; return "" }
		at += (c == "\\") ? 2 : 1
	}
	return substr(s, start, at++ - start)
}
function id(name) { return (name in got && got[name] != "0") ? got[name] : "" }
function fault(prefix,    c) {
	c = got[prefix "code"]
	if (code == "" && c != "" && c != "0") code = c
	if (c != "" && c != "0") flawed = 1
	if (said == "") said = got[prefix "description"]
	if (said == "") said = got[prefix "message"]
	if (said == "" && c != "") said = got[prefix "type"]
}
function clean(t) { gsub(/[^ -~]/, "?", t); return substr(t, 1, 100) }
{ s = s (NR > 1 ? "\n" : "") $0 }
END {
	at = 1; value("", 0); skip()
	if (at <= length(s)) bad = 1
	if (bad) { split("", got); split("", kind_of); filled = 0 }
	fault("")
	if (kind_of["error"] == "{x") { fault("error."); flawed = 1 }
	else if (("error" in got) && got["error"] != "false") { if (said == "") said = got["error"]; flawed = 1 }
	field = "deposit_id"; want = (method == "POST") ? "made" : "told"
	if (path ~ /\/v3\/refunds(\/|$)/) field = "refund_id"
	if (path ~ /\/v3\/cashout(\/|$)/) field = "cashout_id"
	if (path ~ /\/v3\/cashout\/(status|cancel)$/) want = "told"
	if (path ~ /\/v3\/(payment_methods|exchange_rates|banks|states)/) want = "listed"
	object = (want == "made") ? id(field) : ""
	state = got["status"]; names = 0
	if (field == "cashout_id" && got["cashout_status"] != "") { state = got["cashout_status"]; names = 1 }
	if (id("deposit_id") id("refund_id") id("cashout_id") id("invoice_id") id("merchant_invoice_id") != "") names = 1
	asked = (want == "made" && object != "") || (want == "told" && state != "" && (said == "" || names)) ||
		(want == "listed" && filled && said == "")
	kind = "odd"
	if (status == "" || status >= 500 || status == 408 || status == 425 || status == 429) kind = "busy"
	else if (status >= 200 && status < 300 && !flawed && asked) kind = "accepted"
	else if (status >= 400 && (flawed || said != "") && object == "") kind = "refused"
	print kind; print clean(code); print clean(object); print clean(state)
	print (status == "" ? "no answer" : status) (code != "" ? " code " clean(code) : "") \
		(said != "" ? " (" clean(said) ")" : "") (object != "" ? " with " field " " clean(object) : "") \
		(want == "told" && state != "" ? " with status " clean(state) : "")
	print clean(got["invoice_id"] != "" ? got["invoice_id"] : got["merchant_invoice_id"]); print clean(got["deposit_id"])
	print bad ? "no" : "yes"
	# A refusal of who calls, or when, tells nothing about the operation.
	caller = (field == "cashout_id") ? "^(302|401|402|524)$" : "^(100|101|102|103|202)$"
	print (kind == "refused" && (code ~ caller || (code == "" && (status == 401 || status == 403)))) ? "yes" : ""
}'

read_answer() { # N: prints a line about it
	status=''
	[ ! -s "$tmp/$1.head" ] || status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$tmp/$1.head" | tail -n 1)
	[ -f "$tmp/$1.answer" ] || : > "$tmp/$1.answer"
	awk -v status="$status" -v method="$method" -v path="${path%%\?*}" "$reader" "$tmp/$1.answer" > "$tmp/$1.read"
	load "$1"
	say "$(printf '%3d %-10s %s %s: %s' "$1" "$part" "$method" "$path" "$seen")"
}
load() { # N: sets kind code object state seen invoice deposit json about_caller
	{
		read -r kind && read -r code && read -r object && read -r state &&
			read -r seen && read -r invoice && read -r deposit && read -r json && read -r about_caller
	} < "$tmp/$1.read"
}
# object_of is the id of what a request made. What becomes part of a path or a command
# is of harmless letters.
object_of() { # N
	load "$1"
	case $object in
	*[!A-Za-z0-9_-]* | '') unclear "request $1 has no usable object: $seen" ;;
	esac
	id=$object
}
server_error() { # N: the fault that was asked for took place
	[ "$(sed -n '1s/^HTTP\/[0-9.]* \([0-9]*\).*/\1/p' "$tmp/$1.head")" = 500 ] || unclear "the target was to fail request $1 with an error 500, and did not"
}
lost() { # N: the answer was lost, as was asked for
	[ ! -s "$tmp/$1.head" ] || unclear "the target was to lose the answer to request $1, and did not"
}

# --- judging: a sentence each; what does not hold ends the script -----------------------

control() { # N
	load "$1"
	[ "$kind" = accepted ] || unclear "request $1 has no fault and is not accepted: $seen"
}
accepted() { # N
	load "$1"
	case $kind in
	accepted) ;;
	busy) unclear "request $1: $seen" ;;
	*) wrong "request $1 ought to be accepted: $seen" ;;
	esac
}
refused() { # N [CODE…]
	load "$1"
	number=$1
	shift
	case $kind in
	busy) unclear "request $number: $seen" ;;
	refused) ;;
	*) wrong "request $number ought to be refused: $seen" ;;
	esac
	[ $# -gt 0 ] || return 0
	for wanted in "$@"; do
		[ "$code" != "$wanted" ] || return 0
	done
	wrong "request $number ought to be refused with code $1: $seen"
}
refused_alone() { # N [CODE…]: whose twin is told by the story around it
	load "$1"
	if [ -n "$about_caller" ]; then
		case " $* " in *" $code "*) ;; *) unclear "request $1 met a refusal of who calls: $seen" ;; esac
	fi
	refused "$@"
}
shut_out() { # N [CODE…]: from an address that is not let in, no answer is a refusal too
	if [ $# -gt 1 ] || [ -s "$tmp/$1.head" ]; then refused "$@"; fi
}
fails_plain() { # N
	load "$1"
	if [ -n "$object" ] || [ "$kind" = accepted ]; then wrong "request $1 over plain HTTP ought to fail: $seen"; fi
	case $kind in odd) case $seen in 2*) wrong "request $1 over plain HTTP ought to fail: $seen" ;; esac ;; esac
}
is_json() { # N
	load "$1"
	[ "$kind" != busy ] || unclear "request $1: $seen"
	is_json_error "$1"
}
is_json_error() { # N: an error 500 that was asked for is judged too
	load "$1"
	[ "$json" = yes ] || wrong "the answer to request $1 is not JSON"
	od -An -v -tu1 "$tmp/$1.answer" | awk '
		{ for (i = 1; i <= NF; i++) {
			b = $i
			if (more > 0) { if (b < low || b > high) exit bad = 1; more--; low = 128; high = 191 }
			else if (b >= 128) {
				low = 128; high = 191
				if (b >= 194 && b <= 223) more = 1
				else if (b >= 224 && b <= 239) { more = 2; if (b == 224) low = 160; if (b == 237) high = 159 }
				else if (b >= 240 && b <= 244) { more = 3; if (b == 240) low = 144; if (b == 244) high = 143 }
				else exit bad = 1
			}
		} }
		END { exit bad || more > 0 }' || wrong "the answer to request $1 is not UTF-8"
	grep -qi '^Content-Type: *application/json *\(;.*\)\{0,1\}.\{0,1\}$' "$tmp/$1.head" || wrong "the answer to request $1 does not call itself application/json"
}
same() { # FIRST N: byte for byte
	[ "$(sed -n 1p "$tmp/$1.head" | cut -d ' ' -f 2 | tr -d '\r')" = "$(sed -n 1p "$tmp/$2.head" | cut -d ' ' -f 2 | tr -d '\r')" ] &&
		cmp -s "$tmp/$1.answer" "$tmp/$2.answer"
}
transient() { # N
	load "$1"
	[ "$kind" = busy ] || return 1
	case $seen in 500*) return 1 ;; esac
}
replays() { # FIRST N…
	first=$1
	shift
	! transient "$first" || unclear "request $first has no result: $seen"
	for number in "$@"; do
		! same "$first" "$number" || continue
		if transient "$number" || [ -n "$about_caller" ]; then unclear "request $number: $seen"; fi
		wrong "the answer to request $number is not that of request $first, byte for byte"
	done
}
replays_or_in_use() { # FIRST N…
	accepted "$1"
	one_answer "$@"
}
one_answer() { # FIRST N…: each is the first's, or says that the key is in use
	first=$1
	shift
	kept=''
	for number in "$@"; do
		load "$number"
		[ "$code" = 104 ] || kept="$kept $number"
	done
	# shellcheck disable=SC2086 # numbers
	replays "$first" $kept
}
no_second() { # FIRST N
	control "$1"
	first_object=$object
	load "$2"
	[ -z "$object" ] || [ "$object" = "$first_object" ] || wrong "request $2 made a second object: $seen"
	[ "$kind" != busy ] || unclear "request $2: $seen"
}
own_objects() { # N…
	objects=' '
	for number in "$@"; do
		accepted "$number"
		case $objects in *" $object "*) wrong "request $number has an object that another one has: $seen" ;; esac
		objects="$objects$object "
	done
}
effects() { # N…: counts those that name an object
	count=0 doubt=''
	for number in "$@"; do
		load "$number"
		if [ "$kind" = accepted ] || [ -n "$object" ]; then
			count=$((count + 1))
		elif [ "$kind" != refused ]; then
			doubt="request $number: $seen"
		fi
	done
}
at_most() { # MOST N…
	most=$1
	shift
	effects "$@"
	[ "$count" -le "$most" ] || wrong "$count of $# are accepted, and at most $most may be"
	[ -z "$doubt" ] || unclear "$doubt"
	[ "$count" -gt 0 ] || unclear "none of $# is accepted, so that they did not compete"
}
exactly_one() { # N…
	effects "$@"
	[ "$count" -le 1 ] || wrong "$count of $# are accepted, and only one may be"
	[ -z "$doubt" ] || unclear "$doubt"
	[ "$count" -eq 1 ] || wrong "none of $# is accepted, and one ought to be"
}
settled() { # N: tells something of the operation
	load "$1"
	if [ "$kind" = busy ] || [ -n "$about_caller" ]; then unclear "request $1: $seen"; fi
}
says() { # N STATUS
	settled "$1"
	if [ "$kind" != accepted ] || [ "$(upper "$state")" != "$2" ]; then wrong "request $1 ought to tell status $2: $seen"; fi
}
about() { # N DEPOSIT
	settled "$1"
	[ "$kind" = accepted ] || wrong "request $1 ought to tell the status of deposit $2: $seen"
	[ -n "$deposit" ] || unclear "request $1 does not say which deposit it is about"
	[ "$deposit" = "$2" ] || wrong "request $1 asked about deposit $2, and the answer is about $deposit"
}
differs() { # FIRST N
	! cmp -s "$tmp/$1.answer" "$tmp/$2.answer" || wrong "request $2 got the answer to request $1, byte for byte"
}
unknown() { # N [INVOICE]
	settled "$1"
	[ "$kind" = accepted ] || return 0
	# Ids of two environments may be the same number by chance.
	if [ -z "${2-}" ] || [ "$invoice" = "$2" ]; then wrong "request $1 asked for what should not be known: $seen"; fi
	[ -n "$invoice" ] || unclear "request $1 does not say which invoice it is about"
}
