/**
 * Asks the config service as fast as it answers, in a process of its own: `URL APPLICATION TOKEN CONNECTIONS WANTS
 * SECONDS [sealed]`. Each connection asks again when it is answered; with `sealed` each is an instance with a key. HTTP
 * is written and read here by hand, so that the machine's second core is enough to keep the service busy.
 */
import { connect, type Socket } from 'node:net';
import { newInstanceKey } from '@millrace/api/config';

export interface Asked {
  readonly lookupsPerSecond: number;
  /** Of whole requests. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [url = '', application = '', token = '', connections = '1', wants = '1', seconds = '1', sealed] =
  process.argv.slice(2);
const { hostname, port } = new URL(url);
const each = Number(wants);
const latencies: number[] = [];
let isWarm = false;
let isOver = false;

const sockets = await Promise.all(Array.from({ length: Number(connections) }, (_, index) => ask(index)));
await pause(1);
isWarm = true;
const began = performance.now();
await pause(Number(seconds));
isOver = true;
const took = (performance.now() - began) / 1_000;
for (const socket of sockets) socket.destroy();
latencies.sort((one, other) => one - other);
const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
const asked: Asked = { lookupsPerSecond: (latencies.length * each) / took, p50Ms: at(0.5), p99Ms: at(0.99) };
process.send?.(asked);
process.disconnect();

function pause(forSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forSeconds * 1_000));
}

async function ask(index: number): Promise<Socket> {
  const asks = Array.from({ length: each }, (_, at) => ({
    topic: `${application}-${(index * each + at) % 1_000}`,
    role: 'producer',
  }));
  const key = sealed === undefined ? undefined : (await newInstanceKey()).publicKey;
  const body = JSON.stringify({ instance: { id: `i${index}`, key }, wants: asks });
  const request = Buffer.from(
    `POST /api/v1/config/answers HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.setNoDelay(true);
      resolve(socket);
      send();
    });
    let sentAt = 0;
    let missing = 0;
    const send = (): void => {
      sentAt = performance.now();
      missing = -1;
      socket.write(request);
    };
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      missing = missing === -1 ? bodyLeft(chunk) : missing - chunk.length;
      if (missing > 0) return;
      if (isWarm && !isOver) latencies.push(performance.now() - sentAt);
      if (!isOver) send();
    });
  });
}

/** How much of the body is still to come after the first chunk, which has all headers. */
function bodyLeft(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n');
  const headers = chunk.toString('latin1', 0, end);
  if (!headers.startsWith('HTTP/1.1 200')) throw new Error(`the service answered ${chunk.toString()}`);
  const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
  return length - (chunk.length - end - 4);
}
