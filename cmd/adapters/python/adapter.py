"""A client of the D24 payment APIs in Python 3, on its standard library alone.

It reads one JSON object a line and writes one a line:

    d24conform run client --adapter 'python3 cmd/adapters/python/adapter.py'
"""
import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote, urlencode, urlsplit

TRIES = 3  # of one operation, the first included
TIMEOUT = float(os.environ.get("D24_TIMEOUT", "5"))  # seconds for the server to say something


def digest(key, *parts):
    return hmac.new(key.encode(), b"".join(parts), hashlib.sha256).hexdigest()


class Client:
    def __init__(self, r):
        url = urlsplit(r["base_url"])
        if url.scheme != "https":
            raise ValueError("base_url is not https")
        self.host, self.prefix = url.netloc, url.path.rstrip("/")
        self.tls = ssl.create_default_context(cafile=r.get("ca_file") or None)
        self.deposits, self.cashouts = (r["credentials"].get(product, {}) for product in ("deposits", "cashouts"))

    def authorization(self, date, body):
        d = self.deposits
        return "D24 " + digest(d["api_signature"], date.encode(), d["api_key"].encode(), body)

    def attempt(self, method, path, headers, body):
        """One attempt, on a connection of its own; http.client follows no redirect."""
        connection = http.client.HTTPSConnection(self.host, timeout=TIMEOUT, context=self.tls)
        try:
            connection.request(method, self.prefix + path, body=body or None, headers=headers)
            response = connection.getresponse()
            return response, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def send(self, method, path, body, sign, repeatable):
        """The same request until it is answered: same key, same body; sign makes the
        headers of each attempt, for a time by the server's clock."""
        skew, redated = timedelta(0), False
        for tries in range(1, TRIES + 1):
            last, pause = tries == TRIES, 0.05 * 2**tries
            date = (datetime.now(timezone.utc) + skew).strftime("%Y-%m-%dT%H:%M:%SZ")
            headers = {"Content-Type": "application/json", "User-Agent": "example-python/1", **sign(date, body)}
            try:
                response, text = self.attempt(method, path, headers, body)
            except (OSError, http.client.HTTPException) as error:
                if not repeatable or last:  # it may have been done all the same: ask for the status
                    return {"error": "timeout" if isinstance(error, TimeoutError) else repr(error)}
            else:
                if response.status == 429 and not last:
                    wait = response.getheader("Retry-After", "")
                    pause = min(int(wait), 5) if wait.isdigit() else 1
                elif code_of(text) == 103 and not redated and not last:  # our clock is wrong: go by theirs
                    redated, pause = True, 0
                    if response.getheader("Date"):
                        skew = parsedate_to_datetime(response.getheader("Date")) - datetime.now(timezone.utc)
                elif response.status < 500 or not repeatable or last:
                    return {"status": response.status, "body": text}
            time.sleep(pause)

    def signed(self, key=None):
        def sign(date, body):
            headers = {"X-Date": date, "X-Login": self.deposits["api_key"], "Authorization": self.authorization(date, body)}
            return {**headers, "X-Idempotency-Key": key} if key else headers
        return sign

    def create(self, path, r):
        return self.send("POST", path, encode(r["body"]), self.signed(r.get("idempotency_key") or str(uuid.uuid4())), True)

    def status(self, path, number):
        return self.send("GET", f"{path}/{quote(str(number), safe='')}", b"", self.signed(), True)

    def lookup(self, path, r, *names):
        query = urlencode({name: r[name] for name in names if name in r})
        bearer = {"Authorization": "Bearer " + self.deposits["read_only_key"]}
        return self.send("GET", f"{path}?{query}", b"", lambda date, body: bearer, True)

    def cashout(self, method, path, r, repeatable=False):
        """A cashout has no idempotency key: one whose answer is lost is not sent again."""
        c = self.cashouts
        body = encode({**r["body"], "login": c["api_key"], "pass": c["api_passphrase"]})
        return self.send(method, path, body, lambda date, body: {"Payload-Signature": digest(c["api_signature"], body)}, repeatable)

    def verify(self, r):
        headers = {name.lower(): value for name, value in r["headers"].items()}
        if r["kind"].startswith("cashout"):
            form = {name: values[0] for name, values in parse_qs(r["body_text"]).items()}
            want = digest(self.cashouts["api_signature"], f"Be4{form.get('external_id', '')}Bo7".encode()).upper()
            return hmac.compare_digest(form.get("control", "").encode(), want.encode())
        parts = headers.get("x-date", "") + headers.get("x-login", "") + r["body_text"]
        want = "D24 " + digest(self.deposits["api_signature"], parts.encode())
        return hmac.compare_digest(headers.get("authorization", "").encode(), want.encode())


def encode(value):
    """These bytes, in UTF-8, are signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def code_of(text):
    try:
        return json.loads(text)["code"]
    except (ValueError, TypeError, KeyError):
        return None  # a gateway's web page, say


OPS = {
    "create_deposit": lambda c, r: c.create("/v3/deposits", r),
    "deposit_status": lambda c, r: c.status("/v3/deposits", r["deposit_id"]),
    "create_refund": lambda c, r: c.create("/v3/refunds", r),
    "refund_status": lambda c, r: c.status("/v3/refunds", r["refund_id"]),
    "payment_methods": lambda c, r: c.lookup("/v3/payment_methods", r, "country"),
    "exchange_rate": lambda c, r: c.lookup("/v3/exchange_rates", r, "country", "amount"),
    "banks": lambda c, r: c.lookup("/v3/banks", r, "country"),
    "create_cashout": lambda c, r: c.cashout("POST", "/v3/cashout", r),
    "cashout_status": lambda c, r: c.cashout("POST", "/v3/cashout/status", r, repeatable=True),
    "update_cashout_status": lambda c, r: c.cashout("PUT", "/v3/cashout/status", r),
    "cancel_cashout": lambda c, r: c.cashout("DELETE", "/v3/cashout/cancel", r),
    "sign_deposit": lambda c, r: {"authorization": c.authorization(r["x_date"], r["body_text"].encode())},
    "sign_cashout": lambda c, r: {"payload_signature": digest(c.cashouts["api_signature"], r["body_text"].encode())},
    "verify_notification": lambda c, r: {"accepted": c.verify(r)},
}


def main():
    client = None
    for line in sys.stdin.buffer:
        r = json.loads(line)
        try:
            if r["op"] == "hello":
                client = Client(r)
                answer = {"name": "example-python", "version": "1", "ops": list(OPS)}
            elif r["op"] in OPS:
                answer = OPS[r["op"]](client, r)
            else:
                answer = {"unsupported": True}
        except Exception as error:  # whatever is wrong with one request, the next is answered
            answer = {"error": repr(error)}
        print(json.dumps({"id": r["id"], **answer}), flush=True)


main()
