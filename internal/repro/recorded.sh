# --- what was sent is looked at again, in the file of what was seen -----------------------

# The arguments say where:
#   none        the requests that the run found at fault, in the exchanges.jsonl of its folder
#   FILE        all requests of another run's exchanges.jsonl
#   FILE LINE…  these of them
choose() { # LINES ARGUMENTS…
	case $0 in
	*/*) file=${0%/*}/../exchanges.jsonl ;;
	*) file=../exchanges.jsonl ;;
	esac
	lines=$1
	shift
	if [ $# -gt 0 ]; then
		file=$1 lines=''
		shift
		[ $# -eq 0 ] || lines=$*
	fi
	[ -r "$file" ] || fail 2 "$file cannot be read: it ought to be the exchanges.jsonl of a run"
}

# digest_all prints the digests of all files of a kind, a line each with its number: one
# openssl for a hundred requests.
digest_all() { # KIND
	(cd "$tmp" && find . -name "*.$1" | xargs openssl dgst -sha256 -r) | sed 's|\*\./||; s|\.[a-z]*$||'
}
octal() { # DIGEST: sets escapes
	rest=$1 escapes=''
	while [ -n "$rest" ]; do
		byte=${rest%"${rest#??}"} rest=${rest#??}
		byte=$((0x$byte))
		escapes="$escapes\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
	done
}

# digests works out what the signatures ought to be, in two rounds as HMAC has it.
digests() {
	known=''
	while IFS='|' read -r line what request sentence name sum text; do
		[ "$what" = sign ] || continue
		if [ "$name" != "$known" ]; then
			known=$name
			eval "key_of sha256 \"\$$name\""
			mix "$key" 92
			printf '%s\n' "$escapes" > "$tmp/$name"
			mix "$key" 54
		fi
		# shellcheck disable=SC2059 # octal escapes, and text that the reader has escaped
		printf "$escapes$text" > "$tmp/$line.inner"
		printf '%s\n' "$name" > "$tmp/$line.key"
	done < "$tmp/found"
	[ -n "$known" ] || return 0
	digest_all inner > "$tmp/inner"
	while read -r sum line; do
		octal "$sum"
		read -r name < "$tmp/$line.key"
		read -r outer < "$tmp/$name"
		# shellcheck disable=SC2059 # octal escapes and nothing else
		printf "$outer$escapes" > "$tmp/$line.outer"
	done < "$tmp/inner"
	digest_all outer > "$tmp/outer"
	while read -r sum line; do
		printf '%s\n' "$sum" > "$tmp/$line.sum"
	done < "$tmp/outer"
}

# look reads the file and says of each request that the rule is about what is wrong.
look() { # CHECK PRODUCT [WORDS]
	awk -v check="$1" -v product="$2" -v words="${3-}" -v lines="$lines" "$reader" "$file" > "$tmp/found" || unclear "$file cannot be read by awk"
	digests
	looked=0 faults=0 doubt=''
	while IFS='|' read -r line what request sentence name sum text; do
		case $what in
		look) say "line $line  $request: $sentence" ;;
		unclear) doubt="line $line, $request: $sentence" ;;
		right) looked=$((looked + 1)) ;;
		wrong)
			looked=$((looked + 1)) faults=$((faults + 1))
			say "line $line  $request: $sentence"
			;;
		sign)
			looked=$((looked + 1))
			read -r ought < "$tmp/$line.sum"
			[ "$sum" != "$ought" ] || continue
			faults=$((faults + 1))
			say "line $line  $request: the signature is wrong"
			say "    over        $sentence"
			say "    it is       $sum"
			say "    ought to be $ought, by $name"
			;;
		esac
	done < "$tmp/found"
	[ "$faults" -eq 0 ] || wrong "$faults of $looked requests in $file"
	[ -z "$doubt" ] || unclear "$doubt"
	[ "$looked" -gt 0 ] || [ "$1" = nothing ] || unclear "in $file is no request that the rule is about"
}
