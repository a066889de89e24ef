/**
 * Throws requests at a socket that a person could send and no client of ours would: every route and some that are
 * not there, foreign ids, wrong methods, junk for bodies. Says how many answers of each status came. Seeded.
 */
import { Agent, request } from 'node:http';

const [socketPath = '', count = '0', foreign = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const statuses = {};
let seed = 42;

const PATHS = [
  '/v1/daemon',
  '/v1/daemon/drain',
  '/v1/daemon/resume',
  '/v1/daemon/backup',
  '/v1/daemon/check',
  '/v1/daemon/reload',
  '/v1/daemon/retention',
  '/v1/openapi.json',
  '/v1/runs',
  '/v1/runs/ID',
  '/v1/runs/ID/abort',
  '/v1/abort',
  '/v1/runs/ID/hold',
  '/v1/runs/ID/release',
  '/v1/runs/ID/logs',
  '/v1/runs/ID/why',
  '/v1/runs/ID/events',
  '/v1/events',
  '/v1/backends',
  '/v1/backends/slurm/pause',
  '/v1/backends/slurm/resume',
  '/v1/backends/../daemon/drain',
  '/v2/runs',
  '/',
  '/v1/runs/ID/../ID/abort',
  '/v1//runs',
  '/v1/runs/%2e%2e/%2e%2e',
];
const IDS = [
  foreign,
  '0',
  '-1',
  '1e3',
  '99999999999999999999',
  'NaN',
  "1' or '1'='1",
  '%00',
  '٣',
  `${foreign}.0`,
  ' ',
];
const QUERIES = [
  '',
  '?calls=1',
  '?call=a',
  '?call=..%2f..%2fetc',
  '?limit=-1',
  '?before=x',
  '?label=a%3Db',
  '?x=1',
  '?after=99999999999999999',
  '?status=Running&status=Nope',
  '?owner=wfalice',
  '?since=never',
  '?attempt=0',
];
const BODIES = [
  undefined,
  '',
  '{}',
  'null',
  '[]',
  '"x"',
  '{',
  '{"force":true}',
  '{"force":"yes"}',
  `{"ids":[${foreign}]}`,
  `{"ids":[${foreign}],"force":true}`,
  '{"user":"wfalice"}',
  '{"user":"wfalice","dryRun":true}',
  '{"labels":{"a":"b"}}',
  '{"reason":"\\u0000"}',
  '{"call":"a"}',
  '{"call":"a","force":true}',
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  `{"bundle":{"language":"native","fileName":"/etc/passwd","source":"x","files":{},"inputs":{}},"submitDir":"/root","umask":0}`,
  `{"bundle":{"language":"native","fileName":"a.yaml","source":"tasks: [","files":{"../../x":"y"},"inputs":{}},"submitDir":"../..","umask":99999,"owner":{"uid":0}}`,
  JSON.stringify({ reason: 'x'.repeat(100_000) }),
  '['.repeat(5_000),
  '\u0000\u0001\u00ff',
];
const METHODS = ['GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const HEADERS = [
  {},
  { 'content-type': 'application/json' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json', 'x-forwarded-user': 'root' },
  { accept: 'text/event-stream; q=0' },
  { 'last-event-id': '-1' },
  { 'content-length': '5' },
  { 'content-type': 'multipart/form-data' },
];

await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)));
process.stdout.write(JSON.stringify({ sent: Object.values(statuses).reduce((a, b) => a + b, 0), statuses }));
agent.destroy();

async function work(worker) {
  for (let n = worker; n < Number(count); n += 8) await once();
}

function once() {
  const path = pick(PATHS).replaceAll('ID', () => encodeURI(pick(IDS))) + pick(QUERIES);
  const method = pick(METHODS);
  const body = method === 'GET' || method === 'HEAD' ? undefined : pick(BODIES);
  const { 'content-length': lie, ...headers } = pick(HEADERS);
  if (body !== undefined && lie === undefined) headers['content-length'] = Buffer.byteLength(body);
  return new Promise((resolve) => {
    const end = (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      resolve();
    };
    const sent = request({ socketPath, agent, path, method, headers, timeout: 30_000 }, (answer) => {
      answer.on('error', () => undefined).resume();
      answer.on('close', () => end(answer.statusCode));
      // A stream would go on for ever.
      if (answer.headers['content-type'] === 'text/event-stream') answer.destroy();
    });
    sent.on('error', () => end('cut'));
    sent.on('timeout', () => sent.destroy());
    sent.end(body);
  });
}

function pick(list) {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return list[Math.floor((seed / 2_147_483_648) * list.length)];
}
