// The merchant panel and the bank, for tests: a folder in which others leave files.
// The server does what they ask for when it notices, and before each request at the latest.
//
//   approve-ID cancel-ID expire-ID    a deposit, once; the file is removed
//   deliver-ID complete-ID reject-ID recall-ID            a cashout, once
//   refundsent-ID refundpaid-ID refundrejected-ID         a refund, once
//   funds                           a link whose target is the new balance; removed
//   fail, drop                      the next POST to deposits or refunds; removed
//   allowed-PRODUCT-IP              on the whitelist for as long as the file is there
//
// And it leaves files itself: counts/INVOICE holds how many deposits have that invoice_id.
//
// Files have no order of their own, so the order is the one in which the actions can
// follow one another.

import fs from 'node:fs';
import path from 'node:path';
import { fromPanel } from './money.mjs';

const actions = [
  'funds', 'fail', 'drop', 'approve', 'cancel', 'expire', 'deliver', 'complete', 'reject', 'recall',
  'refundsent', 'refundpaid', 'refundrejected',
];

export class Panel {
  constructor(folder, environment) {
    this.folder = folder;
    this.environment = environment;
    if (folder) {
      const counts = path.join(folder, 'counts');
      const seen = new Map();
      fs.mkdirSync(counts, { recursive: true });
      environment.counted = (invoice) => {
        seen.set(invoice, (seen.get(invoice) ?? 0) + 1);
        fs.writeFileSync(path.join(counts, invoice), `${seen.get(invoice)}\n`);
      };
      fs.watch(folder, { persistent: false }, () => this.attend());
    }
  }

  attend() {
    if (!this.folder) {
      return;
    }
    const files = fs.readdirSync(this.folder);
    for (const action of actions) {
      for (const file of files) {
        const dash = file.indexOf('-');
        const [what, id] = dash < 0 ? [file, ''] : [file.slice(0, dash), file.slice(dash + 1)];
        if (what === action) {
          this.#carryOut(action, id, path.join(this.folder, file));
        }
      }
    }
    for (const product of ['deposits', 'cashouts']) {
      const prefix = `allowed-${product}-`;
      const listed = files.filter((f) => f.startsWith(prefix)).map((f) => f.slice(prefix.length));
      this.environment.whitelists[product] = new Set(['127.0.0.1', ...listed]);
    }
  }

  #carryOut(action, id, file) {
    const env = this.environment;
    // Taken before it is read: another of that name may be put in its place meanwhile.
    const taken = path.join(this.folder, '.taken');
    try {
      fs.renameSync(file, taken);
    } catch {
      return; // it is being replaced, and comes again
    }
    const balance = action === 'funds' ? fromPanel(fs.readlinkSync(taken)) : null;
    fs.unlinkSync(taken);
    switch (action) {
      case 'funds':
        env.balance = balance ?? env.balance;
        break;
      case 'fail':
      case 'drop':
        env.faults[action] = true;
        break;
      case 'approve':
        settle(env, id, 'COMPLETED');
        break;
      case 'cancel':
        settle(env, id, 'CANCELLED');
        break;
      case 'expire':
        settle(env, id, 'EXPIRED');
        break;
      case 'refundsent':
      case 'refundpaid':
      case 'refundrejected':
        move(env, env.refunds.get(id), action);
        break;
      default:
        advance(env, env.cashouts.get(id), action);
    }
  }
}

// move is what the bank does to a refund. A rejected one can be made again.
function move(env, refund, action) {
  const [from, to] = {
    refundsent: [['PENDING'], 'DELIVERED'],
    refundpaid: [['PENDING', 'DELIVERED'], 'COMPLETED'],
    refundrejected: [['PENDING', 'DELIVERED'], 'REJECTED'],
  }[action];
  if (!refund || !from.includes(refund.status)) {
    return;
  }
  refund.status = to;
  if (to === 'REJECTED') {
    refund.deposit.refunded -= refund.amount;
  }
  env.notices.refund(refund);
}

// settle ends an open deposit. One that is paid becomes money to pay out with.
function settle(env, id, status) {
  const deposit = env.deposits.get(id);
  if (!deposit || !['CREATED', 'PENDING'].includes(deposit.status)) {
    return;
  }
  deposit.status = status;
  if (status === 'COMPLETED') {
    env.balance += deposit.amount;
  }
  env.notices.deposit(id, deposit);
}

// advance is what the bank does to a cashout, and the panel's cancel: 0 pending, 4
// delivered, 1 completed, 2 cancelled, 3 rejected, 5 on hold. One that is not paid gives its
// money back.
function advance(env, cashout, action) {
  const [from, to] = { deliver: [[0], 4], complete: [[0, 4], 1], reject: [[0, 4], 3], recall: [[0, 5], 2] }[action];
  if (!cashout || !from.includes(cashout.status)) {
    return;
  }
  cashout.status = to;
  if (to === 2 || to === 3) {
    env.giveBack(cashout);
  }
  env.notices.cashout(cashout);
}
