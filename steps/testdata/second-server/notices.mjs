// What the server says by itself: that something has changed its status, to the URL that
// was given for it. What the status is it does not say.

import { createHmac } from 'node:crypto';

// The minutes between the deliveries of what was not taken.
const gaps = [5, 25, 125, 625];

export class Notices {
  constructor({ environment, set, voice, clock, defect }) {
    Object.assign(this, { environment, set, voice, clock, defect });
  }

  deposit(id, { order }) {
    this.#tell(order.notification_url, () => {
      const { body } = this.voice.say(200, { deposit_id: this.set.manners.idsAsText ? id : Number(id) });
      return { body, headers: { 'Content-Type': this.set.manners.contentType, ...this.#authorization(body) } };
    });
  }

  refund({ id, url }) {
    this.#tell(url, () => {
      const { body } = this.voice.say(200, { refund_id: this.set.manners.ids.refundAsText ? id : Number(id) });
      return { body, headers: { 'Content-Type': this.set.manners.contentType, ...this.#authorization(body) } };
    });
  }

  // authorization covers the body, or date and login as well (AMB-30).
  #authorization(body) {
    if (this.defect.unsignedNotices) {
      return {};
    }
    const { login, secret } = this.environment.keys.deposits;
    const signed = this.defect.signsCompact ? JSON.stringify(JSON.parse(body)) : body;
    const hmac = createHmac('sha256', secret);
    if (this.set.is('AMB-30', 'body-only')) {
      return { Authorization: `D24 ${hmac.update(signed).digest('hex')}` };
    }
    const date = `${new Date(this.clock.now()).toISOString().slice(0, 19)}Z`;
    hmac.update(date).update(login).update(signed);
    return { 'X-Login': login, 'X-Date': date, Authorization: `D24 ${hmac.digest('hex')}` };
  }

  cashout({ id, external, url }) {
    const { secret } = this.environment.keys.cashouts;
    const date = new Date(this.clock.now()).toISOString().slice(0, 19).replace('T', ' ');
    const control = createHmac('sha256', secret).update(`Be4${external}Bo7`).digest('hex').toUpperCase();
    const fields = { cashout_id: id, control, date, external_id: external };
    this.#tell(url, () => {
      if (this.set.is('AMB-32', 'signature-only')) { // JSON, as the page on signatures has it
        const { body } = this.voice.say(200, { cashout_id: Number(id), external_id: external });
        const digest = createHmac('sha256', secret).update(body).digest('hex');
        return { body, headers: { 'Content-Type': 'application/json', 'Payload-Signature': digest } };
      }
      const body = Buffer.from(new URLSearchParams(fields).toString());
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      if (this.set.is('AMB-32', 'control-and-signature')) {
        headers['Payload-Signature'] = createHmac('sha256', secret).update(body).digest('hex');
      }
      return { body, headers };
    });
  }

  // tell sends what make makes, anew each time, until it is taken or it was sent often enough.
  async #tell(url, make) {
    if (!/^https?:\/\/127\.0\.0\.1:/.test(url ?? '')) {
      return; // it stays on this machine
    }
    for (const gap of [...gaps, 0]) {
      const { headers, body } = make();
      try {
        const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers, body });
        if (answer.ok) {
          return;
        }
      } catch {
        // Nobody was there.
      }
      await new Promise((due) => { setTimeout(due, gap * 60_000).unref(); });
    }
  }
}
