# --- the provider: d24conform mock, where the receiver asks, and notifications from here --

clock_offset_ms=0 clock_error_ms=1 # the mock's clock is this machine's
settle=${D24_SETTLE-2} # seconds that a release may take to show
made=0 sent=0 count=0 shift=0 before=0 statuses='' sort='' about='' external='' order='' last=-
: > "$tmp/objects"

# What is notified of stands in $tmp/objects, one a line. each does something with every one.
keep() { printf '%s %s %s %s %s %s %s\n' "$sort" "$about" "${external:--}" "${order:--}" "$before" "$shift" "$last"; }
add() { keep >> "$tmp/objects"; }
take() { # NUMBER
	IFS=' ' read -r sort about external order before shift last << END
$(sed -n "$1p" "$tmp/objects")
END
}
each() { # FUNCTION ARGUMENTS…
	many=$(($(wc -l < "$tmp/objects"))) at=1
	: > "$tmp/kept"
	while [ "$at" -le "$many" ]; do
		take "$at"
		"$@"
		keep >> "$tmp/kept"
		at=$((at + 1))
	done
	mv "$tmp/kept" "$tmp/objects"
}

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
objects() { # a|NUMBER deposit|refund|cashout STATUS
	case $1 in a) left=1 ;; *) left=$1 ;; esac
	as_merchant
	while [ "$left" -gt 0 ]; do
		sort=$2
		make_one "$3"
		add
		left=$((left - 1))
	done
}
make_one() { # STATUS: another of the kind
	order=$run-$((made + 1)) before=0 shift=0 last=-
	case $sort in
	cashout)
		external=$order
		make /v3/cashout '{"login":"'"$(json "$D24_CASHOUTS_API_KEY")"'","pass":"'"$(json "$D24_CASHOUTS_API_PASSPHRASE")"'","external_id":"'"$order"'","country":"BR","currency":"BRL","amount":10,"document_id":"84932568207","document_type":"CPF","cashout_type":"BANK","beneficiary_name":"Maria","beneficiary_lastname":"Silva","bank_code":"001","bank_branch":"0001","bank_account":"12345678","account_type":"C","notification_url":"https://example.com/notify"}'
		about=$id
		become "$1"
		;;
	refund)
		sort=deposit
		make_one COMPLETED
		refund
		sort=refund about=$id
		become "$1"
		;;
	*)
		complete=',"payment_method":"IX","payer":{"id":"1",'"$person"'}'
		case $1 in CREATED | INITIATED) complete='' ;; esac # goes on in a hosted checkout
		make /v3/deposits '{"invoice_id":"'"$order"'","amount":100,"country":"BR","currency":"BRL"'"$complete"'}'
		about=$id
		become "$1"
		;;
	esac
}
become() { # STATUS
	last=- # which is a notification of its own
	case $sort.$1 in
	*.PENDING | deposit.CREATED) return 0 ;;
	deposit.COMPLETED) action=approve ;;
	deposit.INITIATED) action=initiate ;;
	deposit.FOR_REVIEW) action=review ;;
	deposit.EARLY_RELEASED) action=early-release ;;
	deposit.APPROVED) action=pay-crypto ;;
	*.COMPLETED) action=complete ;;
	*.EXPIRED) action=expire ;;
	*.CANCELLED) action=cancel ;;
	*.DELIVERED) action=deliver ;;
	*.REJECTED) action=reject ;;
	*.ON_HOLD) action=hold ;;
	*.INCORRECT_DETAILS) action=incorrect-details ;;
	esac
	case $sort.$1 in refund.COMPLETED | refund.REJECTED) manage POST "/refunds/$about/deliver" ;; esac
	manage POST "/${sort}s/$about/$action"
}
unknown_deposit() {
	sort=deposit about=999999999
	add
}
foreign_deposit() { # of a merchant that is made up here
	sort=deposit merchant=other-$fresh merchant_secret=another-$fresh
	manage POST /keys '{"deposits":{"api_key":"'"$merchant"'","api_signature":"'"$merchant_secret"'","read_only_key":"reader-'"$fresh"'"},"cashouts":{"api_key":"cash-'"$fresh"'","api_passphrase":"pass-'"$fresh"'","api_signature":"sign-'"$fresh"'"}}'
	make_one COMPLETED
	add
}
refund() {
	make /v3/refunds '{"deposit_id":'"$about"',"invoice_id":"'"$order"'","bank_account":{"beneficiary":"Maria","bank_code":"001","branch":"0001","account_number":"12345678","account_type":"C"}}'
}

# fault has something befall the next status calls, status_fault those about one object.
fault() { # KIND DELAY TIMES
	case $sort in
	cashout) where='"method":"POST","path":"/v3/cashout/status"' ;;
	*) where='"method":"GET","path":"/v3/'$sort's/"' ;;
	esac
	manage POST /faults '{"kind":"'"$1"'",'"$where"',"delay_ms":'"$2"',"times":'"$3"'}'
	armed=yes
}
status_fault() { # JSON
	manage POST /faults "$(printf '%s' "$1" | sed "s/OBJECT_ID/$about/g")"
	armed=yes
}
undo() { manage DELETE /faults; }

# --- deliveries ---------------------------------------------------------------------------

# draft makes a notification. Its faults are options, name=value, as package provider has
# them; id=ID is the one that it carries instead of the one that is signed.
draft() { # NUMBER [OPTION…]
	number=$1
	shift
	headers=$tmp/$number.headers method=POST url=$D24_RECEIVER_URL
	: > "$headers"
	header 'User-Agent: d24conform'
	moment=$(($(target_ms) / 1000))
	o_digest='' o_signature='' o_scheme='D24 ' o_secret='' o_signs='' o_date=0 o_login='' o_body='' o_signed='' o_sent='' o_age=0 o_as='' o_external='' o_payload='' o_type='' o_id=''
	if [ $# -eq 0 ]; then
		o_age=$shift
		[ "$shift" -ge 2 ] || shift=$((shift + 1)) # repeats are dated in seconds of their own
	fi
	for option; do eval "o_${option%%=*}=\${option#*=}"; done
	own=${D24_DEPOSITS_API_SIGNATURE-} cash=${D24_CASHOUTS_API_SIGNATURE-}
	case $o_secret in
	'') ;;
	other-product) own=${D24_CASHOUTS_API_SIGNATURE-other} cash=${D24_DEPOSITS_API_SIGNATURE-other} ;;
	foreign) own=another-$fresh cash=another-$fresh ;;
	passphrase) own=${D24_CASHOUTS_API_PASSPHRASE-other} cash=$own ;;
	deposits-key) own=${D24_DEPOSITS_API_KEY-other} cash=$own ;;
	read-only-key) own=${D24_READ_ONLY_KEY-other} cash=$own ;;
	cashouts-key) own=${D24_CASHOUTS_API_KEY-other} cash=$own ;;
	nobody) own='' cash='' ;;
	esac
	if [ "$sort" = cashout ]; then form; else notice; fi
	printf '%s' "$body" > "$tmp/$number.body"
	curl_config "$number" POST "$D24_RECEIVER_URL" > "$tmp/$number.curl"
}
edit() { # HOW TEXT
	case $1 in
	first) flip "$2" first ;;
	last) flip "$2" last ;;
	middle)
		half=$((${#2} / 2))
		printf '%s%s' "$(printf '%s' "$2" | cut -c "1-$half")" "$(flip "$(printf '%s' "$2" | cut -c "$((half + 1))-")" first)"
		;;
	cut) printf '%s' "${2%?}" ;;
	half) printf '%s' "$2" | cut -c "1-$((${#2} / 2))" ;;
	extended) printf '%s0' "$2" ;;
	doubled) printf '%s%s' "$2" "$2" ;;
	upper) upper "$2" ;;
	lower) printf '%s' "$2" | tr '[:upper:]' '[:lower:]' ;;
	none) ;;
	made-up) printf '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' ;;
	another) printf 'another' ;;
	*) printf '%s' "$2" ;;
	esac
}
rewrite() { # HOW BODY: sets rewritten
	case $1 in
	'') rewritten=$2 ;;
	spaced) rewritten=$(printf '%s' "$2" | sed 's/:/ : /g') ;;
	leading) rewritten=" $2" ;;
	large) rewritten=$(printf '%s%5120s' "$2" '') ;;
	newline) rewritten="$2
" ;;
	field) rewritten="${2%?},\"added\":1}" ;;
	'status '*)
		case $2 in
		'{'*) rewritten="${2%?},\"status\":\"${1#status }\"}" ;;
		*) rewritten="$2&status=${1#status }&cashout_status=1" ;;
		esac
		;;
	esac
}
text_of() { # PARTS joined by +: sets text
	text='' rest=$1+
	while [ -n "$rest" ]; do
		case ${rest%%+*} in
		date) text=$text$date ;;
		another-date) text=$text$(x_date 60) ;;
		login) text=$text$login ;;
		another-login) text=${text}other-$fresh ;;
		body) text=$text$signed_body ;;
		another-body) text="$text{\"${sort}_id\":1}" ;;
		external_id) text=$text$external ;;
		cashout_id) text=$text$about ;;
		*) text=$text${rest%%+*} ;;
		esac
		rest=${rest#*+}
	done
}
notice() { # a deposit's or a refund's
	rewrite "$o_sent" "{\"${sort}_id\":$about}"
	body=$rewritten
	rewrite "$o_signed" "$body"
	signed_body=$rewritten
	login=$D24_DEPOSITS_API_KEY
	[ -z "$o_as" ] || login=other-$fresh
	date=$(x_date "$o_age")
	text_of "${o_signs:-date+login+body}"
	sign "$own" "$text"
	rewrite "$o_body" "$body"
	body=$rewritten
	[ -z "$o_id" ] || body="{\"${sort}_id\":$o_id}"
	[ "$o_login" != foreign ] || login=other-$fresh
	header "Content-Type: application/json${o_type:+; charset=utf-8}"
	case $o_date in
	0) header "X-Date: $date" ;;
	absent) ;;
	*) header "X-Date: $(x_date "$o_date")" ;;
	esac
	[ "$o_login" = absent ] || header "X-Login: $login"
	case $o_signature in
	absent) ;;
	empty) header 'Authorization;' ;;
	*) header "Authorization: $o_scheme$(edit "$o_digest" "$digest")" ;;
	esac
}
form() { # a cashout's: control covers the external_id alone
	text_of "${o_signs:-Be4+external_id+Bo7}"
	sign "$cash" "$text"
	digest=$(upper "$digest")
	utc "$moment"
	control="&control=$(edit "$o_digest" "$digest")"
	case $o_signature in absent) control='' ;; empty) control='&control=' ;; esac
	body="date=$year-$month-$day+$hour%3A$minute%3A$second_&bank_reference_id=&comments=&external_id=$(edit "$o_external" "$external")$control&cashout_id=${o_id:-$about}&status_reason="
	rewrite "$o_sent" "$body"
	body=$rewritten
	header "Content-Type: application/x-www-form-urlencoded${o_type:+; charset=utf-8}"
	[ -z "$o_signature" ] || return 0
	sign "$D24_CASHOUTS_API_SIGNATURE" "$body"
	case $o_payload in
	absent) ;;
	wrong) header "Payload-Signature: $(flip "$digest" last)" ;;
	*) header "Payload-Signature: $digest" ;;
	esac
}
answer_of() { # NUMBER WHAT: sets status, and prints a line
	status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$tmp/$1.head" 2> /dev/null | tail -n 1)
	status=${status:-none}
	statuses="$statuses $status"
	say "$(printf '  notified of %s %s%s: %s' "$sort" "$about" "${2:+ $2}" "$status")"
}
deliver() { deliver_so ''; }
deliver_so() { # WHAT [OPTION…]
	sent=$((sent + 1)) what=$1
	shift
	last=d$sent
	draft "$last" "$@"
	curl -q -K "$tmp/$last.curl" 2> /dev/null || :
	answer_of "$last" "$what"
}
notify_with() { # FAULT OPTION…
	releases # what came of earlier ones is another sentence's business
	before=$count
	deliver_so "$@"
}
notify_in_the_place_of() { # ours|another: whose id the notification of the other carries
	take 1
	ours=$about our_external=$external our_order=$order
	make_one COMPLETED
	if [ "$1" = ours ]; then
		deliver_so 'with the id of another' "id=$ours"
	else
		theirs=$about about=$ours external=$our_external
		deliver_so 'with the id of another' "id=$theirs"
	fi
	about=$ours external=$our_external order=$our_order
}
notify_until_taken() {
	tries=0
	while [ "$tries" -lt 5 ] && ! grep -q '^HTTP/[0-9.]* 2' "$tmp/$last.head" 2> /dev/null; do
		deliver
		tries=$((tries + 1))
	done
}
notify_times() { # TIMES
	times=$1
	while [ "$times" -gt 0 ]; do
		each deliver
		times=$((times - 1))
	done
}
queue_one() {
	sent=$((sent + 1)) shift=0
	last=d$sent
	draft "$last"
	[ -z "$all" ] || printf 'next\n' >> "$tmp/all"
	cat "$tmp/d$sent.curl" >> "$tmp/all"
	all="$all d$sent"
}
notify_at_once() { # [TIMES]: whoever asks for the status twice waits twice, together
	take 1
	fault delay 1000 2
	: > "$tmp/all"
	all='' times=${1:-1}
	while [ "$times" -gt 0 ]; do
		each queue_one
		times=$((times - 1))
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
	take 1
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
	invoice=$order own_id=$external
	if [ "$sort" = cashout ]; then invoice=''; else own_id=''; fi
	case $D24_OBSERVER in
	http://* | https://*)
		case $D24_OBSERVER in *\?*) join='&' ;; *) join='?' ;; esac
		printf 'url = "%s"\n' "$D24_OBSERVER${join}kind=$sort&id=$about${invoice:+&invoice_id=$invoice}${own_id:+&external_id=$own_id}" > "$tmp/observer"
		count=$(curl -q -s --max-time 10 ${D24_CA_FILE:+--cacert "$D24_CA_FILE"} -K "$tmp/observer" | sed -n 's/.*"releases" *: *\([0-9][0-9]*\).*/\1/p')
		;;
	*)
		# shellcheck disable=SC2086 # words of a command
		count=$($D24_OBSERVER "$sort" "$about" "$invoice" "$own_id") || count=''
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
	[ "$count" -gt 0 ] || unclear "a valid notification of $sort $about has no effect"
}
control_of() { # deposit|refund|cashout: a valid notification has its effect
	sort=$1
	as_merchant
	make_one COMPLETED
	deliver
	believable
}
not_released() {
	await $((before + 1))
	[ "$count" -le "$before" ] || wrong "$sort $about was released $count times, and ought not to be"
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
		5* | none)
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
