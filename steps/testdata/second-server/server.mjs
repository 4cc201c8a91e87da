// A server of deposits v3 and cashouts v3 that was written from the documents alone,
// to see whether the suite blames a server that is right for being different. See
// README.md for how to start it.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { Refusal, Voice } from './answers.mjs';
import { Cashouts } from './cashouts.mjs';
import { Clock } from './clock.mjs';
import { Deposits } from './deposits.mjs';
import { Keys } from './keys.mjs';
import { defect } from './mutants.mjs';
import { Notices } from './notices.mjs';
import { Panel } from './panel.mjs';
import { take } from './readings.mjs';
import { Environment } from './store.mjs';

const host = '127.0.0.1';
const largestBody = 1024 * 1024;

// keysOf are made up, and say so. Nothing of one environment is good in the other.
function keysOf(environment) {
  const fake = (what) => `FAKE-${what}-${environment}`;
  return {
    deposits: { login: fake('dlogin'), secret: fake('dsecret'), readOnly: fake('readonly') },
    cashouts: { login: fake('clogin'), pass: fake('cpass'), secret: fake('csecret') },
  };
}

// peers are the addresses that connections come from. They are asked for when a
// connection is new: once the other side has hung up, nobody knows any more.
const peers = new WeakMap();

function meet(socket) {
  if (socket.remoteAddress) {
    peers.set(socket, socket.remoteAddress.replace(/^::ffff:/, ''));
  }
}

// receive reads a request whole. A body that is too large is not read to its end.
async function receive(request) {
  const url = new URL(request.url, `https://${host}`);
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > largestBody) {
      throw new Refusal(413, 201, 'size', `${largestBody} bytes`);
    }
    chunks.push(chunk);
  }
  return {
    method: request.method,
    path: url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks),
    peer: peers.get(request.socket),
    drop: false,
  };
}

// serve answers the requests to one environment.
function serve({ environment, set, voice, clock, keys, defect: broken, panel }) {
  const parts = { environment, set, voice, clock, keys, defect: broken };
  const products = [new Deposits(parts), new Cashouts(parts)];

  const handle = async (request, response) => {
    if (!peers.has(request.socket)) {
      return; // gone before it could be asked who it was: nobody, as far as a whitelist goes
    }
    panel.attend();
    const call = await receive(request);
    const product = products.find((p) => p.serves(call.path));
    if (!product) {
      throw new Refusal(404, 208, 'unknown', call.path);
    }
    const answer = await product.answer(call);
    if (call.drop) {
      request.socket.destroy();
      return;
    }
    send(response, answer, set, clock);
  };

  return (request, response) => {
    response.on('error', () => {}); // whoever hung up gets no answer
    handle(request, response).catch((problem) => {
      if (request.destroyed && !request.complete) {
        return;
      }
      const refusal = problem instanceof Refusal ? problem : new Refusal(500, 500, 'failure');
      if (refusal !== problem) {
        console.error(problem);
      }
      response.shouldKeepAlive = false;
      send(response, voice.refuse(refusal, 'deposits', false), set, clock);
    });
  };
}

function send(response, answer, set, clock) {
  response.sendDate = false;
  if (set.manners.dateHeader) {
    response.setHeader('Date', clock.httpDate());
  }
  response.setHeader('Content-Type', set.manners.contentType);
  if (!set.manners.chunked) {
    response.setHeader('Content-Length', answer.body.length);
  }
  response.shouldKeepAlive &&= !set.manners.hangsUp;
  response.writeHead(answer.status);
  if (set.manners.chunked) {
    response.write(answer.body.subarray(0, 1));
    response.end(answer.body.subarray(1));
    return;
  }
  response.end(answer.body);
}

// plainListener is what must fail (AMB-24). It never looks at what it is sent.
function plainListener(set, voice, target) {
  switch (set.register['AMB-24']) {
    case 'refuse':
      return net.createServer((socket) => socket.on('error', () => {}).destroy());
    case 'redirect':
      return http.createServer((request, response) => {
        response.writeHead(301, { Location: target() + request.url, Connection: 'close' }).end();
      });
    default:
      return http.createServer((request, response) => {
        const { body } = voice.refuse(new Refusal(403, null, 'https'), 'deposits', false);
        response.writeHead(403, { 'Content-Type': 'application/json', Connection: 'close' }).end(body);
      });
  }
}

function listen(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => resolve(server.address().port));
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      set: { type: 'string' },
      reading: { type: 'string', multiple: true, default: [] },
      cert: { type: 'string' },
      key: { type: 'string' },
      panel: { type: 'string', default: '' },
      'second-panel': { type: 'string', default: '' },
      mutant: { type: 'string', default: '' },
      'clock-ms': { type: 'string', default: '0' },
    },
  });
  const set = take(values.set, values.reading);
  const broken = defect(values.mutant);
  const voice = new Voice(set);
  const clock = new Clock(Number(values['clock-ms']));
  const tls = { cert: fs.readFileSync(values.cert), key: fs.readFileSync(values.key), minVersion: 'TLSv1.2' };

  const shared = new Keys(set, broken);
  const environments = ['first', 'second'].map((name) => new Environment(name, keysOf(name), set));
  for (const environment of environments) {
    environment.notices = new Notices({ environment, set, voice, clock, defect: broken });
  }
  const servers = environments.map((environment, i) => https.createServer(tls, serve({
    environment, set, voice, clock, defect: broken,
    keys: broken.sharesKeys ? shared : new Keys(set, broken),
    panel: new Panel(values[i === 0 ? 'panel' : 'second-panel'], environment),
  })));
  servers.forEach((server) => server.on('secureConnection', meet));
  const ports = await Promise.all(servers.map(listen));
  const plain = plainListener(set, voice, () => `https://${host}:${ports[0]}`);
  const plainPort = await listen(plain);

  console.log(JSON.stringify({
    base_url: `https://${host}:${ports[0]}`,
    second_url: `https://${host}:${ports[1]}`,
    plain_http_url: `http://${host}:${plainPort}`,
    keys: environments[0].keys,
    second_keys: environments[1].keys,
    readings: set.register,
  }));

  // It lives as long as whoever started it.
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

await main();
