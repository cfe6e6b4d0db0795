/**
 * Watches answers of the config service many times over, as that many instances of one application would, in a process
 * of its own: `ENROLMENT_FILE COUNT URL...`. A watcher whose stream ends, or brings something older than it has seen,
 * goes on at another URL after a pause.
 *
 * Told a number, it says once all watchers have an answer with that `linger.ms`.
 */
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type ConfigAnswer, type ConfigEnrolment, verifyAnswer } from '@millrace/api/config';

export interface WatchersTold {
  readonly linger: number;
  /** Of all watchers, so far. */
  readonly opened: number;
  /** Answers whose signatures were looked at. */
  readonly verified: number;
  /** What was wrong with an answer; there should be nothing. */
  readonly problems: readonly string[];
}

interface Watcher {
  readonly index: number;
  version: number;
  linger: string;
  /** Its stream; another one is opened when it is over. */
  turn: number;
}

const [file = '', number = '1', ...urls] = process.argv.slice(2);
const count = Number(number);
const { token, keys, application } = JSON.parse(readFileSync(file, 'utf8')) as ConfigEnrolment;
const want = { topic: 'orders', role: 'producer' } as const;
/** One watcher in so many looks at signatures too. */
const verifiedEvery = 25;
const pauseMsMin = 20;
/** So that those whose service was killed do not all come at once. */
const pauseMs = Math.max(200, count / 5);
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
const problems: string[] = [];
const waitedFor = new Set<number>();
/** How many have each setting now. */
const having = new Map<string, number>();
let [opened, verified] = [0, 0];

const watchers = Array.from({ length: count }, (_, index): Watcher => ({ index, version: 0, linger: '', turn: index }));
process.once('disconnect', () => process.exit());
process.on('message', (linger) => {
  waitedFor.add(Number(linger));
  tell();
});
for (const watcher of watchers) later(watcher);

function later(watcher: Watcher): void {
  setTimeout(() => open(watcher), pauseMsMin + pauseMs * Math.random());
}

function open(watcher: Watcher): void {
  const url = new URL('/api/v1/config/watch', urls[watcher.turn++ % urls.length]);
  url.search = `wants=producer:orders&instance=i${watcher.index}`;
  let isOver = false;
  const over = (): void => {
    if (!isOver) later(watcher);
    isOver = true;
  };
  const asking = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
    response.once('close', over);
    if (response.statusCode !== 200) return void response.resume();
    opened++;
    listen(response, (signed) => {
      if (!take(watcher, signed)) response.destroy();
    });
  });
  asking.once('error', over);
  asking.end();
}

function listen(response: IncomingMessage, answer: (signed: string) => void): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('error', () => undefined);
  response.on('data', (text: string) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const [name, data = ''] = event.split('\n');
      if (name === 'event: answer') answer((JSON.parse(data.slice('data: '.length)) as { signed: string }).signed);
    }
  });
}

/** False for what is older than what was seen: another process of the service knows better. */
function take(watcher: Watcher, signed: string): boolean {
  const payload = Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString();
  const { version, settings } = JSON.parse(payload) as ConfigAnswer;
  if (version < watcher.version) return false;
  if (watcher.index % verifiedEvery === 0) void verify(signed, watcher.version);
  watcher.version = version;
  const linger = settings['linger.ms']?.value ?? '';
  having.set(watcher.linger, (having.get(watcher.linger) ?? 0) - 1);
  having.set(linger, (having.get(linger) ?? 0) + 1);
  watcher.linger = linger;
  tell();
  return true;
}

async function verify(signed: string, seenVersion: number): Promise<void> {
  try {
    await verifyAnswer(signed, keys, { application, ...want, seenVersion, now: Date.now() });
    verified++;
  } catch (error) {
    problems.push(String(error));
  }
}

function tell(): void {
  for (const linger of waitedFor) {
    if (having.get(String(linger)) !== count) continue;
    waitedFor.delete(linger);
    process.send?.({ linger, opened, verified, problems } satisfies WatchersTold);
  }
}
