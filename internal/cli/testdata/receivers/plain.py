"""A plain receiver of D24 notifications, of another hand: plain.py PORT JOURNAL [VARIATION ...].

It keeps every documented rule. The variations are what no page forbids:
  polls       asks by itself for the status of what it was notified of, until it is final
  own-orders  releases only orders that POST /orders has named, and answers 404 about others
  conflict    answers a repeat with 409
  any-case    compares digits without their case
  any-date    looks at no date
  no-refunds  tells the observer nothing of refunds
"""

import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

PORT, JOURNAL, VARIATIONS = int(sys.argv[1]), sys.argv[2], set(sys.argv[3:])
BASE = os.environ["D24_BASE_URL"]
LOGIN, SECRET = os.environ["D24_DEPOSITS_API_KEY"], os.environ["D24_DEPOSITS_API_SIGNATURE"]
CASH_LOGIN, CASH_PASS = os.environ["D24_CASHOUTS_API_KEY"], os.environ["D24_CASHOUTS_API_PASSPHRASE"]
CASH_SECRET = os.environ["D24_CASHOUTS_API_SIGNATURE"]
TLS = ssl.create_default_context(cafile=os.environ["D24_CA_FILE"])

lock = threading.Lock()
released = {}  # "deposit 300000001" -> how often
orders = set()
watched = {}  # what is polled: key -> (kind, id, external_id)

if os.path.exists(JOURNAL):
    for line in open(JOURNAL, encoding="utf-8"):
        if line.endswith("\n"):
            word, key = line.rstrip("\n").split(" ", 1)
            if word == "released":
                released[key] = released.get(key, 0) + 1
            elif word == "order":
                orders.add(key)
journal = open(JOURNAL, "a", encoding="utf-8")


def note(word, key):
    journal.write(f"{word} {key}\n")
    journal.flush()
    os.fsync(journal.fileno())


def digits(secret, text):
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def same(given, right):
    if "any-case" in VARIATIONS:
        given, right = given.lower(), right.lower()
    return hmac.compare_digest(given.encode(), right.encode())


def utc():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def fresh(date):
    if "any-date" in VARIATIONS:
        return True
    try:
        then = time.strptime(date, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return False
    import calendar
    return abs(time.time() - calendar.timegm(then)) < 60


def status_of(kind, number, external_id):
    """The status in the words of deposits. Whatever is no status is an exception."""
    if kind == "cashout":
        body = json.dumps({"login": CASH_LOGIN, "pass": CASH_PASS, "cashout_id": int(number), "external_id": external_id}).encode()
        request = urllib.request.Request(BASE + "/v3/cashout/status", body, method="POST")
        request.add_header("Payload-Signature", digits(CASH_SECRET, body))
    else:
        date = utc()
        request = urllib.request.Request(f"{BASE}/v3/{kind}s/{number}")
        request.add_header("X-Date", date)
        request.add_header("X-Login", LOGIN)
        request.add_header("Authorization", "D24 " + digits(SECRET, (date + LOGIN).encode()))
    request.add_header("Content-Type", "application/json")
    request.add_header("User-Agent", "plain/1")
    with urllib.request.urlopen(request, timeout=3, context=TLS) as response:
        answer = json.load(response)
    if kind == "cashout":
        return "COMPLETED" if answer["cashout_status"] == 1 else "no"
    return answer["status"]


def settle(kind, number, external_id):
    """Ask, and release once. True if it was a repeat."""
    key = f"{kind} {number}"
    with lock:
        if key in released:
            return True
    if status_of(kind, number, external_id) != "COMPLETED":
        return False
    with lock:
        if key not in released:
            note("released", key)
            released[key] = 1
    return False


def poll():
    while True:
        time.sleep(0.03)
        for key, what in list(watched.items()):
            try:
                settle(*what)
                if key in released:
                    watched.pop(key, None)
            except Exception:  # it is asked for again
                pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(self.path).query))
        if query.get("kind") == "refund" and "no-refunds" in VARIATIONS:
            return self.answer(400, b"unknown kind")
        with lock:
            n = released.get(f"{query.get('kind')} {query.get('id')}", 0)
        self.answer(200, json.dumps({"releases": n}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/orders":
            order = json.loads(body)
            key = f"{order['kind']} {order['id']}"
            with lock:
                orders.add(key)
                note("order", key)
            if "polls" in VARIATIONS:
                watched[key] = (order["kind"], order["id"], order.get("external_id", ""))
            return self.answer(200)
        try:
            self.answer(self.notified(body))
        except Exception as problem:  # it comes again
            print("failed:", repr(problem), file=sys.stderr, flush=True)
            self.answer(503)

    def notified(self, body):
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            external_id = form.get("external_id", "")
            right = digits(CASH_SECRET, f"Be4{external_id}Bo7".encode()).upper()
            if not same(form.get("control", ""), right):
                return 401
            kind, number = "cashout", form["cashout_id"]
        else:
            given, external_id = self.headers.get("Authorization", ""), ""
            date, login = self.headers.get("X-Date", ""), self.headers.get("X-Login", "")
            right = "D24 " + digits(SECRET, (date + login).encode() + body)
            if not same(given, right) or login != LOGIN or not fresh(date):
                return 401
            message = json.loads(body)
            kind = "refund" if "refund_id" in message else "deposit"
            number = str(message[kind + "_id"])
        key = f"{kind} {number}"
        if "own-orders" in VARIATIONS and key not in orders:
            return 404
        if "polls" in VARIATIONS:
            watched[key] = (kind, number, external_id)
        if settle(kind, number, external_id) and "conflict" in VARIATIONS:
            return 409
        return 200

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if "polls" in VARIATIONS:
    threading.Thread(target=poll, daemon=True).start()
Server(("127.0.0.1", PORT), Handler).serve_forever()
