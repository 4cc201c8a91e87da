// What goes back: bytes of JSON, and the refusals. Every set spells them its own way,
// and no text here is one that another server uses.

// A Refusal ends the handling of a request. `code` may be null: some gateways in front
// of an API know no codes.
export class Refusal extends Error {
  constructor(status, code, topic, detail = '') {
    super(topic);
    Object.assign(this, { status, code, topic, detail });
  }
}

// The documented words for the documented codes of deposits.
const types = {
  100: 'INVALID_CREDENTIALS',
  101: 'MISSING_REQUIRED_HEADER',
  102: 'INVALID_SIGNATURE',
  103: 'INVALID_DATE_RANGE',
  104: 'IDEMPOTENCY_KEY_ALREADY_USED',
  105: 'EMPTY_HEADER_VALUE',
  200: 'METHOD_NOT_ALLOWED',
  208: 'RESOURCE_NOT_FOUND',
  500: 'GENERIC_ERROR',
  802: 'INVALID_AMOUNT_TO_REFUND',
};

const texts = {
  plain: {
    address: 'we do not know the place you are calling from',
    header: 'we need one more header, or that one in another form',
    login: 'nobody is registered under this login',
    signature: 'the seal on this request is not the one we get',
    window: 'your watch and ours are too far apart',
    key: 'this key has served already',
    blank: 'a header is there and says nothing',
    body: 'we could not make sense of the body',
    unknown: 'nothing of that name here',
    method: 'not with that verb',
    early: 'the money has not come in yet',
    amount: 'that is more than can go back',
    failure: 'something broke on our side',
    size: 'too much in one go',
    credentials: 'login and pass do not belong together',
    external: 'you have used that external id before',
    funds: 'there is not enough on the account',
    state: 'it is too late for that',
    https: 'only over https, please',
  },
  terse: {},
  spanish: {
    address: 'dirección no autorizada',
    header: 'falta una cabecera o su formato no es válido',
    login: 'usuario desconocido',
    signature: 'la firma no coincide',
    window: 'fecha fuera de rango',
    key: 'clave ya utilizada',
    blank: 'cabecera vacía',
    body: 'petición no válida',
    unknown: 'no existe',
    method: 'método no permitido',
    early: 'el depósito aún no está acreditado',
    amount: 'importe de devolución no válido',
    failure: 'error interno',
    size: 'petición demasiado grande',
    credentials: 'credenciales no válidas',
    external: 'external_id repetido',
    funds: 'saldo insuficiente',
    state: 'transición de estado no permitida',
    https: 'use https',
  },
};

// A Voice turns objects into bytes as one set of readings does.
export class Voice {
  constructor(set) {
    this.set = set;
  }

  // say is an answer that can be stored: its bytes do not change any more.
  say(status, object) {
    const { indent, ascii, newline } = this.set.manners.json;
    let text = JSON.stringify(object, null, indent);
    if (ascii) {
      text = text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    }
    return { status, body: Buffer.from(text + (newline ? '\n' : '')) };
  }

  // refuse is the answer to a refused request of a product; `asking` says that it was
  // about something that exists, where one page nests the error.
  refuse(refusal, product, asking) {
    const { code, topic, detail, status } = refusal;
    const text = [texts[this.set.manners.texts][topic] ?? `E-${topic.toUpperCase()}`, detail].filter(Boolean).join(': ');
    if (code === null) {
      return this.say(status, { message: text });
    }
    if (product === 'cashouts') {
      return this.say(status, { message: text, code });
    }
    if (asking && this.set.is('AMB-26', 'flat / nested')) {
      return this.say(status, { error: { message: text, details: null, code: String(code) } });
    }
    const body = { description: text, code };
    if (this.set.manners.errorType && types[code]) {
      body.type = types[code];
    }
    if (code === 201 && detail) {
      body.details = [detail];
    }
    return this.say(status, body);
  }
}
