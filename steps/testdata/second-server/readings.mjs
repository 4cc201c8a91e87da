// The three sets of readings.
//
// `register` takes a position on each entry of the ambiguity register that a server
// of this kind can take a position on, in the register's own words. `manners` is what
// no register names and no client may rely on: HTTP statuses that no page gives, the
// spelling of JSON, the order in which faults are found, where the ids begin.
//
// The sets are as far from one another as the documents let them be. None of them is
// the right one.
//
// Some readings stand in no set: --reading asks for them one at a time.
//   AMB-03=d24-headers, AMB-03=basic   lookups take nothing but these
//   AMB-07=any-case                    UUIDs that differ in case alone are one key
//   AMB-08=conflict                    a key in flight is a 409 with a code of our own
//   AMB-22=100                         no Authorization is 401 with 100
//   AMB-40=until-cancelled             a cancelled cashout frees its external_id
//   AMB-48=letters-only                no emoji, <, > or & in a name
//   AMB-49=later                       what is given up comes back half a minute later

export const sets = {
  // Takes whatever some reader of the documents could call a correct request.
  lax: {
    register: {
      'AMB-01': 'basic-ok',
      'AMB-02': 'body-credentials',
      'AMB-03': 'hmac-also',
      'AMB-05': 'replay',
      'AMB-06': 'global',
      'AMB-07': 'case-matters',
      'AMB-08': 'wait',
      'AMB-09': 'known-caller',
      'AMB-14': 'inclusive',
      'AMB-16': 'rfc3339',
      'AMB-17': 'rfc3339',
      'AMB-18': 'case-insensitive',
      'AMB-19': 'case-insensitive',
      'AMB-21': 'bodies-only',
      'AMB-22': '101',
      'AMB-24': 'error',
      'AMB-26': 'flat',
      'AMB-27': '200',
      'AMB-29': 'large-ids',
      'AMB-30': 'body-only',
      'AMB-32': 'control-only',
      'AMB-40': 'for-ever',
      'AMB-41': 'lenient',
      'AMB-42': 'on-hold-open',
      'AMB-48': 'any-character',
      'AMB-49': 'at-once',
    },
    manners: {
      clock: 'floor', // compares whole seconds of its own clock, the fraction cut off
      dateHeader: true,
      order: ['dateForm', 'contentType', 'login', 'signature', 'window'],
      json: { indent: 2, ascii: false, newline: false },
      contentType: 'application/json; charset=utf-8',
      chunked: true,
      errorType: true,
      sparse: false,
      notUTF8: 'refuse', // as a body that cannot be read, before anything is signed
      blankKey: 'ignore',
      hosted: true,
      uniqueInvoices: false,
      stranger: { deposits: [403, 202], cashouts: [403, 402] },
      statuses: { bean: 422, early: 409, funds: 402, external: 409, malformed: 400, mediaType: 415, userAgent: 412 },
      ids: { deposit: 7300000001, refund: 90000000017, cashout: 5200000003, step: 1, refundAsText: false, cashoutAsText: true },
      texts: 'plain',
      slowness: '0', // milliseconds that creating something takes on top
      wall: false, // deposits: a stranger's connection is closed without a word
      fees: false, // a cashout costs 1.50, which has to be there too
      minimum: false, // no cashout below 5.00 (533)
      states: true, // there is an endpoint for states, which only an SDK calls
      spent: 802, // the code for a refund of a deposit of which nothing is left
      bothIds: false, // AMB-43: a cashout is named by both its ids
      idsAsText: false, // deposit ids are text, and not digits only
      hangsUp: false, // each connection serves one request
    },
  },

  // Refuses whatever some reader of the documents could call a fault.
  strict: {
    register: {
      'AMB-01': 'd24-only',
      'AMB-02': 'body-credentials',
      'AMB-03': 'bearer',
      'AMB-05': 'reject',
      'AMB-06': 'caller-and-path',
      'AMB-07': 'case-matters',
      'AMB-08': 'reject',
      'AMB-09': 'store-all',
      'AMB-14': 'strict',
      'AMB-16': 'literal-z',
      'AMB-17': 'literal-z',
      'AMB-18': 'exact',
      'AMB-19': 'exact',
      'AMB-21': 'strict',
      'AMB-22': '102',
      'AMB-24': 'refuse',
      'AMB-26': 'flat',
      'AMB-27': '201',
      'AMB-29': 'small-ids',
      'AMB-30': 'full',
      'AMB-32': 'control-and-signature',
      'AMB-40': 'for-ever',
      'AMB-41': 'required',
      'AMB-42': 'pending-only',
      'AMB-48': 'any-character',
      'AMB-49': 'at-once',
    },
    manners: {
      clock: 'exact', // compares to the millisecond
      dateHeader: true,
      order: ['contentType', 'login', 'dateForm', 'window', 'signature'],
      json: { indent: 0, ascii: true, newline: true },
      contentType: 'application/json',
      chunked: false,
      errorType: true,
      sparse: false,
      notUTF8: 'raw', // signed over the bytes as they came
      blankKey: 'refuse',
      hosted: false, // the interface file's required fields are required
      uniqueInvoices: true,
      stranger: { deposits: [401, 201], cashouts: [401, 402] },
      statuses: { bean: 400, early: 400, funds: 412, external: 412, malformed: 412, mediaType: 400, userAgent: 400 },
      ids: { deposit: 412000007, refund: 168284, cashout: 8405147, step: 7, refundAsText: false, cashoutAsText: true },
      texts: 'terse',
      slowness: '5',
      wall: false,
      fees: false,
      minimum: true,
      states: true,
      spent: 801, // as of a deposit that cannot be refunded yet
      bothIds: false,
      idsAsText: false,
      hangsUp: false,
    },
  },

  // A bit of both, and the spellings that the other two leave out.
  mixed: {
    register: {
      'AMB-01': 'd24-only',
      'AMB-02': 'body-credentials',
      'AMB-03': 'bearer',
      'AMB-05': 'reject',
      'AMB-06': 'global',
      'AMB-07': 'case-matters',
      'AMB-08': 'wait',
      'AMB-09': 'known-caller',
      'AMB-14': 'inclusive',
      'AMB-16': 'literal-z',
      'AMB-17': 'rfc3339',
      'AMB-18': 'case-insensitive',
      'AMB-19': 'exact',
      'AMB-21': 'bodies-only',
      'AMB-22': '102',
      'AMB-24': 'redirect',
      'AMB-26': 'flat / nested', // nested where something is asked for; what creates something answers flat
      'AMB-27': '200',
      'AMB-29': 'large-ids / string-ids',
      'AMB-30': 'full',
      'AMB-32': 'signature-only',
      'AMB-40': 'for-ever',
      'AMB-41': 'lenient',
      'AMB-42': 'on-hold-open',
      'AMB-48': 'any-character',
      'AMB-49': 'at-once',
    },
    manners: {
      clock: 'nearest', // compares with its own clock rounded to the second
      dateHeader: false,
      order: ['signature', 'login', 'dateForm', 'window', 'contentType'],
      json: { indent: '\t', ascii: false, newline: true },
      contentType: 'application/json;charset=UTF-8',
      chunked: false,
      errorType: false,
      sparse: true, // optional fields are left out
      notUTF8: 'convert', // "we convert all the data we receive to UTF-8", and then sign that
      blankKey: 'refuse',
      hosted: true,
      uniqueInvoices: true,
      stranger: { deposits: [403, null], cashouts: [403, 402] },
      statuses: { bean: 412, early: 404, funds: 422, external: 422, malformed: 400, mediaType: 415, userAgent: 412 },
      ids: { deposit: 3000000001, refund: 20260001, cashout: 11954, step: 3, refundAsText: true, cashoutAsText: false },
      texts: 'spanish',
      slowness: '0',
      wall: false,
      fees: true,
      minimum: false,
      states: true,
      spent: 208,
      bothIds: false,
      idsAsText: false,
      hangsUp: true,
    },
  },
};

// take returns a set by name, with some entries of its register changed
// ("AMB-02=basic-required") and some manners ("hosted=false").
export function take(name, changes = []) {
  const set = sets[name];
  if (!set) {
    throw new Error(`there is no set of readings called ${name}: take one of ${Object.keys(sets).join(', ')}`);
  }
  const register = { ...set.register };
  const manners = { ...set.manners };
  for (const change of changes) {
    const [what, value] = change.split('=');
    if (what in register) {
      register[what] = value;
    } else if (what in manners && typeof manners[what] === 'boolean') {
      manners[what] = value === 'true';
    } else if (what in manners && typeof manners[what] === 'string') {
      manners[what] = value;
    } else {
      throw new Error(`${what} is neither a reading nor a manner that can be changed`);
    }
  }
  return { name, register, manners, is: (id, reading) => register[id] === reading };
}
