// The deposits API: who is calling, what for, and what comes of it.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { TextDecoder } from 'node:util';
import { Refusal } from './answers.mjs';
import { isInTime, parseDate } from './clock.mjs';
import { cents, plain } from './money.mjs';
import { isOdd } from './names.mjs';
import { lookUp } from './readonly.mjs';
import { gap } from './store.mjs';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// textOf is a body as text; null where it is not UTF-8.
function textOf(body) {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

function same(a, b) {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

export class Deposits {
  constructor({ environment, set, voice, clock, keys, defect }) {
    Object.assign(this, { environment, set, voice, clock, keys, defect });
  }

  // serves says whether a path is this API's.
  serves(path) {
    return ['/v3/deposits', '/v3/refunds', '/v3/payment_methods', '/v3/exchange_rates', '/v3/banks', '/v3/states']
      .some((p) => path === p || path.startsWith(`${p}/`));
  }

  async answer(call) {
    const asking = call.method === 'GET';
    try {
      return await this.#route(call);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) {
        throw refusal;
      }
      const answer = this.voice.refuse(refusal, 'deposits', asking);
      const key = call.headers['x-idempotency-key'];
      if (this.set.is('AMB-09', 'store-all') && !asking && key && call.headers['x-login'] === this.environment.keys.deposits.login) {
        this.keys.keep(this.keys.scope(call, call.headers['x-login']), call, answer);
      }
      return answer;
    }
  }

  async #route(call) {
    const { stranger } = this.set.manners;
    if (!this.environment.whitelists.deposits.has(this.defect.peer(call))) {
      if (this.set.manners.wall) {
        call.drop = true;
        return null;
      }
      throw new Refusal(...stranger.deposits, 'address');
    }
    const [, , kind, id, ...more] = call.path.split('/');
    if (more.length > 0) {
      throw new Refusal(404, 208, 'unknown');
    }
    if (kind !== 'deposits' && kind !== 'refunds') {
      return this.#readOnly(call);
    }
    this.#identify(call);
    if (call.method === 'GET' && id) {
      return kind === 'deposits' ? this.#depositStatus(id) : this.#refundStatus(id);
    }
    if (call.method !== 'POST' || id) {
      throw new Refusal(405, 200, 'method');
    }
    const work = () => this.#operate(kind, call);
    const key = call.headers['x-idempotency-key'];
    if (key === undefined || (key === '' && this.set.manners.blankKey === 'ignore')) {
      return work();
    }
    if (key.trim() === '') {
      throw new Refusal(400, 105, 'blank', 'X-Idempotency-Key');
    }
    return this.keys.once(this.keys.scope(call, call.headers['x-login']), call, work);
  }

  // identify is everything that must be right before a request is looked at. The
  // documents give no order for it (AMB-45), so each set has one of its own.
  #identify(call) {
    const checks = {
      contentType: () => this.#checkContentType(call),
      login: () => this.#checkLogin(call),
      dateForm: () => this.#checkDateForm(call),
      window: () => this.#checkWindow(call),
      signature: () => this.#checkSignature(call),
    };
    for (const name of this.set.manners.order) {
      checks[name]();
    }
  }

  #checkContentType(call) {
    const value = call.headers['content-type'];
    const strict = this.set.is('AMB-21', 'strict');
    if (call.body.length === 0 && !strict) {
      return;
    }
    if (value === undefined) {
      throw new Refusal(400, 101, 'header', 'Content-Type');
    }
    const media = strict ? value : value.split(';')[0].trim().toLowerCase();
    if (media !== 'application/json') {
      throw new Refusal(this.set.manners.statuses.mediaType, 101, 'header', 'Content-Type');
    }
  }

  #checkLogin(call) {
    const login = call.headers['x-login'];
    if (!login) {
      throw new Refusal(400, 101, 'header', 'X-Login');
    }
    if (!same(login, this.environment.keys.deposits.login)) {
      throw new Refusal(401, 100, 'login');
    }
  }

  #checkDateForm(call) {
    if (parseDate(call.headers['x-date'] ?? '', this.set) === null) {
      throw new Refusal(400, 101, 'header', 'X-Date');
    }
  }

  #checkWindow(call) {
    const date = parseDate(call.headers['x-date'], this.set);
    if (!isInTime(date, this.clock.now(), this.set, this.defect.windowSeconds)) {
      throw new Refusal(400, 103, 'window');
    }
  }

  #checkSignature(call) {
    const { login, secret } = this.environment.keys.deposits;
    const authorization = call.headers.authorization;
    if (!authorization) {
      throw {
        101: new Refusal(400, 101, 'header', 'Authorization'),
        102: new Refusal(400, 102, 'signature'),
        100: new Refusal(401, 100, 'login'),
      }[this.set.register['AMB-22']];
    }
    const basic = `Basic ${Buffer.from(`${login}:`).toString('base64')}`;
    if (this.set.is('AMB-01', 'basic-ok') && same(authorization, basic)) {
      return;
    }
    const scheme = this.set.is('AMB-19', 'case-insensitive') ? /^d24 /i : /^D24 /;
    let digest = authorization.replace(scheme, '');
    if (digest === authorization) {
      throw new Refusal(400, 102, 'signature');
    }
    if (this.set.is('AMB-18', 'case-insensitive')) {
      digest = digest.toLowerCase();
    }
    const hmac = createHmac('sha256', secret);
    hmac.update(call.headers['x-date'] ?? '').update(call.headers['x-login'] ?? '').update(this.#signedBytes(call));
    if (!same(digest, hmac.digest('hex'))) {
      throw new Refusal(400, 102, 'signature');
    }
  }

  // signedBytes is what the body counts as when it is signed. One that is not UTF-8 is
  // refused, taken as it is, or taken for the Latin-1 that it most likely is: "we
  // convert all the data we receive to UTF-8" (AMB-25).
  #signedBytes(call) {
    if (textOf(call.body) !== null) {
      return call.body;
    }
    switch (this.set.manners.notUTF8) {
      case 'convert':
        call.body = Buffer.from(call.body.toString('latin1'), 'utf8');
        return call.body;
      case 'refuse':
        throw this.#invalid('the body is not UTF-8');
      default:
        return call.body;
    }
  }

  #invalid(what) {
    return new Refusal(this.set.manners.statuses.bean, 201, 'body', what);
  }

  // identifyReader wants what lookups take (AMB-03): the read-only key as Bearer or as the
  // user of Basic, or the D24 headers.
  #identifyReader(call) {
    const { readOnly } = this.environment.keys.deposits;
    const authorization = call.headers.authorization ?? '';
    const reading = this.set.register['AMB-03'];
    if (reading === 'd24-headers' || (reading === 'hmac-also' && !authorization.startsWith('Bearer '))) {
      this.#identify(call);
      return;
    }
    const basic = `Basic ${Buffer.from(`${readOnly}:`).toString('base64')}`;
    if (!same(authorization, reading === 'basic' ? basic : `Bearer ${readOnly}`)) {
      throw new Refusal(401, 100, 'login');
    }
    if (this.set.is('AMB-21', 'strict')) {
      this.#checkContentType(call);
    }
  }

  #readOnly(call) {
    this.#identifyReader(call);
    if (call.method !== 'GET') {
      throw new Refusal(405, 200, 'method');
    }
    const found = !this.set.manners.states && call.path === '/v3/states' ? undefined : lookUp(call.path, call.query);
    if (found === undefined) {
      throw new Refusal(404, 208, 'unknown');
    }
    if (found === null) {
      throw this.#invalid('country: not one that we know');
    }
    return this.voice.say(200, found);
  }

  // operate is one operation, from the body to the answer. It never throws: a refusal
  // is a result like any other, and is stored as one.
  async #operate(kind, call) {
    const { faults } = this.environment;
    if (faults.fail) {
      faults.fail = false;
      return this.voice.say(500, { code: 500, description: `E-500 at ${process.hrtime.bigint()}` });
    }
    try {
      const order = this.#parse(call.body);
      const answer = kind === 'deposits' ? await this.#createDeposit(order) : await this.#createRefund(order);
      if (faults.drop) {
        faults.drop = false;
        call.drop = true;
      }
      return answer;
    } catch (refusal) {
      if (refusal instanceof Refusal) {
        return this.voice.refuse(refusal, 'deposits', false);
      }
      return this.voice.refuse(new Refusal(500, 500, 'failure'), 'deposits', false);
    }
  }

  #parse(body) {
    const text = textOf(body);
    let order = null;
    try {
      order = JSON.parse(text ?? '');
    } catch {
      throw this.#invalid('body: not JSON');
    }
    if (order === null || typeof order !== 'object' || Array.isArray(order)) {
      throw this.#invalid('body: not an object');
    }
    return order;
  }

  async #createDeposit(order) {
    const { environment: env, set: { manners } } = this;
    const amount = cents(order.amount);
    if (amount === null) {
      throw this.#invalid('amount: not a positive amount with at most two decimals');
    }
    if (!/^[A-Z]{2}$/.test(order.country ?? '')) {
      throw this.#invalid('country: not an ISO 3166 code');
    }
    this.#checkNames(order.payer?.first_name, order.payer?.last_name);
    const complete = Boolean(order.payer && order.payment_method && order.currency && order.invoice_id);
    if (!complete && !manners.hosted) {
      throw new Refusal(400, 418, 'body', 'a required field is missing');
    }
    const invoice = order.invoice_id ?? `MP_${env.nextID('deposit')}`;
    if (typeof invoice !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(invoice)) {
      throw this.#invalid('invoice_id: up to 128 of A-Z a-z 0-9 - _');
    }
    return env.locks.hold(`invoice:${invoice}`, async () => {
      if (manners.uniqueInvoices && env.invoices.has(invoice)) {
        throw new Refusal(409, 402, 'external', invoice);
      }
      await gap(Number(manners.slowness));
      env.invoices.add(invoice);
      env.counted(invoice);
      const id = (manners.idsAsText ? 'D-' : '') + env.nextID('deposit');
      env.deposits.set(id, {
        id, invoice, amount, refunded: 0n, order, status: complete ? 'PENDING' : 'CREATED',
      });
      return this.voice.say(Number(this.set.register['AMB-27']), this.#created(id));
    });
  }

  #checkNames(...names) {
    if (this.set.is('AMB-48', 'letters-only') && names.some(isOdd)) {
      throw this.#invalid('payer: letters, please');
    }
  }

  #created(id) {
    const { order, invoice, amount, status } = this.environment.deposits.get(id);
    const oneShot = status === 'PENDING';
    const answer = { deposit_id: this.#id(id), checkout_type: oneShot ? 'ONE_SHOT' : 'HOSTED' };
    if (this.set.manners.sparse) {
      return answer;
    }
    if (oneShot) {
      answer.payment_info = {
        metadata: { reference: `R${id}` },
        created_at: new Date(this.clock.now()).toISOString().slice(0, 19).replace('T', ' '),
        currency: order.currency,
        amount: plain(amount),
        payment_method: order.payment_method,
        type: 'BANK_TRANSFER',
      };
    }
    return { user_id: '77', merchant_invoice_id: invoice, iframe: false, redirect_url: `https://pay.example/${id}`, ...answer };
  }

  #id(id) {
    return this.set.manners.idsAsText ? id : Number(id);
  }

  #depositStatus(id) {
    if (!/^(D-)?[0-9]{1,18}$/.test(id)) {
      throw this.#invalid('deposit_id: not a number');
    }
    const deposit = this.environment.deposits.get(id);
    if (!deposit) {
      throw new Refusal(404, 208, 'unknown', id);
    }
    const { order } = deposit;
    const answer = { status: deposit.status, invoice_id: deposit.invoice, deposit_id: this.#id(id), country: order.country };
    if (this.set.manners.sparse) {
      return this.voice.say(200, answer);
    }
    return this.voice.say(200, {
      refunded: deposit.refunded > 0n, payer: order.payer, bonus_relative: 'false', local_amount: plain(deposit.amount),
      currency: order.currency, user_id: '77', ...answer,
    });
  }

  async #createRefund(order) {
    const { environment: env, set: { manners } } = this;
    const id = String(order.deposit_id ?? '');
    const deposit = env.deposits.get(id);
    if (!deposit || deposit.invoice !== order.invoice_id) {
      throw new Refusal(404, 208, 'unknown', id);
    }
    if (!manners.hosted && !order.bank_account) {
      throw new Refusal(400, 804, 'body', 'bank_account');
    }
    return env.locks.hold(`deposit:${id}`, async () => {
      const left = deposit.amount - deposit.refunded;
      if (deposit.status !== 'COMPLETED') {
        throw new Refusal(manners.statuses.early, 801, 'early');
      }
      await gap(Number(manners.slowness));
      if (left === 0n) {
        throw new Refusal(400, manners.spent, 'amount');
      }
      const amount = order.amount === undefined ? left : cents(order.amount);
      if (amount === null || amount === 0n || amount > left) {
        throw new Refusal(400, 802, 'amount');
      }
      deposit.refunded = deposit.amount - left + amount;
      const refund = env.nextID('refund');
      env.refunds.set(refund, { id: refund, deposit, amount, status: 'PENDING', url: order.notification_url });
      return this.voice.say(200, { refund_id: manners.ids.refundAsText ? refund : Number(refund) });
    });
  }

  #refundStatus(id) {
    const refund = this.environment.refunds.get(id);
    if (!refund) {
      throw new Refusal(404, 208, 'unknown', id);
    }
    const { deposit, amount, status } = refund;
    return this.voice.say(200, {
      amount: plain(amount), status, merchant_invoice_id: deposit.invoice, deposit_id: this.#id(deposit.id),
    });
  }
}
