<?php
// A client of the D24 payment APIs in PHP 8, on its own extensions alone. It reads one
// JSON object a line and writes one a line:
//
//   d24conform run client --adapter 'php cmd/adapters/php/adapter.php'
//
// HTTP is curl's: PHP's streams have no timeout for a whole answer, and take half a
// body for a whole one.
declare(strict_types=1);

const TRIES = 3; // of one operation, the first included

final class Client
{
    private array $deposits;
    private array $cashouts;

    public function __construct(private string $base, private string $caFile, array $credentials)
    {
        if (!str_starts_with($base, 'https://')) {
            throw new InvalidArgumentException('base_url is not https');
        }
        $this->deposits = $credentials['deposits'] ?? [];
        $this->cashouts = $credentials['cashouts'] ?? [];
    }

    /** One attempt, on a connection of its own. It follows no redirect, and throws when no whole answer came. */
    private function attempt(string $method, string $path, array $headers, string $body): array
    {
        $received = [];
        $curl = curl_init($this->base . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => array_map(fn ($name, $value) => "$name: $value", array_keys($headers), $headers),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTPS,
            CURLOPT_TIMEOUT_MS => (int) (1000 * (float) (getenv('D24_TIMEOUT') ?: 5)), // answer included
            CURLOPT_NOSIGNAL => true, // else timeouts are whole seconds
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$received): int {
                [$name, $value] = explode(':', $line, 2) + [1 => ''];
                $received[strtolower($name)] = trim($value);
                return strlen($line);
            },
        ] + ($this->caFile === '' ? [] : [CURLOPT_CAINFO => $this->caFile]) + ($body === '' ? [] : [CURLOPT_POSTFIELDS => $body]));
        $text = curl_exec($curl);
        if ($text === false) {
            throw new RuntimeException(curl_error($curl), curl_errno($curl));
        }
        return ['status' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'headers' => $received, 'body' => $text];
    }

    /**
     * The same request until it is answered: same key, same body. $sign makes the headers
     * of each attempt, for a time by the server's clock.
     */
    private function send(string $method, string $path, string $body, callable $sign, bool $repeatable): array
    {
        $skew = 0;
        $redated = false;
        for ($tries = 1; ; $tries++) {
            $last = $tries === TRIES;
            $pause = 0.05 * 2 ** $tries;
            $headers = ['Content-Type' => 'application/json', 'User-Agent' => 'example-php/1', 'Expect' => '']
                + $sign(gmdate('Y-m-d\TH:i:s\Z', time() + $skew), $body);
            try {
                $answer = $this->attempt($method, $path, $headers, $body);
                if ($answer['status'] === 429 && !$last) {
                    $wait = $answer['headers']['retry-after'] ?? '';
                    $pause = ctype_digit($wait) ? min((int) $wait, 5) : 1;
                } elseif ($this->code($answer['body']) === 103 && !$redated && !$last) { // our clock is wrong: go by theirs
                    $redated = true;
                    $skew = (strtotime($answer['headers']['date'] ?? '') ?: time()) - time();
                    $pause = 0;
                } elseif ($answer['status'] < 500 || !$repeatable || $last) {
                    return ['status' => $answer['status'], 'body' => $answer['body']];
                }
            } catch (RuntimeException $error) {
                if (!$repeatable || $last) { // it may have been done all the same: ask for the status
                    return ['error' => $error->getCode() === CURLE_OPERATION_TIMEDOUT ? 'timeout' : $error->getMessage()];
                }
            }
            usleep((int) (1e6 * $pause));
        }
    }

    private function code(string $body): ?int
    {
        $refusal = json_decode($body, true); // null for a gateway's web page, say
        return is_array($refusal) ? $refusal['code'] ?? null : null;
    }

    public function authorization(string $date, string $body): string
    {
        return 'D24 ' . hash_hmac('sha256', $date . $this->deposits['api_key'] . $body, $this->deposits['api_signature']);
    }

    public function payloadSignature(string $body): string
    {
        return hash_hmac('sha256', $body, $this->cashouts['api_signature']);
    }

    private function signed(array $key = []): callable
    {
        return fn (string $date, string $body): array => [
            'X-Date' => $date, 'X-Login' => $this->deposits['api_key'], 'Authorization' => $this->authorization($date, $body),
        ] + $key;
    }

    public function create(string $path, array $r): array
    {
        return $this->send('POST', $path, encode($r['body']), $this->signed(['X-Idempotency-Key' => $r['idempotency_key'] ?? uuid()]), true);
    }

    public function status(string $path, int|string $id): array
    {
        return $this->send('GET', $path . '/' . rawurlencode((string) $id), '', $this->signed(), true);
    }

    public function lookup(string $path, array $r): array
    {
        $query = http_build_query(array_intersect_key($r, ['country' => 1, 'amount' => 1]));
        return $this->send('GET', "$path?$query", '', fn () => ['Authorization' => "Bearer {$this->deposits['read_only_key']}"], true);
    }

    /** A cashout has no idempotency key: one whose answer is lost is not sent again. */
    public function cashout(string $method, string $path, array $r, bool $repeatable = false): array
    {
        $body = encode($r['body'] + ['login' => $this->cashouts['api_key'], 'pass' => $this->cashouts['api_passphrase']]);
        return $this->send($method, $path, $body, fn ($date, $body) => ['Payload-Signature' => $this->payloadSignature($body)], $repeatable);
    }

    public function verify(array $r): bool
    {
        $header = array_change_key_case($r['headers']);
        if (str_starts_with($r['kind'], 'cashout')) {
            parse_str($r['body_text'], $form);
            $control = hash_hmac('sha256', "Be4{$form['external_id']}Bo7", $this->cashouts['api_signature']);
            return hash_equals(strtoupper($control), $form['control'] ?? '');
        }
        $text = ($header['x-date'] ?? '') . ($header['x-login'] ?? '') . $r['body_text'];
        return hash_equals('D24 ' . hash_hmac('sha256', $text, $this->deposits['api_signature']), $header['authorization'] ?? '');
    }
}

/** These bytes, in UTF-8, are signed and sent. */
function encode(array $body): string
{
    return json_encode($body, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
}

function uuid(): string
{
    $bytes = random_bytes(16);
    $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
    $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
}

$ops = [
    'create_deposit' => fn (Client $c, array $r) => $c->create('/v3/deposits', $r),
    'deposit_status' => fn (Client $c, array $r) => $c->status('/v3/deposits', $r['deposit_id']),
    'create_refund' => fn (Client $c, array $r) => $c->create('/v3/refunds', $r),
    'refund_status' => fn (Client $c, array $r) => $c->status('/v3/refunds', $r['refund_id']),
    'payment_methods' => fn (Client $c, array $r) => $c->lookup('/v3/payment_methods', $r),
    'exchange_rate' => fn (Client $c, array $r) => $c->lookup('/v3/exchange_rates', $r),
    'banks' => fn (Client $c, array $r) => $c->lookup('/v3/banks', $r),
    'create_cashout' => fn (Client $c, array $r) => $c->cashout('POST', '/v3/cashout', $r),
    'cashout_status' => fn (Client $c, array $r) => $c->cashout('POST', '/v3/cashout/status', $r, true),
    'update_cashout_status' => fn (Client $c, array $r) => $c->cashout('PUT', '/v3/cashout/status', $r),
    'cancel_cashout' => fn (Client $c, array $r) => $c->cashout('DELETE', '/v3/cashout/cancel', $r),
    'sign_deposit' => fn (Client $c, array $r) => ['authorization' => $c->authorization($r['x_date'], $r['body_text'])],
    'sign_cashout' => fn (Client $c, array $r) => ['payload_signature' => $c->payloadSignature($r['body_text'])],
    'verify_notification' => fn (Client $c, array $r) => ['accepted' => $c->verify($r)],
];

ini_set('display_errors', 'stderr'); // stdout is for answers
$client = null;
while (($line = fgets(STDIN)) !== false) {
    $r = json_decode($line, true, 512, JSON_BIGINT_AS_STRING);
    try {
        if ($r['op'] === 'hello') {
            $client = new Client($r['base_url'], $r['ca_file'] ?? '', $r['credentials']);
            $answer = ['name' => 'example-php', 'version' => '1', 'ops' => array_keys($ops)];
        } else {
            $answer = isset($ops[$r['op']]) ? $ops[$r['op']]($client, $r) : ['unsupported' => true];
        }
    } catch (Throwable $error) { // whatever is wrong with one request, the next is answered
        $answer = ['error' => $error->getMessage()];
    }
    echo json_encode(['id' => $r['id']] + $answer, JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
