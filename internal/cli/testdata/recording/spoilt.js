// Requests that are signed right, and whose bodies no HAR of Chromium holds byte for byte.
const latin1 = text => Uint8Array.from(text, letter => letter.charCodeAt(0));
await deposits("POST", "/v3/deposits", { body: latin1(deposit("latin-1", "José")), key: crypto.randomUUID() });
await deposits("POST", "/v3/deposits", { body: deposit("replaced", "\ufffd"), key: crypto.randomUUID() });
const signed = deposit("stream", "Ana");
await deposits("POST", "/v3/deposits", { body: new Blob([signed]).stream(), signed, key: crypto.randomUUID(), more: { duplex: "half" } });
// What never leaves the browser, or is no request of the page: an answer out of the cache,
// and a call of another origin, which the preflight ends.
await fetch("/v3/payment_methods?country=BR", { cache: "only-if-cached", mode: "same-origin" }).catch(() => {});
await fetch(elsewhere + "/v3/payment_methods?country=BR", { headers: { Authorization: "Bearer " + keys.D24_READ_ONLY_KEY } }).catch(() => {});
