// A plain receiver of D24 notifications, of another hand: plain.mjs PORT JOURNAL.
//
// It keeps every documented rule, in one process and with one file. Like most programs of its
// kind it looks at no date, takes X-Login as it comes, and reads ids with JSON.parse.
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { request } from "node:https";

const [port, path] = process.argv.slice(2);
const env = process.env;
const ca = readFileSync(env.D24_CA_FILE);
const released = new Map();
if (existsSync(path)) {
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) released.set(line, 1);
}
const journal = openSync(path, "a");
const hmac = (secret, ...parts) => {
  const made = createHmac("sha256", secret);
  for (const part of parts) made.update(part);
  return made.digest("hex");
};
const same = (given, right) => given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right));

// call asks the provider and resolves to the JSON of a 200; everything else is an error.
const call = (method, where, headers, body) =>
  new Promise((resolve, reject) => {
    const asked = request(new URL(where, env.D24_BASE_URL), { method, ca, timeout: 3000, headers: { "Content-Type": "application/json", "User-Agent": "plain-node/1", ...headers } }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("aborted")));
      response.on("end", () => {
        try {
          if (response.statusCode !== 200) throw new Error(`status call: ${response.statusCode}`);
          resolve(JSON.parse(Buffer.concat(parts).toString()));
        } catch (problem) {
          reject(problem);
        }
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("timeout")));
    asked.on("error", reject);
    asked.end(body);
  });

async function isCompleted(kind, id, externalID) {
  if (kind === "cashout") {
    const body = JSON.stringify({ login: env.D24_CASHOUTS_API_KEY, pass: env.D24_CASHOUTS_API_PASSPHRASE, cashout_id: Number(id), external_id: externalID });
    const answer = await call("POST", "/v3/cashout/status", { "Payload-Signature": hmac(env.D24_CASHOUTS_API_SIGNATURE, body) }, body);
    if (typeof answer.cashout_status !== "number") throw new Error("no status");
    return answer.cashout_status === 1;
  }
  const date = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const login = env.D24_DEPOSITS_API_KEY;
  const answer = await call("GET", `/v3/${kind}s/${id}`, { "X-Date": date, "X-Login": login, Authorization: `D24 ${hmac(env.D24_DEPOSITS_API_SIGNATURE, date, login)}` });
  if (typeof answer.status !== "string") throw new Error("no status");
  return answer.status === "COMPLETED";
}

async function notified(headers, body) {
  let kind, id, externalID;
  if ((headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")) {
    const form = new URLSearchParams(body.toString());
    externalID = form.get("external_id") ?? "";
    if (!same(form.get("control") ?? "", hmac(env.D24_CASHOUTS_API_SIGNATURE, `Be4${externalID}Bo7`).toUpperCase())) return 401;
    [kind, id] = ["cashout", form.get("cashout_id")];
  } else {
    const right = `D24 ${hmac(env.D24_DEPOSITS_API_SIGNATURE, headers["x-date"] ?? "", headers["x-login"] ?? "", body)}`;
    if (!same(headers.authorization ?? "", right)) return 401;
    const message = JSON.parse(body);
    kind = message.refund_id === undefined ? "deposit" : "refund";
    id = message[`${kind}_id`];
  }
  const key = `${kind} ${id}`;
  if (released.has(key) || !(await isCompleted(kind, id, externalID))) return 200;
  if (!released.has(key)) {
    appendFileSync(journal, key + "\n");
    fsyncSync(journal);
    released.set(key, 1);
  }
  return 200;
}

createServer((asked, answer) => {
  const parts = [];
  asked.on("data", (part) => parts.push(part));
  asked.on("end", async () => {
    const url = new URL(asked.url, "http://receiver");
    if (asked.method === "GET") {
      answer.end(JSON.stringify({ releases: released.get(`${url.searchParams.get("kind")} ${url.searchParams.get("id")}`) ?? 0 }));
      return;
    }
    answer.statusCode = await notified(asked.headers, Buffer.concat(parts)).catch(() => 503);
    answer.end();
  });
}).listen(Number(port), "127.0.0.1");
process.on("exit", () => closeSync(journal));
