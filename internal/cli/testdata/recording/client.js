// A merchant's client that runs in a page, and signs with WebCrypto what it sends.
// keys are the D24_… variables.

const utf8 = new TextEncoder();

async function hmac(secret, bytes) {
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return Array.from(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes)), byte => byte.toString(16).padStart(2, "0")).join("");
}

const now = () => new Date().toISOString().replace(/\.\d+/, "");

// deposits sends one signed request. signed is what the signature is over where that is
// not what is sent; more is what else fetch is told.
async function deposits(method, path, { body = "", signed = body, key, more } = {}) {
  const headers = { "X-Date": now(), "X-Login": keys.D24_DEPOSITS_API_KEY };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["X-Idempotency-Key"] = key;
  const bytes = await new Blob([headers["X-Date"], headers["X-Login"], signed]).arrayBuffer();
  headers.Authorization = "D24 " + await hmac(keys.D24_DEPOSITS_API_SIGNATURE, bytes);
  return (await fetch(path, { method, headers, body: body || undefined, ...more })).json();
}

const deposit = (invoice_id, first_name) => JSON.stringify({ invoice_id, amount: 100, country: "BR", currency: "BRL", payer: { first_name } });

// create creates a deposit, and tries again with another date when there is no answer.
async function create(body, keyOf = key => key) {
  for (let key = crypto.randomUUID(); ; key = keyOf(key)) {
    const date = now();
    try {
      return await deposits("POST", "/v3/deposits", { body, key });
    } catch {
      while (now() === date) await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

const lookup = async path => (await fetch(path, { headers: { Authorization: "Bearer " + keys.D24_READ_ONLY_KEY } })).json();

async function cashouts(path, order) {
  const body = JSON.stringify({ login: keys.D24_CASHOUTS_API_KEY, pass: keys.D24_CASHOUTS_API_PASSPHRASE, ...order });
  const headers = { "Content-Type": "application/json", "Payload-Signature": await hmac(keys.D24_CASHOUTS_API_SIGNATURE, utf8.encode(body)) };
  return (await fetch(path, { method: "POST", headers, body })).json();
}
