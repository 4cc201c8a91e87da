// The cashouts API. Its requests carry no date and no key: the external id is what
// keeps a payment from being made twice.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './answers.mjs';
import { cents } from './money.mjs';
import { isOdd } from './names.mjs';
import { gap } from './store.mjs';

const words = { 0: 'Pending', 1: 'Completed', 2: 'Canceled', 3: 'Rejected', 4: 'Delivered', 5: 'On hold' };
const required = ['external_id', 'country', 'document_id', 'beneficiary_name', 'notification_url'];

function same(a, b) {
  const [x, y] = [Buffer.from(String(a ?? '')), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

export class Cashouts {
  constructor({ environment, set, voice, defect }) {
    Object.assign(this, { environment, set, voice, defect });
  }

  serves(path) {
    return path === '/v3/cashout' || path.startsWith('/v3/cashout/');
  }

  async answer(call) {
    try {
      return await this.#route(call);
    } catch (refusal) {
      if (refusal instanceof Refusal) {
        return this.voice.refuse(refusal, 'cashouts', false);
      }
      throw refusal;
    }
  }

  async #route(call) {
    if (!this.environment.whitelists.cashouts.has(this.defect.peer(call))) {
      throw new Refusal(...this.set.manners.stranger.cashouts, 'address');
    }
    this.#checkHeaders(call);
    const order = this.#parse(call);
    this.#identify(call, order);
    switch (`${call.method} ${call.path}`) {
      case 'POST /v3/cashout':
        return this.#create(order);
      case 'POST /v3/cashout/status':
        return this.#say(this.#find(order));
      case 'PUT /v3/cashout/status':
        return this.#update(order);
      case 'DELETE /v3/cashout/cancel':
        return this.#cancel(order);
      default:
        throw new Refusal(404, 300, 'unknown', call.path);
    }
  }

  #checkHeaders(call) {
    if (this.set.is('AMB-41', 'required') && !call.headers['user-agent']) {
      throw new Refusal(this.set.manners.statuses.userAgent, 300, 'header', 'User-Agent');
    }
    const type = call.headers['content-type'] ?? '';
    if (this.set.is('AMB-21', 'strict') && type !== 'application/json') {
      throw new Refusal(this.set.manners.statuses.mediaType, 300, 'header', 'Content-Type');
    }
  }

  #parse(call) {
    let order = null;
    try {
      order = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(call.body));
    } catch {
      // Whether the signature of what cannot be read is right makes no difference.
    }
    if (order === null || typeof order !== 'object' || Array.isArray(order)) {
      throw new Refusal(this.set.manners.statuses.malformed, 502, 'body');
    }
    return order;
  }

  // identify wants the credentials of the body, and a signature over all of it.
  #identify(call, order) {
    const { login, pass, secret } = this.environment.keys.cashouts;
    const basic = `Basic ${Buffer.from(`${login}:${pass}`).toString('base64')}`;
    const named = same(order.login, login) && same(order.pass, pass);
    if (!named || (this.set.is('AMB-02', 'basic-required') && !same(call.headers.authorization, basic))) {
      throw new Refusal(401, 401, 'credentials');
    }
    const digest = createHmac('sha256', secret).update(call.body).digest('hex');
    if (!same(call.headers['payload-signature'], digest)) { // lower case, as the page says
      throw new Refusal(401, 302, 'signature');
    }
  }

  #create(order) {
    const { environment: env, set: { manners } } = this;
    const amount = cents(order.amount);
    if (amount === null) {
      throw new Refusal(412, 533, 'body', 'amount');
    }
    for (const field of required) {
      if (typeof order[field] !== 'string' || order[field] === '' || order[field].length > 1000) {
        throw new Refusal(412, 300, 'body', field);
      }
    }
    if (this.set.is('AMB-48', 'letters-only') && [order.beneficiary_name, order.beneficiary_lastname].some(isOdd)) {
      throw new Refusal(412, 300, 'body', 'beneficiary_name');
    }
    if (manners.minimum && amount < 5_00n) {
      throw new Refusal(412, 533, 'body', 'amount');
    }
    const fee = manners.fees ? 1_50n : 0n;
    const external = order.external_id;
    const pay = async () => {
      const before = env.balance;
      await gap();
      await this.defect.looked(before, amount + fee);
      if (before < amount + fee) {
        throw new Refusal(manners.statuses.funds, 514, 'funds'); // declined: the external id stays free
      }
      env.balance = before - amount - fee;
      const id = env.nextID('cashout');
      const cashout = { id, external, url: order.notification_url, reserved: amount + fee, status: order.on_hold === true ? 5 : 0 };
      env.cashouts.set(id, cashout);
      env.externalIDs.set(external, cashout);
      return this.voice.say(200, { cashout_id: manners.ids.cashoutAsText ? id : Number(id) });
    };
    return env.locks.hold(`external:${external}`, async () => {
      const earlier = env.externalIDs.get(external);
      await gap();
      const freed = this.set.is('AMB-40', 'until-cancelled') && earlier?.status === 2;
      if (earlier && !freed && !(this.defect.freesExternalID && earlier.status === 3)) {
        throw new Refusal(manners.statuses.external, 511, 'external', external);
      }
      return this.defect.locksBalance ? env.locks.hold('balance', pay) : pay();
    });
  }

  // find takes either id (AMB-43).
  #find(order) {
    const { cashouts, externalIDs } = this.environment;
    if (this.set.manners.bothIds && !(order.cashout_id && order.external_id)) {
      throw new Refusal(412, 300, 'body', 'cashout_id and external_id');
    }
    const id = order.cashout_id === undefined ? '' : String(order.cashout_id);
    const cashout = id ? cashouts.get(id) : externalIDs.get(order.external_id);
    if (!cashout) {
      throw new Refusal(412, 509, 'unknown');
    }
    return cashout;
  }

  // moving changes a status when nobody else is at it or at the balance.
  #moving(cashout, change) {
    return this.environment.locks.hold('balance', async () => {
      await gap();
      change();
      this.environment.notices.cashout(cashout);
      return this.#say(cashout);
    });
  }

  #update(order) {
    const cashout = this.#find(order);
    const [from, to] = { ON_HOLD: [0, 5], PENDING: [5, 0] }[order.status] ?? [];
    if (from === undefined) {
      throw new Refusal(400, 521, 'state', order.status);
    }
    return this.#moving(cashout, () => {
      if (cashout.status !== from) {
        throw new Refusal(400, 510, 'state', words[cashout.status]);
      }
      cashout.status = to;
    });
  }

  #cancel(order) {
    const cashout = this.#find(order);
    if (cashout.external !== order.external_id) {
      throw new Refusal(412, 509, 'unknown');
    }
    const open = this.set.is('AMB-42', 'on-hold-open') ? [0, 5] : [0];
    return this.#moving(cashout, () => {
      if (!open.includes(cashout.status)) {
        throw new Refusal(412, 510, 'state', words[cashout.status]);
      }
      cashout.status = 2;
      this.environment.giveBack(cashout);
    });
  }

  #say(cashout) {
    const answer = { cashout_status_description: words[cashout.status], cashout_status: cashout.status };
    if (cashout.status === 3) {
      answer.rejection_reason = 'the bank did not say';
      answer.rejection_code = 808;
    }
    return this.voice.say(200, answer);
  }
}
