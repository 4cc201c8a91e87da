// A client of the D24 payment APIs in Java 17, on its standard library alone. It reads
// one JSON object a line and writes one a line:
//
//   d24conform run client --adapter 'java cmd/adapters/java/Adapter.java'
//
// The JDK has no JSON: Json, at the end, is as much of it as this needs.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.*;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.*;
import java.util.concurrent.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.*;

public class Adapter {
    static final int TRIES = 3; // of one operation, the first included
    static final long TIMEOUT_MS = (long) (1000 * Double.parseDouble(System.getenv().getOrDefault("D24_TIMEOUT", "5")));

    final String base;
    final Map<String, String> deposits, cashouts;
    final HttpClient http;

    @SuppressWarnings("unchecked")
    Adapter(Map<String, Object> r) throws Exception {
        base = (String) r.get("base_url");
        if (!base.startsWith("https://")) throw new IllegalArgumentException("base_url is not https");
        var keys = (Map<String, Map<String, String>>) r.get("credentials");
        deposits = keys.getOrDefault("deposits", Map.of());
        cashouts = keys.getOrDefault("cashouts", Map.of());
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER).sslContext(trusting((String) r.get("ca_file"))).build();
    }

    /** A context that trusts the authority in a file, or the system's. Names and dates are checked in any case. */
    static SSLContext trusting(String caFile) throws Exception {
        if (caFile == null || caFile.isEmpty()) return SSLContext.getDefault();
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var in = Files.newInputStream(Path.of(caFile))) {
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in))
                store.setCertificateEntry("ca" + store.size(), certificate);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    static String hmac(String key, String text) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key.getBytes(UTF_8), "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(text.getBytes(UTF_8)));
    }

    static boolean equal(String a, String b) {
        return MessageDigest.isEqual(a.getBytes(UTF_8), b.getBytes(UTF_8));
    }

    /** Makes the headers of one attempt, for a time by the server's clock. */
    interface Signer {
        Map<String, String> sign(String date) throws GeneralSecurityException;
    }

    /** The same request until it is answered: same key, same body, signed anew. */
    Map<String, Object> send(String method, String path, String body, Signer signer, boolean repeatable) throws Exception {
        var skew = Duration.ZERO;
        var redated = false;
        for (int tries = 1; ; tries++) {
            var last = tries == TRIES;
            long pause = 50L << tries;
            try {
                var answer = attempt(method, path, body, signer.sign(Instant.now().plus(skew).truncatedTo(ChronoUnit.SECONDS).toString()));
                if (answer.statusCode() == 429 && !last) {
                    var wait = answer.headers().firstValue("Retry-After").orElse("");
                    pause = wait.matches("\\d{1,9}") ? 1000 * Math.min(Long.parseLong(wait), 5) : 1000;
                } else if (code(answer.body()) == 103 && !redated && !last) { // our clock is wrong: go by theirs
                    redated = true;
                    pause = 0;
                    var date = answer.headers().firstValue("Date");
                    if (date.isPresent())
                        skew = Duration.between(Instant.now(), Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date.get())));
                } else if (answer.statusCode() < 500 || !repeatable || last) {
                    return Map.of("status", answer.statusCode(), "body", answer.body());
                }
            } catch (ExecutionException | TimeoutException e) {
                if (!repeatable || last) // it may have been done all the same: ask for the status
                    return Map.of("error", e instanceof TimeoutException ? "timeout" : String.valueOf(e.getCause()));
            }
            Thread.sleep(pause);
        }
    }

    HttpResponse<String> attempt(String method, String path, String body, Map<String, String> headers) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(base + path))
            .method(method, body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body, UTF_8))
            .header("Content-Type", "application/json").header("User-Agent", "example-java/1");
        headers.forEach(request::header);
        // HttpRequest's own timeout ends with the headers of the answer; this one has the body in it.
        var answer = http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
        try {
            return answer.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } finally {
            answer.cancel(true); // nothing happens to one that is there
        }
    }

    /** The error code; 0 when the body is a gateway's web page, say. */
    static int code(String body) {
        try {
            return Json.parse(body) instanceof Map<?, ?> refusal && refusal.get("code") instanceof BigDecimal code ? code.intValue() : 0;
        } catch (RuntimeException e) {
            return 0;
        }
    }

    String authorization(String date, String body) throws GeneralSecurityException {
        return "D24 " + hmac(deposits.get("api_signature"), date + deposits.get("api_key") + body);
    }

    Signer signed(String body, String key) {
        return date -> {
            var headers = new HashMap<>(Map.of("X-Date", date, "X-Login", deposits.get("api_key"), "Authorization", authorization(date, body)));
            if (key != null) headers.put("X-Idempotency-Key", key);
            return headers;
        };
    }

    Map<String, Object> create(String path, Map<String, Object> r) throws Exception {
        var body = Json.write(r.get("body"));
        var key = (String) r.getOrDefault("idempotency_key", UUID.randomUUID().toString());
        return send("POST", path, body, signed(body, key), true);
    }

    Map<String, Object> status(String path, Object id) throws Exception {
        return send("GET", path + "/" + encode(id), "", signed("", null), true);
    }

    Map<String, Object> lookup(String path, Map<String, Object> r) throws Exception {
        var query = "country=" + encode(r.get("country")) + (r.containsKey("amount") ? "&amount=" + encode(r.get("amount")) : "");
        return send("GET", path + "?" + query, "", date -> Map.of("Authorization", "Bearer " + deposits.get("read_only_key")), true);
    }

    /** A cashout has no idempotency key: one whose answer is lost is not sent again. */
    @SuppressWarnings("unchecked")
    Map<String, Object> cashout(String method, String path, Map<String, Object> r, boolean repeatable) throws Exception {
        var fields = (Map<String, Object>) r.get("body");
        fields.put("login", cashouts.get("api_key"));
        fields.put("pass", cashouts.get("api_passphrase"));
        var body = Json.write(fields);
        return send(method, path, body, date -> Map.of("Payload-Signature", hmac(cashouts.get("api_signature"), body)), repeatable);
    }

    @SuppressWarnings("unchecked")
    boolean verify(Map<String, Object> r) throws Exception {
        var body = (String) r.get("body_text");
        var fields = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
        if (!((String) r.get("kind")).startsWith("cashout")) {
            fields.putAll((Map<String, String>) r.get("headers"));
            var text = fields.getOrDefault("X-Date", "") + fields.getOrDefault("X-Login", "") + body;
            return equal("D24 " + hmac(deposits.get("api_signature"), text), fields.getOrDefault("Authorization", ""));
        }
        for (var pair : body.split("&")) {
            var field = pair.split("=", 2);
            if (field.length == 2) fields.put(field[0], URLDecoder.decode(field[1], UTF_8));
        }
        var control = hmac(cashouts.get("api_signature"), "Be4" + fields.get("external_id") + "Bo7").toUpperCase(Locale.ROOT);
        return equal(control, fields.getOrDefault("control", ""));
    }

    static String encode(Object value) {
        return URLEncoder.encode(String.valueOf(value), UTF_8).replace("+", "%20");
    }

    interface Operation {
        Map<String, ?> run(Adapter client, Map<String, Object> r) throws Exception;
    }

    static final Map<String, Operation> OPS = Map.ofEntries(
        Map.entry("create_deposit", (c, r) -> c.create("/v3/deposits", r)),
        Map.entry("deposit_status", (c, r) -> c.status("/v3/deposits", r.get("deposit_id"))),
        Map.entry("create_refund", (c, r) -> c.create("/v3/refunds", r)),
        Map.entry("refund_status", (c, r) -> c.status("/v3/refunds", r.get("refund_id"))),
        Map.entry("payment_methods", (c, r) -> c.lookup("/v3/payment_methods", r)),
        Map.entry("exchange_rate", (c, r) -> c.lookup("/v3/exchange_rates", r)),
        Map.entry("banks", (c, r) -> c.lookup("/v3/banks", r)),
        Map.entry("create_cashout", (c, r) -> c.cashout("POST", "/v3/cashout", r, false)),
        Map.entry("cashout_status", (c, r) -> c.cashout("POST", "/v3/cashout/status", r, true)),
        Map.entry("update_cashout_status", (c, r) -> c.cashout("PUT", "/v3/cashout/status", r, false)),
        Map.entry("cancel_cashout", (c, r) -> c.cashout("DELETE", "/v3/cashout/cancel", r, false)),
        Map.entry("sign_deposit", (c, r) -> Map.of("authorization", c.authorization((String) r.get("x_date"), (String) r.get("body_text")))),
        Map.entry("sign_cashout", (c, r) -> Map.of("payload_signature", hmac(c.cashouts.get("api_signature"), (String) r.get("body_text")))),
        Map.entry("verify_notification", (c, r) -> Map.of("accepted", c.verify(r))));

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws IOException {
        // On an idle connection that broke, HttpClient would repeat a GET with its old signature.
        System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
        var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        var out = new PrintStream(System.out, true, UTF_8);
        Adapter client = null;
        for (String line; (line = in.readLine()) != null; ) {
            var r = (Map<String, Object>) Json.parse(line);
            var answer = new HashMap<String, Object>(Map.of("id", r.get("id")));
            try {
                if (r.get("op").equals("hello")) {
                    client = new Adapter(r);
                    answer.putAll(Map.of("name", "example-java", "version", "1", "ops", List.copyOf(OPS.keySet())));
                } else if (OPS.containsKey(r.get("op"))) {
                    answer.putAll(OPS.get(r.get("op")).run(client, r));
                } else {
                    answer.put("unsupported", true);
                }
            } catch (Exception e) { // whatever is wrong with one request, the next is answered
                answer.put("error", e.toString());
            }
            out.println(Json.write(answer));
        }
        System.exit(0); // HttpClient's threads would keep the program waiting
    }

    /** Reads JSON into maps, lists, strings, booleans and BigDecimals, whose digits stay as they are, and writes it. */
    static final class Json {
        final String text;
        int at;

        Json(String text) {
            this.text = text;
        }

        static Object parse(String text) {
            var json = new Json(text);
            var value = json.value();
            if (json.peek() != 0) throw json.wrong();
            return value;
        }

        char peek() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
            return at < text.length() ? text.charAt(at) : 0;
        }

        boolean take(char c) {
            if (peek() != c) return false;
            at++;
            return true;
        }

        void expect(char c) {
            if (!take(c)) throw wrong();
        }

        IllegalArgumentException wrong() {
            return new IllegalArgumentException("not JSON at character " + at);
        }

        Object value() {
            switch (peek()) {
                case '{': return object();
                case '[': return list();
                case '"': return string();
                case 't': return word("true", true);
                case 'f': return word("false", false);
                case 'n': return word("null", null);
            }
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            return new BigDecimal(text.substring(start, at)); // throws on what is no number
        }

        Object word(String word, Object value) {
            if (!text.startsWith(word, at)) throw wrong();
            at += word.length();
            return value;
        }

        Map<String, Object> object() {
            var object = new LinkedHashMap<String, Object>();
            expect('{');
            if (take('}')) return object;
            do {
                peek();
                var name = string();
                expect(':');
                object.put(name, value());
            } while (take(','));
            expect('}');
            return object;
        }

        List<Object> list() {
            var list = new ArrayList<>();
            expect('[');
            if (take(']')) return list;
            do list.add(value()); while (take(','));
            expect(']');
            return list;
        }

        String string() {
            var out = new StringBuilder();
            expect('"');
            for (; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return out.toString();
                }
                if (c == '\\' && ++at < text.length()) {
                    c = text.charAt(at);
                    if (c == 'u' && at + 4 < text.length()) {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    } else if ("bfnrt".indexOf(c) >= 0) {
                        c = "\b\f\n\r\t".charAt("bfnrt".indexOf(c));
                    }
                }
                out.append(c);
            }
            throw wrong();
        }

        static String write(Object value) {
            var parts = new StringJoiner(",", value instanceof Map ? "{" : "[", value instanceof Map ? "}" : "]");
            if (value instanceof Map<?, ?> object) {
                object.forEach((name, field) -> parts.add(quote((String) name) + ":" + write(field)));
            } else if (value instanceof List<?> list) {
                list.forEach(element -> parts.add(write(element)));
            } else {
                return value instanceof String text ? quote(text) : String.valueOf(value);
            }
            return parts.toString();
        }

        static String quote(String text) {
            var out = new StringBuilder("\"");
            for (char c : text.toCharArray()) {
                if (c == '"' || c == '\\') out.append('\\').append(c);
                else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
                else out.append(c);
            }
            return out.append('"').toString();
        }
    }
}
