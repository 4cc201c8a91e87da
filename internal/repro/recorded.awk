# It reads exchanges.jsonl and prints a line for each request that the check is about:
# its line in the file, what there is to say of it (right, wrong, sign, unclear), which
# request it is, a sentence, and for "sign" which key, the digest that was sent, and the
# text that it has to be of, as printf writes it. It is written for this file, not for any JSON.

function skip() { while (substr(s, at, 1) ~ /[ \t\r\n]/) at++ }
function value(path,    c, name, rest) {
	skip(); c = substr(s, at, 1)
	if (c == "{" || c == "[") {
		at++; skip()
		if (substr(s, at, 1) == (c == "{" ? "}" : "]")) { at++; return }
		while (!bad) {
			name = path "[]"
			if (c == "{") {
				skip(); if (substr(s, at, 1) != "\"") { bad = 1; return }
				name = path "." text(); skip()
				if (substr(s, at++, 1) != ":") { bad = 1; return }
			}
			value(name); skip()
			rest = substr(s, at++, 1)
			if (rest == (c == "{" ? "}" : "]")) return
			if (rest != ",") bad = 1
		}
		return
	}
	if (c == "\"") { found(path, text(), 1); return }
	rest = substr(s, at, 40); match(rest, /^[-+.0-9A-Za-z]*/); rest = substr(rest, 1, RLENGTH); at += RLENGTH
	if (rest !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) { bad = 1; return }
	if (rest != "null") found(path, rest, 0)
}
function text(    out, piece, k, c) {
	at++; out = ""
	while (!bad) {
		piece = substr(s, at, 256); k = match(piece, /["\\\001-\037]/)
		if (piece == "") { bad = 1; break }
		if (!k) { out = out piece; at += length(piece); continue }
		out = out substr(piece, 1, k - 1); at += k - 1; c = substr(s, at, 1)
		if (c == "\"") { at++; return out }
		if (c != "\\") { bad = 1; break }
		c = substr(s, at + 1, 1); at += 2
		if (c == "u") { out = out utf8(hex4()) ; continue }
		if (!(c in plain)) { bad = 1; break }
		out = out plain[c]
	}
	return out
}
function hex4(    n, i, d) {
	n = 0
	for (i = 0; i < 4; i++) {
		d = index("0123456789abcdef", tolower(substr(s, at++, 1))) - 1
		if (d < 0) { bad = 1; return 0 }
		n = n * 16 + d
	}
	if (n >= 55296 && n < 56320 && substr(s, at, 2) == "\\u") { at += 2; n = 65536 + (n - 55296) * 1024 + hex4() - 56320 }
	return n
}
function utf8(n) {
	if (n == 0) { hollow = 1; return "" }
	if (n < 128) return chr[n]
	if (n < 2048) return chr[192 + int(n / 64)] chr[128 + n % 64]
	if (n < 65536) return chr[224 + int(n / 4096)] chr[128 + int(n / 64) % 64] chr[128 + n % 64]
	return chr[240 + int(n / 262144)] chr[128 + int(n / 4096) % 64] chr[128 + int(n / 64) % 64] chr[128 + n % 64]
}
function found(path, t, quoted) {
	if (path == "line.request.header[].name") { name_of[++fields] = t; value_of[fields] = "" }
	else if (path == "line.request.header[].value") value_of[fields] = t
	else if (path == "line.request.header[].value_base64") value_of[fields] = unbase64(t)
	else if (substr(path, 1, 4) == "body") { if (quoted) said = said "\001" t "\001"; got[path] = t }
	else got[path] = t
}
function parse(t, root) { s = t; at = 1; bad = 0; value(root); skip(); if (at <= length(s)) bad = 1; return !bad }
function unbase64(t,    out, i, n, bits, d) {
	out = ""; n = 0; bits = 0
	for (i = 1; i <= length(t); i++) {
		d = index(digits, substr(t, i, 1)) - 1
		if (d < 0) break
		n = n * 64 + d; bits += 6
		if (bits >= 8) {
			bits -= 8; d = int(n / 2 ^ bits); n = n % 2 ^ bits
			if (d == 0) hollow = 1
			out = out chr[d]
		}
	}
	return out
}
function base64(t,    out, i, n, bits) {
	out = ""; n = 0; bits = 0
	for (i = 1; i <= length(t); i++) {
		n = n * 256 + ord[substr(t, i, 1)]; bits += 8
		while (bits >= 6) { bits -= 6; out = out substr(digits, int(n / 2 ^ bits) + 1, 1); n = n % 2 ^ bits }
	}
	return bits ? out substr(digits, n * 2 ^ (6 - bits) + 1, 1) : out
}
function swap(t, old, new,    out, k) {
	out = ""
	while (k = index(t, old)) { out = out substr(t, 1, k - 1) new; t = substr(t, k + length(old)) }
	return out t
}
# restore puts secrets back in the places of their names, in the spelling that the name tells.
function restore(t,    i, name, v, form) {
	for (i = 1; i in secret && index(t, "{{D24_"); i++) {
		name = secret[i]; v = ENVIRON[name]
		if (v == "" || !index(t, "{{" name)) continue
		t = swap(t, "{{" name "}}", v)
		t = swap(t, "{{" name ":but-last}}", substr(v, 1, length(v) - 1))
		for (form in spelled) if (index(t, "{{" name ":" form "}}")) t = swap(t, "{{" name ":" form "}}", spell(v, form))
	}
	return t
}
function spell(v, form,    out, i, c, n, more) {
	if (form == "base64") return base64(v)
	out = ""
	for (i = 1; i <= length(v); i++) {
		c = substr(v, i, 1); n = ord[c]
		if (form == "hex") c = sprintf("%02x", n)
		else if (form == "HEX") c = sprintf("%02X", n)
		else if (c == "\"" || c == "\\") c = "\\" c
		else if (n < 32 && c in short) c = short[c]
		else if (n < 32) c = sprintf("\\u%04x", n)
		else if (form == "json-html" && (c == "<" || c == ">" || c == "&")) c = sprintf("\\u%04x", n)
		else if ((form == "json-php" || form == "json-slash") && c == "/") c = "\\/"
		else if ((form == "json-php" || form == "json-ascii") && n >= 192) {
			more = n >= 240 ? 3 : n >= 224 ? 2 : 1; n = n % (more == 3 ? 8 : more == 2 ? 16 : 32)
			for (; more > 0; more--) n = n * 64 + ord[substr(v, ++i, 1)] % 64
			c = n < 65536 ? sprintf("\\u%04x", n) : sprintf("\\u%04x\\u%04x", 55296 + int((n - 65536) / 1024), 56320 + n % 1024)
		}
		out = out c
	}
	return out
}
function is_utf8(t,    i, n, more, low, high) {
	if (t !~ /[\200-\377]/) return 1
	for (i = 1; i <= length(t); i++) {
		n = ord[substr(t, i, 1)]
		if (more > 0) { if (n < low || n > high) return 0; more--; low = 128; high = 191; continue }
		if (n < 128) continue
		low = 128; high = 191
		if (n >= 194 && n <= 223) more = 1
		else if (n >= 224 && n <= 239) { more = 2; if (n == 224) low = 160; if (n == 237) high = 159 }
		else if (n >= 240 && n <= 244) { more = 3; if (n == 240) low = 144; if (n == 244) high = 143 }
		else return 0
	}
	return more == 0
}
# instant is a date as seconds since 1970; offset is what it has behind it.
function instant(t,    y, m, d, days, rest) {
	offset = 0
	if (t !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) return ""
	y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + 0
	if (m <= 2) { y--; m += 9 } else m -= 3
	days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m + 2) / 5) + d - 1 - 719468
	rest = substr(t, 20)
	if (match(rest, /[-+][0-9][0-9]:?[0-9][0-9]$/)) {
		offset = substr(rest, RSTART + 1, 2) * 3600 + substr(rest, length(rest) - 1) * 60
		if (substr(rest, RSTART, 1) == "-") offset = -offset
	}
	match(rest, /^\.[0-9]+/)
	return days * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2) + (RLENGTH > 0 ? substr(rest, 1, RLENGTH) : 0) - offset
}

function header(name,    i) {
	for (i = 1; i <= fields; i++) if (tolower(name_of[i]) == tolower(name)) { sent = 1; return value_of[i] }
	sent = 0
	return ""
}
function twice(name,    i, n) {
	for (i = 1; i <= fields; i++) if (tolower(name_of[i]) == tolower(name)) n++
	return n > 1
}
function lacks(list,    names, i, n, out) {
	out = ""; n = split(list, names, " ")
	for (i = 1; i <= n; i++) {
		if (names[i] == "Content-Type" && body == "") continue
		if (header(names[i]) ~ /^[ \t]*$/) out = out (out ? ", " : "without ") names[i]
	}
	return out
}
function short_of(t) { gsub(/[^ -~]/, "?", t); gsub(/\|/, "/", t); return length(t) > 100 ? substr(t, 1, 100) "..." : t }
function tell(what, sentence) { print NR "|" what "|" method " " short_of(path) "|" short_of(sentence) }
function judge(fault) { tell(fault ? "wrong" : "right", fault) }
function holds_name(name,    i) {
	if (index(got["line.request.url"], "{{" name)) return "the URL"
	for (i = 1; i <= fields; i++) if (index(value_of[i], "{{" name)) return name_of[i]
	return index(body, "{{" name) ? "the body" : ""
}
function wrong_type(    t) {
	t = header("Content-Type")
	if (!sent) return "without Content-Type"
	sub(/[ \t]*;.*/, "", t); gsub(/^[ \t]+|[ \t]+$/, "", t)
	return tolower(t) == "application/json" ? "" : "Content-Type: " header("Content-Type")
}
# sign has a signature looked at.
function sign(    sum, of, key, whole) {
	if (is_cashout) { sum = header("Payload-Signature"); of = restore(body); key = "D24_CASHOUTS_API_SIGNATURE"; whole = length(of) " bytes of body" }
	else {
		sum = header("Authorization"); key = "D24_DEPOSITS_API_SIGNATURE"
		of = restore(header("X-Date") header("X-Login") body)
		whole = header("X-Date") ", X-Login and " length(restore(body)) " bytes of body"
	}
	if (truncated || hollow) { tell("unclear", "it was not recorded byte for byte"); return }
	if (index(of, "{{D24_")) { tell("unclear", "it holds a secret that is not in the environment, or in a spelling that cannot be restored"); return }
	sub(/^.*[ =:]/, "", sum)
	of = swap(swap(swap(swap(swap(of, "\\", "\\\\"), "%", "%%"), "\n", "\\n"), "\r", "\\r"), "|", "\\174")
	print NR "|sign|" method " " short_of(path) "|" short_of(whole) "|" key "|" tolower(short_of(sum)) "|" of
}
function has_signature() { return is_cashout ? header("Payload-Signature") != "" : is_signed && header("Authorization") !~ /^([Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc])( |$)|^$/ }

BEGIN {
	for (i = 1; i < 256; i++) { c = sprintf("%c", i); ord[c] = i; chr[i] = c }
	digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	n = split("\" \\ / b f n r t", c1, " "); split("\" \\ / \b \f \n \r \t", c2, "[ ]")
	for (i = 1; i <= n; i++) { plain[c1[i]] = c2[i]; if (i > 3) short[c2[i]] = "\\" c1[i] }
	split("D24_DEPOSITS_API_KEY D24_DEPOSITS_API_SIGNATURE D24_READ_ONLY_KEY D24_CASHOUTS_API_KEY D24_CASHOUTS_API_PASSPHRASE D24_CASHOUTS_API_SIGNATURE", secret, " ")
	n = split("hex HEX base64 json json-html json-ascii json-php json-slash", c1, " ")
	for (i = 1; i <= n; i++) spelled[c1[i]] = 1
	n = split(lines, c1, " ")
	for (i = 1; i <= n; i++) chosen[c1[i]] = 1
}
lines != "" && !(NR in chosen) { next }
{
	split("", got); fields = 0; hollow = 0
	if (!parse($0, "line")) { method = "?"; path = ""; tell("unclear", "this line is not one of exchanges.jsonl"); next }
	method = got["line.request.method"]; path = url = got["line.request.url"]; label = got["line.label"]
	sub(/\?.*/, "", path); sub(/^.*\/v3\//, "/v3/", path); bare = path; sub(/\/$/, "", bare)
	body = ("line.request.body_base64" in got) ? unbase64(got["line.request.body_base64"]) : got["line.request.body"]
	truncated = got["line.request.truncated"] == "true"; started = instant(got["line.started"])
	total = got["line.timing_us.total"] / 1e6
	lost = !("line.response.status" in got) || got["line.response.truncated"] == "true"
	is_plain = tolower(url) ~ /^http:/
	is_signed = bare ~ /^\/v3\/(deposits|refunds)(\/|$)/; is_cashout = bare ~ /^\/v3\/cashout(\/|$)/
	is_lookup = bare ~ /^\/v3\/(payment_methods|exchange_rates|banks|states)(\/|$)/
	is_creation = method == "POST" && bare ~ /^\/v3\/(deposits|refunds)$/
	is_deposits = is_signed || is_lookup; has_body = body != "" && !truncated
	said = ""; split("", got_body); is_json = has_body && parse(restore(body), "body")
	if (product == "deposits" && !is_deposits || product == "cashouts" && !is_cashout) next
	if (!is_deposits && !is_cashout) next
	key = header("X-Idempotency-Key")
}

# --- the rules, a name each ---------------------------------------------------------------

check == "nothing" { # no request may arrive where the certificate is bad
	if (lines != "" || label ~ /certificate/) judge("it was sent to a server that showed a bad certificate")
	next
}
check == "https" { judge(is_plain ? "it came over plain HTTP" : ""); next }
is_plain { next } # what came the wrong way is not read by the server

check == "secrets" {
	where = holds_name("D24_DEPOSITS_API_SIGNATURE"); what = "D24_DEPOSITS_API_SIGNATURE"
	if (!where) { where = holds_name("D24_CASHOUTS_API_SIGNATURE"); what = "D24_CASHOUTS_API_SIGNATURE" }
	judge(where ? what " is in " where : "")
}
check == "reader_elsewhere" && !is_lookup { where = holds_name("D24_READ_ONLY_KEY"); judge(where ? "D24_READ_ONLY_KEY is in " where : "") }
check == "lookups" && is_lookup && header("Authorization") != "" {
	t = restore(header("Authorization"))
	login = t; sub(/^Basic /, "", login); login = unbase64(login); sub(/:.*$/, "", login)
	judge(t == "Bearer " ENVIRON["D24_READ_ONLY_KEY"] || t ~ /^Basic / && login == ENVIRON["D24_READ_ONLY_KEY"] || t ~ /^D24 / ? "" : "Authorization is neither D24_READ_ONLY_KEY, as Bearer or Basic, nor a D24 signature")
}
check == "headers" && (is_cashout || is_signed || words == "Authorization") { judge(lacks(words)) }
check == "keyed" && is_creation { judge(lacks("X-Idempotency-Key")) }
check == "login" && is_signed && (header("X-Login") != "" || words == "") {
	t = restore(header("X-Login"))
	judge(twice("X-Login") ? "X-Login comes twice" : t == "" ? "without X-Login" : is_lookup && t == ENVIRON["D24_READ_ONLY_KEY"] ? "" : t == ENVIRON["D24_DEPOSITS_API_KEY"] ? "" : "X-Login is " header("X-Login") ", not D24_DEPOSITS_API_KEY")
}
check == "authorization" && is_signed {
	t = header("Authorization"); digest = substr(t, 5)
	if (twice("Authorization")) judge("Authorization comes twice")
	else judge(substr(t, 1, 4) == "D24 " && length(digest) == 64 && digest !~ /[^0-9a-f]/ ? "" : sent ? "Authorization: " t : "without Authorization")
}
check == "payload_form" && header("Payload-Signature") != "" {
	t = header("Payload-Signature"); judge(twice("Payload-Signature") ? "Payload-Signature comes twice" : length(t) == 64 && t !~ /[^0-9a-f]/ ? "" : "Payload-Signature: " t)
}
check == "type" && has_body && (header("Content-Type") != "" || words == "") { judge(wrong_type()) }
check == "json" && has_body {
	judge(!is_utf8(body) ? "the body is not UTF-8" : index(body, "\357\273\277") == 1 ? "a byte order mark stands before the JSON" : is_json ? "" : "the body is not JSON")
}
check == "utf8" && has_body {
	fault = index(body, "\357\273\277") == 1 ? "a byte order mark stands before the text" : is_utf8(body) ? "" : "the body is not UTF-8"
	if (fault || !has_signature()) judge(fault); else sign()
}
check == "says" && has_body {
	if (index(said, "\001" ENVIRON["WANTED"] "\001")) judge("")
	else if (lines != "") judge("the text is not in the body as it was given")
}
check == "date_form" && is_signed && header("X-Date") != "" {
	t = header("X-Date")
	judge(twice("X-Date") ? "X-Date comes twice" : instant(t) != "" && t ~ /^....-..-..T..:..:..Z$/ ? "" : "X-Date: " t)
}
check == "date_utc" && is_signed && (date = instant(header("X-Date"))) != "" {
	away = date + offset - started; near = int(away / 900 + (away < 0 ? -0.5 : 0.5)) * 900
	judge(offset ? "X-Date: " header("X-Date") " has an offset" : near && near >= -50400 && near <= 50400 && away - near < 60 && near - away < 60 ? \
		"X-Date: " header("X-Date") " is " near / 3600 " hours from UTC, as the time of a zone is" : "")
}
check == "date_fresh" && is_signed && (date = instant(header("X-Date"))) != "" {
	split(words, c1, " "); early = started + c1[1] - date; late = started + c1[2] - date
	if (early >= -5 && late <= 5) judge("")
	else if (early > 5 || late < -5) judge("X-Date: " header("X-Date") ", arrived at " got["line.started"])
}
check == "dates" && is_signed {
	t = header("X-Date")
	if (t ~ /^[ \t]*$/) { judge("without X-Date"); next }
	fault = ""
	for (i = 1; i <= dated; i++) if (date_of[i] == t && started - start_of[i] > 5)
		fault = "X-Date: " t ", as line " line_of[i] " had, which came " int((started - start_of[i]) * 1000) " ms before"
	dated++; date_of[dated] = t; start_of[dated] = started; line_of[dated] = NR
	judge(fault)
}
check == "signed" && (has_signature() || words == "all" && !is_cashout && is_signed && header("Authorization") != "") {
	if (has_signature()) sign(); else judge("Authorization is not a signature")
}
check == "created" && is_creation {
	t = header("Authorization")
	if (t == "") judge("without Authorization")
	else if (!has_signature()) judge("Authorization is not a signature")
	else if (index(header("X-Login"), "{{D24_READ_ONLY_KEY}}")) judge("X-Login is D24_READ_ONLY_KEY")
	else sign()
}
check == "keyless" && (method == "GET" || method == "DELETE") { header("X-Idempotency-Key"); judge(sent ? "with X-Idempotency-Key" : "") }
check == "cash_keys" {
	fault = lacks("Payload-Signature")
	judge(got["body.login"] == "" ? "without login in the body" : got["body.pass"] == "" ? "without pass in the body" : fault)
}
check == "cash_login" && got["body.login"] != "" { judge(got["body.login"] == ENVIRON["D24_CASHOUTS_API_KEY"] ? "" : "login is not D24_CASHOUTS_API_KEY") }
check == "cash_pass" && got["body.pass"] != "" { judge(got["body.pass"] == ENVIRON["D24_CASHOUTS_API_PASSPHRASE"] ? "" : "pass is not D24_CASHOUTS_API_PASSPHRASE") }
check == "pass_elsewhere" {
	fault = index(url, "{{D24_CASHOUTS_API_PASSPHRASE") ? "D24_CASHOUTS_API_PASSPHRASE is in the URL" : ""
	for (i = 1; i <= fields; i++) if (!(is_cashout && tolower(name_of[i]) == "authorization") && index(value_of[i], "{{D24_CASHOUTS_API_PASSPHRASE")) fault = "D24_CASHOUTS_API_PASSPHRASE is in " name_of[i]
	t = body
	if (is_cashout) { gsub(/"pass"[ \t\r\n]*:[ \t\r\n]*"[^"]*"/, "", t) }
	if (index(t, "{{D24_CASHOUTS_API_PASSPHRASE")) fault = "D24_CASHOUTS_API_PASSPHRASE is in the body" (is_cashout ? ", and not in pass" : "")
	judge(fault)
}
check == "cash_carried" { judge(got["body.login"] == "" || got["body.pass"] == "" ? "without login and pass in the body" : "") }

# What two requests have to do with each other. A retry is labelled as one where the client
# was driven, else it has the key or the order of the request before it.
check == "random" && is_creation && key != "" && !(key in met) {
	met[key] = 1; keys++; key_at[keys] = key; word = substr(key, 1, 100)
	split("invoice_id deposit_id", c1, " "); fault = ""
	for (i = 1; i <= 2; i++) {
		t = got["body." c1[i]]
		if (t != "" && (key == t || ("-" key "-") ~ ("-" t "-") || length(t) >= 6 && index(key, t))) fault = "the key " word " holds the " c1[i]
	}
	if (fault) judge(fault); else tell("look", "key " word)
}
check == "one_operation" && is_creation && key != "" {
	order = bare ":" got["body.invoice_id"] ":" got["body.deposit_id"]
	if (twice("X-Idempotency-Key")) judge("X-Idempotency-Key comes twice")
	else if (!(key in owner)) { owner[key] = NR; owner_path[key] = bare; owner_order[key] = order; owner_body[key] = body; judge("") }
	else if (owner_path[key] != bare) judge("a deposit and a refund have one key: line " owner[key] " has " key " too")
	else if (label !~ /, attempt / && (owner_order[key] != order || bare ~ /refunds$/ && owner_body[key] != body)) judge("two operations have one key: line " owner[key] " has " key " too")
	else judge("")
}
check == "starts" && is_creation && key != "" {
	order = bare ~ /refunds$/ ? bare ":" body : bare ":" got["body.invoice_id"]
	if (words == "same order") {
		if (!(order in had)) had[order] = key
		judge(had[order] == key ? "" : "another key for an order that had " had[order] ": " key)
	} else {
		if (!(key in owner)) owner[key] = order
		judge(owner[key] == order ? "" : "another order had the key " key)
	}
}
check == "retries" && is_creation {
	base = label; retried = sub(/, attempt .*/, "", base); order = got["body.invoice_id"]; first = 0
	for (i = seen; i > 0; i--) {
		mine = lines != "" || (retried ? r_base[i] == base : key != "" && r_key[i] == key || order != "" && r_order[i] == order || r_body[i] == body)
		if (r_path[i] == bare && r_lost[i] && mine) first = i
		if (retried && r_label[i] == base) break # where the operation began
	}
	seen++; r_path[seen] = bare; r_lost[seen] = lost; r_base[seen] = base; r_label[seen] = label; r_key[seen] = key; r_order[seen] = order
	r_body[seen] = body; r_date[seen] = header("X-Date"); r_total[seen] = total; r_line[seen] = NR
	if (!first) { if (lost) tell("look", "its answer was lost; key " key ", X-Date " header("X-Date")); next }
	t = "after line " r_line[first] ": "
	if (key == "") judge(t "a retry without a key, which the server takes for another operation")
	else if (key != r_key[first]) judge(t "another key, " key " after " r_key[first])
	else if (body != r_body[first]) judge(t "another body")
	else if (header("X-Date") != r_date[first]) sign()
	else if (r_total[first] >= 1) judge(t "the X-Date of the first attempt, " header("X-Date") ", whose answer was lost after " int(r_total[first] * 1000) " ms")
}
END {
	if (check == "random" && keys > 0) {
		widest = 0; all = ""
		for (i = 1; i <= keys; i++) { all = all key_at[i]; if (length(key_at[i]) > widest) widest = length(key_at[i]) }
		alphabet = 10; gsub(/-/, "", all)
		if (all ~ /[^0-9A-Za-z]/ || all ~ /[g-z]/ && all ~ /[A-Z]/ || all ~ /[a-z]/ && all ~ /[G-Z]/) alphabet = 64
		else if (all ~ /[g-zG-Z]/) alphabet = 36
		else if (all ~ /[a-fA-F]/) alphabet = 16
		changing = 0
		for (k = 1; k <= widest; k++) {
			differ = keys == 1
			for (i = 2; i <= keys; i++) if (substr(key_at[i], k, 1) != substr(key_at[1], k, 1)) differ = 1
			if (differ && substr(key_at[1], k, 1) != "-") changing++
		}
		bits = int(changing * log(alphabet) / log(2) + 0.5)
		NR = ""; method = "all"; path = "keys together"
		tell(bits < 64 ? "wrong" : "right", "at most " bits " bits change from key to key")
	}
}
