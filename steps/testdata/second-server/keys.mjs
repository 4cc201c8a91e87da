// The store of idempotency keys.
//
// A key is taken before the operation begins and given its result when it ends; what
// comes in between under the same key waits for that, or is turned away (AMB-08).

import { createHash } from 'node:crypto';
import { Refusal } from './answers.mjs';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// inUse is the code of our own for a key whose first request is under way.
const inUse = 190;

export class Keys {
  #entries = new Map();

  constructor(set, defect) {
    this.set = set;
    this.defect = defect;
  }

  // scope is the name under which a key is kept: two keys that differ in any byte are
  // two keys, but for the case of UUIDs (AMB-07). Whether the path belongs to it is AMB-06.
  scope(call, login) {
    let key = call.headers['x-idempotency-key'];
    if (this.set.is('AMB-07', 'any-case') && uuid.test(key)) {
      key = key.toLowerCase();
    }
    const parts = [this.defect.sharesKeys ? '' : login, key];
    if (!this.set.is('AMB-06', 'global')) {
      parts.push(call.method, call.path);
    }
    return JSON.stringify(parts);
  }

  // once does the work for the first request under a scope, and returns its answer to
  // all others.
  async once(scope, call, work) {
    const fingerprint = createHash('sha256').update(call.path).update('\n').update(call.body).digest('base64');
    for (;;) {
      const entry = this.#entries.get(scope);
      if (!entry) {
        break;
      }
      if (entry.fingerprint !== fingerprint && this.set.is('AMB-05', 'reject')) {
        throw new Refusal(400, 104, 'key', call.headers['x-idempotency-key']);
      }
      if (entry.answer) {
        return this.defect.storedAnswer(entry.answer);
      }
      if (this.set.is('AMB-08', 'conflict')) {
        throw new Refusal(409, inUse, 'key', call.headers['x-idempotency-key']);
      }
      if (this.set.is('AMB-08', 'reject')) {
        throw new Refusal(400, 104, 'key', call.headers['x-idempotency-key']);
      }
      await entry.done;
    }
    const entry = { fingerprint, answer: null, done: null };
    let finish;
    entry.done = new Promise((resolve) => { finish = resolve; });
    this.#entries.set(scope, entry);
    try {
      entry.answer = await work();
      return entry.answer;
    } finally {
      if (!entry.answer) {
        this.#entries.delete(scope); // work never throws; were it to, nobody must wait for ever
      }
      finish();
    }
  }

  // keep stores the answer to a request that did not get as far as `once`: under
  // AMB-09 "store-all" a refusal uses up its key like anything else.
  keep(scope, call, answer) {
    if (!this.#entries.has(scope)) {
      const fingerprint = createHash('sha256').update(call.path).update('\n').update(call.body).digest('base64');
      this.#entries.set(scope, { fingerprint, answer, done: Promise.resolve() });
    }
  }
}
