# --- the provider: d24conform mock, where the receiver asks, and notifications from here --

clock_offset_ms=0 clock_error_ms=1 # the mock's clock is this machine's
settle=${D24_SETTLE-2} # seconds that a release may take to show
made=0 sent=0 shift=0 before=0 statuses='' sort='' about='' external=''

# make sends a request of the merchant to the mock; id is what came of it.
make() { # PATH BODY
	made=$((made + 1))
	request "$made" setup POST "$D24_BASE_URL" "$1"
	with_body "$2"
	case $1 in
	/v3/cashout)
		sign "$D24_CASHOUTS_API_SIGNATURE" "$2"
		header "Payload-Signature: $digest"
		header 'User-Agent: d24conform'
		;;
	*)
		date=$(x_date 0)
		sign "$merchant_secret" "$date$merchant$2"
		header "X-Date: $date"
		header "X-Login: $merchant"
		header "Authorization: D24 $digest"
		;;
	esac
	header 'Content-Type: application/json'
	send
	control "$made"
	object_of "$made"
}
as_merchant() { merchant=${D24_DEPOSITS_API_KEY-} merchant_secret=${D24_DEPOSITS_API_SIGNATURE-}; }
person='"document":"84932568207","email":"maria@example.com","first_name":"Maria","last_name":"Silva"'
object() { # deposit|cashout STATUS
	sort=$1
	as_merchant
	make_one "$2"
}
make_one() { # STATUS: another of the kind
	order=$run-$((made + 1))
	if [ "$sort" = deposit ]; then
		make /v3/deposits '{"invoice_id":"'"$order"'","amount":100,"country":"BR","currency":"BRL","payment_method":"IX","payer":{"id":"1",'"$person"'}}'
	else
		external=$order
		make /v3/cashout '{"login":"'"$(json "$D24_CASHOUTS_API_KEY")"'","pass":"'"$(json "$D24_CASHOUTS_API_PASSPHRASE")"'","external_id":"'"$order"'","country":"BR","currency":"BRL","amount":10,"document_id":"84932568207","document_type":"CPF","cashout_type":"BANK","beneficiary_name":"Maria","beneficiary_lastname":"Silva","bank_code":"001","bank_branch":"0001","bank_account":"12345678","account_type":"C","notification_url":"https://example.com/notify"}'
	fi
	about=$id
	become "$1"
}
become() { # STATUS
	case $1 in
	PENDING) return 0 ;;
	COMPLETED) if [ "$sort" = deposit ]; then action=approve; else action=complete; fi ;;
	EXPIRED) action=expire ;;
	CANCELLED) action=cancel ;;
	DELIVERED) action=deliver ;;
	REJECTED) action=reject ;;
	esac
	manage POST "/${sort}s/$about/$action"
}
unknown_deposit() { sort=deposit about=999999999; }
foreign_deposit() { # of a merchant that is made up here
	sort=deposit merchant=other-$fresh merchant_secret=another-$fresh
	manage POST /keys '{"deposits":{"api_key":"'"$merchant"'","api_signature":"'"$merchant_secret"'","read_only_key":"reader-'"$fresh"'"},"cashouts":{"api_key":"cash-'"$fresh"'","api_passphrase":"pass-'"$fresh"'","api_signature":"sign-'"$fresh"'"}}'
	make_one COMPLETED
}
refund() {
	make /v3/refunds '{"deposit_id":'"$about"',"invoice_id":"'"$order"'","bank_account":{"beneficiary":"Maria","bank_code":"001","branch":"0001","account_number":"12345678","account_type":"C"}}'
}
a_refund() {
	object deposit COMPLETED
	refund
	sort=refund about=$id
}

# fault has something befall the next status calls.
fault() { # KIND DELAY TIMES
	case $sort in
	cashout) where='"method":"POST","path":"/v3/cashout/status"' ;;
	*) where='"method":"GET","path":"/v3/deposits/"' ;;
	esac
	manage POST /faults '{"kind":"'"$1"'",'"$where"',"delay_ms":'"$2"',"times":'"$3"'}'
	armed=yes
}
undo() { manage DELETE /faults; }

# --- deliveries ---------------------------------------------------------------------------

# draft makes a notification, with a fault in the words of the scenario. id, where it is
# given, is the one that it has in the place of the one that is signed.
draft() { # NUMBER [FAULT [ID]]
	headers=$tmp/$1.headers method=POST url=$D24_RECEIVER_URL
	: > "$headers"
	header 'User-Agent: d24conform'
	moment=$(($(target_ms) / 1000)) by=0
	case ${2-} in
	'') by=$shift; [ "$shift" -ge 2 ] || shift=$((shift + 1)) ;; # repeats are dated in seconds of their own
	'with a date a day old') by=-86400 ;;
	'with a date an hour ahead') by=3600 ;;
	esac
	case ${2-} in
	*"the other product's key") deposits_secret=${D24_CASHOUTS_API_SIGNATURE-other} cashouts_secret=${D24_DEPOSITS_API_SIGNATURE-other} ;;
	*"another merchant's key") deposits_secret=another-$fresh cashouts_secret=another-$fresh ;;
	*) deposits_secret=${D24_DEPOSITS_API_SIGNATURE-} cashouts_secret=${D24_CASHOUTS_API_SIGNATURE-} ;;
	esac
	if [ "$sort" = cashout ]; then form "$@"; else notice "$@"; fi
	printf '%s' "$body" > "$tmp/$1.body"
	curl_config "$1" POST "$D24_RECEIVER_URL" > "$tmp/$1.curl"
}
notice() { # a deposit's or a refund's
	body="{\"${sort}_id\":$about}" signed_body=''
	case ${2-} in
	'with a body that says '*) body="{\"${sort}_id\":$about,\"status\":\"${2##* }\"}" ;;
	*'signed that is not sent' | *'white space that is signed') signed_body=$(printf '%s' "$body" | sed 's/:/ : /g') ;;
	esac
	date=$(x_date "$by")
	sign "$deposits_secret" "$date$D24_DEPOSITS_API_KEY${signed_body:-$body}"
	case ${2-} in
	*'last digit of its signature changed') digest=$(flip "$digest" last) ;;
	*'signature in upper case') digest=$(upper "$digest") ;;
	*'date changed after it was signed') date=$(x_date 2) ;;
	*'white space added after it was signed') body=$(printf '%s' "$body" | sed 's/:/ : /g') ;;
	*'white space that is signed') body=$signed_body ;;
	esac
	[ -z "${3-}" ] || body="{\"${sort}_id\":$3}"
	header 'Content-Type: application/json'
	header "X-Date: $date"
	header "X-Login: $D24_DEPOSITS_API_KEY"
	[ "${2-}" = 'without a signature' ] || header "Authorization: D24 $digest"
}
form() { # a cashout's: control covers the external_id alone
	sign "$cashouts_secret" "Be4${external}Bo7"
	digest=$(upper "$digest")
	case ${2-} in
	*'last digit of its control changed') digest=$(flip "$digest" last) ;;
	*'control in lower case') digest=$(printf '%s' "$digest" | tr 'A-F' 'a-f') ;;
	esac
	utc "$moment"
	control="&control=$digest"
	[ "${2-}" != 'without a signature' ] || control=''
	if [ "${2-}" = 'with another external_id' ]; then told=another; else told=$external; fi
	body="date=$year-$month-$day+$hour%3A$minute%3A$second_&bank_reference_id=&comments=&external_id=$told$control&cashout_id=${3:-$about}&status_reason="
	header 'Content-Type: application/x-www-form-urlencoded'
	case ${2-} in
	'without a signature' | 'without Payload-Signature') ;;
	*)
		sign "$cashouts_secret" "$body"
		header "Payload-Signature: $digest"
		;;
	esac
}
answer_of() { # NUMBER WHAT: sets status, and prints a line
	status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$tmp/$1.head" 2> /dev/null | tail -n 1)
	status=${status:-none}
	statuses="$statuses $status"
	say "$(printf '  notified of %s %s%s: %s' "$sort" "$about" "${2:+ $2}" "$status")"
}
deliver() { # [FAULT [ID]]
	sent=$((sent + 1))
	draft "d$sent" "$@"
	curl -q -K "$tmp/d$sent.curl" 2> /dev/null || :
	answer_of "d$sent" "${1-}"
}
notify() { deliver; }
notify_with() { # FAULT
	if [ "$sent" -gt 0 ]; then
		releases # what came of those is another sentence's business
		before=$count
	fi
	deliver "$1"
}
notify_in_the_place_of() { # another of the kind is notified, with the id of ours in it
	ours=$about our_external=$external
	make_one COMPLETED
	deliver 'with the id of another' "$ours"
	about=$ours external=$our_external
}
notify_until_taken() {
	tries=0
	while [ "$tries" -lt 5 ]; do
		deliver
		case $status in 2*) return 0 ;; esac
		tries=$((tries + 1))
	done
}
notify_times() { # TIMES
	times=$1
	while [ "$times" -gt 0 ]; do
		deliver
		times=$((times - 1))
	done
}
notify_at_once() { # TIMES: whoever asks for the status twice waits twice, together
	fault delay 1000 2
	: > "$tmp/all"
	all='' times=$1
	while [ "$times" -gt 0 ]; do
		sent=$((sent + 1)) times=$((times - 1)) shift=0
		draft "d$sent"
		[ -z "$all" ] || printf 'next\n' >> "$tmp/all"
		cat "$tmp/d$sent.curl" >> "$tmp/all"
		all="$all d$sent"
	done
	curl -q -Z --parallel-immediate --parallel-max 100 -K "$tmp/all" 2> /dev/null || :
	for each in $all; do answer_of "$each"; done
	manage DELETE /faults
}
restart() {
	[ -n "${D24_RESTART-}" ] || unclear 'the receiver has to be killed and started again here: D24_RESTART is a command that does it'
	say "  restarted by $D24_RESTART"
	# shellcheck disable=SC2086 # words of a command
	$D24_RESTART > /dev/null < /dev/null || unclear "$D24_RESTART failed"
}
kill_while_it_asks() {
	fault delay 60000 1
	sent=$((sent + 1)) tries=0
	draft "d$sent"
	curl -q -K "$tmp/d$sent.curl" > /dev/null 2>&1 &
	# The fault is used up when it strikes.
	while manage GET /faults && grep -q delay "$tmp/manage" && [ "$tries" -lt 8 ]; do
		tries=$((tries + 1))
		sleep 1
	done
	restart
	manage DELETE /faults
}

# --- effects, and what the rule says of them ----------------------------------------------

releases() { # sets count: how often it was released by now
	if [ -z "${D24_OBSERVER-}" ]; then unclear 'D24_OBSERVER is not set: what --observer was, a URL or a command'; fi
	case $D24_OBSERVER in
	http://* | https://*)
		case $D24_OBSERVER in *\?*) join='&' ;; *) join='?' ;; esac
		printf 'url = "%s"\n' "$D24_OBSERVER${join}kind=$sort&id=$about" > "$tmp/observer"
		count=$(curl -q -s --max-time 10 ${D24_CA_FILE:+--cacert "$D24_CA_FILE"} -K "$tmp/observer" | sed -n 's/.*"releases" *: *\([0-9][0-9]*\).*/\1/p')
		;;
	*)
		# shellcheck disable=SC2086 # words of a command
		count=$($D24_OBSERVER "$sort" "$about") || count=''
		;;
	esac
	case $count in
	'' | *[!0-9]*) unclear "the observer tells no number of $sort $about" ;;
	esac
}
await() { # COUNT: none, or no more, is believed only after the time to settle
	waited=0
	while :; do
		releases
		if [ "$count" -ge "$1" ] || [ "$waited" -ge "$settle" ]; then return 0; fi
		sleep 1
		waited=$((waited + 1))
	done
}
believable() {
	await 1
	[ "$count" -gt 0 ] || unclear "a notification of $sort $about that is right has no effect"
}
control_of() { # deposit|cashout: what is right is released
	object "$1" COMPLETED
	deliver
	believable
}
not_released() {
	await $((before + 1))
	[ "$count" -le "$before" ] || wrong "$sort $about was released $count times, and ought not to be"
}
only_right() {
	not_released
	deliver
	believable
}
released() {
	await 1
	[ "$count" -gt 0 ] || wrong "$sort $about was not released"
}
released_once() {
	await 2
	[ "$count" -gt 0 ] || believable
	[ "$count" -eq 1 ] || wrong "$sort $about was released $count times"
}
every_answer() {
	first=yes
	for status in $statuses; do
		case $status in
		2*) ;;
		*)
			[ -z "$first" ] || unclear "the first notification is answered $status"
			wrong "a repeat is answered $status, and the first was taken"
			;;
		esac
		first=''
	done
}
alive() {
	case " $statuses " in *' none '*) wrong 'a notification was not answered: the receiver is gone, or too slow' ;; esac
}
