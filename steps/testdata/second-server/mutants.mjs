// Single defects that the server can be started with. Each names the place where it
// takes effect; a server without a mutant asks these functions too and gets the right
// answer, so the normal path has no other shape than the broken one.

import { setTimeout } from 'node:timers/promises';

// alone is how long a cashout that takes the last of the balance is held up when no other
// comes. It is far more than two that are sent at once lie apart on a busy machine. Those
// that are sent at once are alike, so only one that is like the one before is held up.
const alone = 5000;

const described = {
  'window-7s': 'a date is taken up to 7 seconds from the clock',
  'fresh-body-on-500': 'the replay of a stored error 500 has a body of its own',
  'external-id-reused-after-reject': 'the external id of a rejected cashout is free again',
  'balance-race': 'two cashouts at once both see the balance as it was before either',
  'forwarded-for-trusted': 'the whitelist believes X-Forwarded-For',
  'keys-across-environments': 'one store of idempotency keys for both environments',
  'notices-unsigned': 'notifications of deposits have no Authorization',
  'notices-signed-compact': 'notifications of deposits are signed as compact JSON, and sent otherwise',
};

export const mutants = Object.keys(described);

export function defect(name) {
  if (name !== '' && !described[name]) {
    throw new Error(`there is no mutant called ${name}: take one of ${mutants.join(', ')}`);
  }
  const is = (one) => name === one;
  let meet = null; // lets go of who waits
  let lastCost = null;
  return {
    windowSeconds: is('window-7s') ? 7 : 5,
    storedAnswer: (answer) => {
      if (!is('fresh-body-on-500') || answer.status !== 500) {
        return answer;
      }
      return { ...answer, body: Buffer.from(answer.body.toString().replace(/at \d+/, `at ${process.hrtime.bigint()}`)) };
    },
    freesExternalID: is('external-id-reused-after-reject'),
    locksBalance: !is('balance-race'),
    // Without the lock a race is lost now and then, when the requests come close enough
    // together. To lose every one, who would leave too little for another like it waits
    // until another has looked.
    looked: async (balance, cost) => {
      const alike = cost === lastCost;
      lastCost = cost;
      if (!is('balance-race') || !alike || balance < cost || balance >= 2n * cost) {
        return;
      }
      if (meet) {
        meet();
        return;
      }
      await Promise.race([setTimeout(alone), new Promise((resolve) => { meet = resolve; })]);
      meet = null;
    },
    peer: (call) => (is('forwarded-for-trusted') && call.headers['x-forwarded-for']) || call.peer,
    sharesKeys: is('keys-across-environments'),
    unsignedNotices: is('notices-unsigned'),
    signsCompact: is('notices-signed-compact'),
  };
}
