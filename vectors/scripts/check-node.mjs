#!/usr/bin/env node
// Recomputes every digest and every date of the golden vectors with Node's standard library.
//
//     node vectors/scripts/check-node.mjs [DIR]
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dir = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
let digests = 0;
let dates = 0;

function wrong(c, text) {
  console.error(`node: ${c.id}: ${text}`);
  process.exit(1);
}

function answer({ algorithm, key_hex: keyHex, message, encoding, prefix }) {
  digests++;
  const hash = algorithm.startsWith('hmac-')
    ? createHmac(algorithm.slice(5), Buffer.from(keyHex, 'hex'))
    : createHash(algorithm);
  const digest = hash.update(message).digest();
  const notations = {
    'hex-lower': () => digest.toString('hex'),
    'hex-upper': () => digest.toString('hex').toUpperCase(),
    base64: () => digest.toString('base64'),
    'base64-of-hex': () => Buffer.from(digest.toString('hex')).toString('base64'),
  };
  return prefix + notations[encoding]();
}

// What is signed, what stands before the digest, and how the digest is written.
const dated = (c, body) => Buffer.concat([Buffer.from(c.x_date + c.x_login), body]);
const bodyOnly = (_, body) => body;
const kinds = {
  deposit_request: [dated, 'D24 ', 'hex-lower'],
  deposit_notification: [dated, 'D24 ', 'hex-lower'],
  refund_notification: [dated, 'D24 ', 'hex-lower'],
  deposit_notification_body_only: [bodyOnly, 'D24 ', 'hex-lower'],
  cashout_request: [bodyOnly, '', 'hex-lower'],
  cashout_notification_payload: [bodyOnly, '', 'hex-lower'],
  cashout_control: [(c) => Buffer.from(`Be4${c.external_id}Bo7`), '', 'hex-upper'],
};

function checkSignature(c) {
  const body = 'body' in c ? Buffer.from(c.body) : Buffer.from(c.body_base64, 'base64');
  const [compose, prefix, encoding] = kinds[c.kind] ?? wrong(c, `unknown kind ${c.kind}`);
  const message = compose(c, body);
  if (message.toString('hex') !== c.string_to_sign.hex) wrong(c, 'the string-to-sign is not what the inputs make');
  if ('text' in c.string_to_sign && !Buffer.from(c.string_to_sign.text).equals(message)) {
    wrong(c, 'text and hex of the string-to-sign differ');
  }
  if (Buffer.from(c.key).toString('hex') !== c.key_hex) wrong(c, 'key_hex is not the key');
  if ('signature' in c) {
    const got = answer({ algorithm: 'hmac-sha256', key_hex: c.key_hex, message, encoding, prefix });
    if (got !== c.signature) wrong(c, `signature: ${c.signature} is recorded, ${got} is computed`);
  }
  if ((c.presented === c.signature) !== (c.expect === 'accept')) wrong(c, 'presented does not fit the expectation');
  if (c.kind === 'cashout_control') {
    const form = new URLSearchParams(body.toString());
    if (form.get('external_id') !== c.external_id || (form.get('control') ?? '') !== c.presented) {
      wrong(c, 'the form does not carry external_id and the presented control');
    }
  }
  if (c.presented_from) checkComputation(c, 'presented', { ...c.presented_from, answer: c.presented });
  for (const m of c.mistakes ?? []) {
    checkComputation(c, m.name, m);
    if (m.answer === c.signature) wrong(c, `${m.name}: the answer is the right one`);
  }
}

function checkComputation(c, what, m) {
  const got = answer({ ...m, message: Buffer.from(m.string_to_sign_hex, 'hex') });
  if (got !== m.answer) wrong(c, `${what}: ${m.answer} is recorded, ${got} is computed`);
}

const xDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

// Milliseconds since 1970, or undefined where the string is no X-Date. JavaScript's Date takes 30
// February for 1 March and hour 24 for midnight, so the date has to come back as it went in. Its `$`
// without the m flag is the very end of the string, unlike that of other languages.
function millis(text) {
  if (!xDate.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text.replace('Z', '.000Z')) return undefined;
  return ms;
}

function checkDate(c) {
  dates++;
  const ms = millis(c.x_date);
  if (c.kind === 'parse') {
    if ((ms !== undefined) !== (c.expect === 'accept')) wrong(c, 'the expectation is not what the pattern says');
    if (ms !== undefined && ms !== c.unix_seconds * 1000) wrong(c, `unix_seconds: ${ms / 1000} is computed`);
  } else if (c.kind === 'format') {
    const instant = new Date(c.instant);
    const text = `${instant.toISOString().slice(0, 19)}Z`;
    if (instant.getTime() !== c.unix_ms || text !== c.x_date) wrong(c, `x_date: ${c.x_date} is recorded, ${text} is computed`);
  } else if (c.kind === 'window') {
    const difference = Date.parse(c.server_time) - ms;
    if (difference !== c.difference_ms) wrong(c, `difference_ms: ${difference} is computed`);
    let reason;
    if (difference > 5000) reason = 'too_old';
    if (difference < -5000) reason = 'in_future';
    if (c.reason !== reason || (c.expect === 'accept') !== (reason === undefined)) {
      wrong(c, 'the expectation is not what the window says');
    }
  } else {
    wrong(c, `unknown kind ${c.kind}`);
  }
  for (const m of c.mistakes ?? []) {
    if (m.answer === (c.kind === 'window' ? c.expect : c.x_date)) wrong(c, `${m.name}: the answer is the right one`);
  }
}

for (const topic of ['deposits', 'cashouts', 'notifications', 'xdate']) {
  const { cases } = JSON.parse(readFileSync(join(dir, `${topic}.json`), 'utf8'));
  cases.forEach(topic === 'xdate' ? checkDate : checkSignature);
}
console.log(`node: ${digests} digests checked, 0 wrong; ${dates} dates checked, 0 wrong`);
