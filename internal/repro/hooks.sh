# --- what the target is made to do: by the management API of d24conform mock ------------

D24_MANAGE_URL=${D24_MANAGE_URL-https://127.0.0.1:8444}
environment='' # the first one
manage() { # METHOD PATH [JSON]
	status=$(curl -q -s --http1.1 --max-time 10 ${D24_CA_FILE:+--cacert "$D24_CA_FILE"} -o "$tmp/manage" -w '%{http_code}' \
		-X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$D24_MANAGE_URL/manage/v1$2$environment") || :
	case $status in
	2*) ;;
	*) unclear "$1 $D24_MANAGE_URL/manage/v1$2 is answered $status (D24_MANAGE_URL is the management API of d24conform mock)" ;;
	esac
}
hook() { # NAME VALUE…
	case $1 in
	approve_deposit) manage POST "/deposits/$2/approve" ;;
	cancel_deposit) manage POST "/deposits/$2/cancel" ;;
	expire_deposit) manage POST "/deposits/$2/expire" ;;
	deliver_refund) manage POST "/refunds/$2/deliver" ;;
	complete_refund) manage POST "/refunds/$2/complete" ;;
	reject_refund) manage POST "/refunds/$2/reject" ;;
	deliver_cashout) manage POST "/cashouts/$2/deliver" ;;
	complete_cashout) manage POST "/cashouts/$2/complete" ;;
	reject_cashout) manage POST "/cashouts/$2/reject" ;;
	cancel_cashout) manage POST "/cashouts/$2/cancel" ;;
	set_funds) manage PUT /funds "{\"amount\":$2}" ;;
	respond_500_once) manage POST /faults/respond-500-once ;;
	drop_after_commit_once) manage POST /faults/drop-after-commit-once ;;
	set_clock_offset) manage PUT /clock "{\"offset_ms\":$2}" ;;
	whitelist_add) manage POST /whitelists "{\"product\":\"$2\",\"ip\":\"$3\"}" ;;
	whitelist_remove) manage DELETE /whitelists "{\"product\":\"$2\",\"ip\":\"$3\"}" ;;
	*) unclear "there is no hook $1" ;;
	esac
	say "    hook       $*"
}
second_hook() { # NAME VALUE…: in the second environment
	environment='?environment=second'
	hook "$@"
	environment=''
}
