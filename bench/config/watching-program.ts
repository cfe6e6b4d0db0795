/**
 * Watches answers of the config service, many times over, in a process of its own: `URL WATCHERS plain TOKEN...` or
 * `URL WATCHERS sealed TOKEN`, each watcher a connection, for a topic of its own; the latter are instances with keys.
 * It says when all have their first answer, and, whenever all have got another one, when the last of them did. At a
 * message all leave, and come back at once.
 */
import { connect, type Socket } from 'node:net';
import { newInstanceKey } from '@millrace/api/config';

export interface AllTold {
  /** When the first and the last watcher got it; ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
}

const [url = '', watchers = '1', mode = 'plain', ...tokens] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const count = Number(watchers);
const openedAtOnce = 100;
const mark = 'event: answer';
let told = 0;
let firstAt = 0;
const sockets = new Set<Socket>();
const keys: string[] = [];
if (mode === 'sealed') for (let at = 0; at < count; at++) keys.push((await newInstanceKey()).publicKey);

process.once('disconnect', () => process.exit());
process.on('message', () => {
  const before = [...sockets];
  sockets.clear();
  for (const socket of before) socket.destroy();
  for (let at = 0; at < count; at++) void watch(at);
});
for (let at = 0; at < count; at += openedAtOnce) {
  const some = Array.from({ length: Math.min(openedAtOnce, count - at) }, (_, index) => watch(at + index));
  await Promise.all(some);
}

function watch(index: number): Promise<void> {
  const application = index % tokens.length;
  const name = mode === 'sealed' ? 'sealed' : `a${application}`;
  const key = keys[index] === undefined ? '' : `&key=${keys[index]}`;
  const path = `/api/v1/config/watch?wants=producer:${name}-${index}&instance=i${index}${key}`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${tokens[application]}\r\n\r\n`,
      );
    });
    sockets.add(socket);
    socket.on('error', reject);
    socket.on('close', () => {
      if (sockets.has(socket)) reject(new Error('the service ended a watch'));
    });
    let rest = '';
    socket.on('data', (chunk) => {
      const text = rest + chunk.toString('latin1');
      const parts = text.split(mark);
      rest = (parts.at(-1) ?? '').slice(-mark.length);
      if (parts.length === 1) return;
      resolve();
      note();
    });
  });
}

function note(): void {
  if (told === 0) firstAt = Date.now();
  told++;
  if (told < count) return;
  told = 0;
  process.send?.({ firstAt, lastAt: Date.now() } satisfies AllTold);
}
