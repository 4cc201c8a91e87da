// A client of the D24 payment APIs in node, on its standard library alone.
// It reads one JSON object a line and writes one a line:
//
//   d24conform run client --adapter 'node cmd/adapters/node/adapter.mjs'
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 3; // of one operation, the first included
const TIMEOUT_MS = 1000 * Number(process.env.D24_TIMEOUT ?? 5); // of one attempt, answer included
let base, ca, keys; // from hello

const hmac = (key, ...parts) => parts.reduce((h, part) => h.update(part), createHmac('sha256', key)).digest('hex');
const authorization = (date, body) => `D24 ${hmac(keys.deposits.api_signature, date, keys.deposits.api_key, body)}`;
const payloadSignature = (body) => hmac(keys.cashouts.api_signature, body);
const equal = (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
// A number of this language is exact up to 2^53: whole ones that are longer become strings.
const parse = (text) => JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|(?<![\w.+-])-?\d{16,}(?![\w.])/g, (found, string) => string ?? `"${found}"`));

// One attempt, on a connection of its own. It follows no redirect, and rejects when no whole answer came.
function attempt(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const options = { method, ca, headers: { ...headers, 'Content-Length': body.length }, agent: false, signal };
    https.request(base + path, options, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      } catch (error) {
        reject(error);
      }
    }).on('error', reject).end(body);
  });
}

const codeOf = (body) => {
  try {
    return JSON.parse(body)?.code;
  } catch {
    return undefined; // a gateway's web page, say
  }
};

// The same request until it is answered: same key, same body. sign makes the headers of each attempt, for a
// time by the server's clock.
async function send(method, path, text, sign, repeatable) {
  const body = Buffer.from(text); // these bytes, in UTF-8, are signed and sent
  let skew = 0;
  let redated = false;
  for (let tries = 1; ; tries++) {
    const last = tries === TRIES;
    const date = new Date(Date.now() + skew).toISOString().replace(/\.\d+Z$/, 'Z');
    const headers = { 'Content-Type': 'application/json', 'User-Agent': 'example-node/1', ...sign(date, body) };
    let pause = 50 * 2 ** tries;
    try {
      const answer = await attempt(method, path, headers, body);
      if (answer.status === 429 && !last) {
        pause = 1000 * Math.min(Number(answer.headers['retry-after'] ?? 1), 5);
      } else if (codeOf(answer.body) === 103 && !redated && !last) { // our clock is wrong: go by theirs
        redated = true;
        skew = new Date(answer.headers.date ?? Date.now()) - Date.now();
        pause = 0;
      } else if (answer.status < 500 || !repeatable || last) {
        return answer;
      }
    } catch (error) {
      if (!repeatable || last) throw error; // it may have been done all the same: ask for the status
    }
    await sleep(pause);
  }
}

const signed = (key) => (date, body) => ({
  'X-Date': date, 'X-Login': keys.deposits.api_key, Authorization: authorization(date, body), ...key,
});
const create = (path, r) =>
  send('POST', path, JSON.stringify(r.body), signed({ 'X-Idempotency-Key': r.idempotency_key ?? randomUUID() }), true);
const status = (path, id) => send('GET', `${path}/${encodeURIComponent(id)}`, '', signed({}), true);
const lookup = (path, query) =>
  send('GET', `${path}?${new URLSearchParams(query)}`, '', () => ({ Authorization: `Bearer ${keys.deposits.read_only_key}` }), true);
// A cashout has no idempotency key: one whose answer is lost is not sent again.
const cashout = (method, path, r, repeatable = false) =>
  send(method, path, JSON.stringify({ ...r.body, login: keys.cashouts.api_key, pass: keys.cashouts.api_passphrase }),
    (_, body) => ({ 'Payload-Signature': payloadSignature(body) }), repeatable);

const ops = {
  create_deposit: (r) => create('/v3/deposits', r),
  deposit_status: (r) => status('/v3/deposits', r.deposit_id),
  create_refund: (r) => create('/v3/refunds', r),
  refund_status: (r) => status('/v3/refunds', r.refund_id),
  payment_methods: (r) => lookup('/v3/payment_methods', { country: r.country }),
  exchange_rate: (r) => lookup('/v3/exchange_rates', { country: r.country, ...(r.amount && { amount: r.amount }) }),
  banks: (r) => lookup('/v3/banks', { country: r.country }),
  create_cashout: (r) => cashout('POST', '/v3/cashout', r),
  cashout_status: (r) => cashout('POST', '/v3/cashout/status', r, true),
  update_cashout_status: (r) => cashout('PUT', '/v3/cashout/status', r),
  cancel_cashout: (r) => cashout('DELETE', '/v3/cashout/cancel', r),
  sign_deposit: (r) => ({ authorization: authorization(r.x_date, r.body_text) }),
  sign_cashout: (r) => ({ payload_signature: payloadSignature(r.body_text) }),
  verify_notification: (r) => ({ accepted: verify(r) }),
};

function verify({ kind, headers, body_text: body }) {
  const header = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (kind.startsWith('cashout')) {
    const form = new URLSearchParams(body);
    const control = hmac(keys.cashouts.api_signature, `Be4${form.get('external_id')}Bo7`).toUpperCase();
    return equal(form.get('control') ?? '', control);
  }
  const { 'x-date': date = '', 'x-login': login = '', authorization: value = '' } = header;
  return equal(value, `D24 ${hmac(keys.deposits.api_signature, date, login, body)}`);
}

function hello(r) {
  if (!r.base_url.startsWith('https://')) throw new Error('base_url is not https');
  [base, ca, keys] = [r.base_url, r.ca_file ? readFileSync(r.ca_file) : undefined, r.credentials];
  return { name: 'example-node', version: '1', ops: Object.keys(ops) };
}

async function answer(r) {
  try {
    const run = r.op === 'hello' ? hello : ops[r.op];
    if (!run) return { unsupported: true };
    const { headers, ...result } = await run(r);
    return result;
  } catch (error) {
    return { error: error.name === 'AbortError' ? 'timeout' : error.message || error.code };
  }
}

let rest = '';
for await (const chunk of process.stdin.setEncoding('utf8')) {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const r = parse(line);
    process.stdout.write(`${JSON.stringify({ id: r.id, ...(await answer(r)) })}\n`);
  }
}
