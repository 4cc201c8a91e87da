// Signed creations with k6: crypto.hmac, one for each iteration.
import http from 'k6/http';
import crypto from 'k6/crypto';
import { check } from 'k6';

const [before, after] = __ENV.PEER_BODY.split('{id}');
const workers = +__ENV.PEER_CONNECTIONS;

export const options = {
  scenarios: {
    creations: __ENV.PEER_RATE
      ? { executor: 'constant-arrival-rate', rate: +__ENV.PEER_RATE, timeUnit: '1s', duration: __ENV.PEER_DURATION, preAllocatedVUs: workers, maxVUs: workers }
      : { executor: 'constant-vus', vus: workers, duration: __ENV.PEER_DURATION },
  },
  discardResponseBodies: true,
  summaryTrendStats: ['p(99)'],
  thresholds: { checks: ['rate==1'] }, // exit code 99
};

export default function () {
  const id = `${__VU}-${__ITER}`;
  const body = before + id + after;
  const date = new Date().toISOString().slice(0, 19) + 'Z';
  const signature = crypto.hmac('sha256', __ENV.D24_DEPOSITS_API_SIGNATURE, date + __ENV.D24_DEPOSITS_API_KEY + body, 'hex');
  const answer = http.post(__ENV.D24_BASE_URL + '/v3/deposits', body, {
    headers: {
      'Content-Type': 'application/json',
      'X-Date': date,
      'X-Login': __ENV.D24_DEPOSITS_API_KEY,
      'X-Idempotency-Key': '00000000-0000-4000-8000-' + id.replace('-', '0').padStart(12, '0'),
      'Authorization': 'D24 ' + signature,
    },
  });
  check(answer, { accepted: (r) => r.status === 201 });
}

export function handleSummary(data) {
  return { stdout: JSON.stringify({
    iterations: data.metrics.iterations ? data.metrics.iterations.values.count : 0,
    dropped: data.metrics.dropped_iterations ? data.metrics.dropped_iterations.values.count : 0,
    p99_ms: data.metrics.http_req_duration.values['p(99)'],
  }) };
}
