/**
 * The ceiling: the least a webhook gateway on Node can do for an event, and so the most that one on Node can reach.
 * It takes an event over HTTP, answers 202, and posts it signed to one receiver. It stores nothing, checks nothing and
 * retries nothing: an event that it cannot post is lost. One process, one thread.
 *
 * With 512 events in flight it answers the next one only when it can post that. Answered at once, events would pile up
 * in memory and taking them in would starve posting them: that can halve what it delivers.
 *
 * Usage: node bench/ceiling.mjs <receiver URL>. Prints `listening on http://127.0.0.1:<port>`; SIGTERM ends it.
 */
import { createHmac, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Pool } from 'undici';

const MAX_IN_FLIGHT = 512;
/** What Waybill may open in the benchmark: eight webhooks, sixteen requests at a time each. */
const CONNECTIONS = 128;

const target = new URL(process.argv[2] ?? '');
const pool = new Pool(target.origin, { connections: CONNECTIONS, pipelining: 1 });
// A KeyObject: with a Buffer as the key, Node 24 takes four times as long for each signature.
const signingKey = createSecretKey(randomBytes(32));

/** Events that wait for a place among those in flight: one for each connection that publishes, at most. */
const waiting = [];
let inFlight = 0;
let sequence = 0;

function admit(exchange) {
  if (inFlight < MAX_IN_FLIGHT) relay(exchange);
  else waiting.push(exchange);
}

function admitNext() {
  inFlight -= 1;
  const next = waiting.shift();
  if (next !== undefined) relay(next);
}

function relay({ event, response }) {
  const id = `evt_${randomUUID()}`;
  const answer = JSON.stringify({ id, deliveryCount: 1 });
  response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
  response.end(answer);
  inFlight += 1;
  sequence += 1;
  const body = JSON.stringify({
    event_type: event.type.replaceAll('.', '_'),
    timestamp: event.occurredAt,
    transfer: event.data.transfer,
    schedule: event.data.schedule,
  });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', signingKey).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Waybill-ceiling',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
    'x-waybill-event': event.type,
    'x-waybill-delivery': `dlv_${randomUUID()}`,
    'x-waybill-attempt': '1',
    'x-waybill-sequence': String(sequence),
  };
  pool.dispatch({ path: target.pathname, method: 'POST', headers, body }, dropResponse);
}

/** Stateless, so one handler serves every request. */
const dropResponse = {
  onRequestStart() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd() {
    admitNext();
  },
  onResponseError(_controller, error) {
    process.stderr.write(`lost one event: ${error.message}\n`);
    admitNext();
  },
};

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const event = JSON.parse(Buffer.concat(chunks).toString());
    admit({ event, response });
  });
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
