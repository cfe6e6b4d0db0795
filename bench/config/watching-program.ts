/**
 * Watches answers of the config service, many times over, in a process of its own: `URL WATCHERS TOKEN...`, each
 * watcher a connection, for a topic of its own. It says when all have their first answer, and, whenever all
 * have got another one, when the last of them did.
 */
import { connect } from 'node:net';

export interface AllTold {
  /** When the first and the last watcher got it; ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
}

const [url = '', watchers = '1', ...tokens] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const count = Number(watchers);
const openedAtOnce = 100;
const mark = 'event: answer';
let told = 0;
let firstAt = 0;

process.once('disconnect', () => process.exit());
for (let at = 0; at < count; at += openedAtOnce) {
  const some = Array.from({ length: Math.min(openedAtOnce, count - at) }, (_, index) => watch(at + index));
  await Promise.all(some);
}

function watch(index: number): Promise<void> {
  const application = index % tokens.length;
  const path = `/api/v1/config/watch?wants=producer:a${application}-${index}&instance=i${index}`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${tokens[application]}\r\n\r\n`,
      );
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the service ended a watch')));
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
