// The state of one environment, and what keeps two requests from treading on each
// other's toes.
//
// JavaScript runs one thing at a time, which makes check-then-act look safe as long as
// nothing is awaited in between. A real server waits for its database there. So every
// operation awaits `gap()` between reading and committing, and is right only because
// of the locks.

import { setTimeout as after } from 'node:timers';
import { setImmediate, setTimeout } from 'node:timers/promises';

// gap lets everybody else go first, a few times over, and sometimes for longer.
let gaps = 0;
export async function gap(slowMs = 0) {
  gaps += 1;
  if (slowMs > 0) {
    await setTimeout(slowMs);
  }
  for (let i = 0; i < 3; i += 1) {
    await setImmediate();
  }
  if (gaps % 5 === 0) {
    await setTimeout(2);
  }
}

// Locks are queues by name: whoever comes second waits for the first to be done.
export class Locks {
  #tails = new Map();

  async hold(name, work) {
    const before = this.#tails.get(name) ?? Promise.resolve();
    let release;
    const mine = new Promise((resolve) => { release = resolve; });
    this.#tails.set(name, mine);
    await before;
    try {
      return await work();
    } finally {
      release();
      if (this.#tails.get(name) === mine) {
        this.#tails.delete(name);
      }
    }
  }
}

// later is when an amount comes back that does not come back at once (AMB-49).
const later = 30_000;

// An Environment is one merchant's account on one of the provider's domains. Two of
// them share nothing. They count their ids alike, so that a number alone does not tell
// which of them an object belongs to.
export class Environment {
  constructor(name, keys, set) {
    this.name = name;
    this.keys = keys;
    this.set = set;
    this.whitelists = { deposits: new Set(['127.0.0.1']), cashouts: new Set(['127.0.0.1']) };
    this.deposits = new Map();
    this.refunds = new Map();
    this.cashouts = new Map();
    this.invoices = new Set();
    this.externalIDs = new Map();
    this.balance = 5_000_000_00n;
    this.faults = { fail: false, drop: false };
    this.locks = new Locks();
    this.ids = { ...set.manners.ids };
    this.counted = () => {}; // is told of each deposit's invoice_id
  }

  // giveBack returns what a cashout reserved that is not paid.
  giveBack(cashout) {
    const giveBack = () => { this.balance += cashout.reserved; };
    if (this.set.is('AMB-49', 'later')) {
      after(giveBack, later).unref();
    } else {
      giveBack();
    }
  }

  nextID(kind) {
    const id = this.ids[kind];
    this.ids[kind] += this.ids.step;
    return String(id);
  }
}
