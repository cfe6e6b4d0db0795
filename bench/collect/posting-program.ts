/**
 * Posts to a collector as fast as it answers, in a process of its own: `URL CONNECTIONS SECONDS`, then one message with
 * the case. Each connection posts again when it is answered. HTTP is written and read here by hand, so that the
 * machine's second core is enough to keep the collector busy.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { idMark } from './collect-case.ts';

export interface PostingCase {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBase64: string;
}

export interface Posted {
  /** Requests answered with success in the time measured, and in all. */
  readonly requests: number;
  readonly requestsInAll: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [url = '', connections = '1', seconds = '1'] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const message = once(process, 'message');
process.send?.('ready');
const [wanted] = (await message) as [PostingCase];
const body = Buffer.from(wanted.bodyBase64, 'base64');
const fields = Object.entries({ ...wanted.headers, 'content-length': body.length })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const head = Buffer.from(`POST ${wanted.path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n${fields}\r\n`);
const marks: number[] = [];
for (let at = body.indexOf(idMark); at >= 0; at = body.indexOf(idMark, at + idMark.length))
  marks.push(head.length + at);

const latencies: number[] = [];
const runPrefix = Math.floor(Math.random() * 36 ** 3)
  .toString(36)
  .padStart(3, '0');
let posted = 0;
let inAll = 0;
let isWarm = false;
let isOver = false;
const idle: Promise<void>[] = [];
const sockets = await Promise.all(Array.from({ length: Number(connections) }, () => post()));
await pause(1);
isWarm = true;
const began = performance.now();
await pause(Number(seconds));
isOver = true;
const took = (performance.now() - began) / 1_000;
await Promise.all(idle);
for (const socket of sockets) socket.destroy();
latencies.sort((one, other) => one - other);
const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
const result: Posted = {
  requests: latencies.length,
  requestsInAll: inAll,
  seconds: took,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
};
process.send?.(result);
process.disconnect();

function pause(forSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forSeconds * 1_000));
}

/** The request with marks that no other has. */
function nextRequest(): Buffer {
  const request = Buffer.concat([head, body]);
  const id = (posted++).toString(36).padStart(5, '0');
  for (const mark of marks) request.write(`${runPrefix}${id}`.slice(0, idMark.length), mark, 'latin1');
  return request;
}

function post(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const last = Promise.withResolvers<void>();
    idle.push(last.promise);
    let sentAt = 0;
    let missing = -1;
    const socket = connect(Number(port), hostname, () => {
      socket.setNoDelay(true);
      resolve(socket);
      send();
    });
    const send = (): void => {
      sentAt = performance.now();
      missing = -1;
      socket.write(nextRequest());
    };
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      missing = missing === -1 ? bodyLeft(chunk) : missing - chunk.length;
      if (missing > 0) return;
      inAll++;
      if (isWarm && !isOver) latencies.push(performance.now() - sentAt);
      if (isOver) last.resolve();
      else send();
    });
  });
}

/** How much of the body is still to come after the first chunk, which has all headers. */
function bodyLeft(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n');
  const headers = chunk.toString('latin1', 0, end);
  if (!/^HTTP\/1\.1 2\d\d/.test(headers)) throw new Error(`the collector answered ${chunk.toString()}`);
  const length = Number(/content-length: (\d+)/i.exec(headers)?.[1] ?? 0);
  return length - (chunk.length - end - 4);
}
