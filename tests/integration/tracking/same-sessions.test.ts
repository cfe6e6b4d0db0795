/**
 * One log comes in two ways: imported, and live, line by line as events that are posted out of order, some of them
 * again and again, bad ones between them, to a process that is killed with SIGKILL at random moments (while it takes
 * events, cleans them or counts them) and begins again, now with its state on disk and now without. Both ways, and an
 * oracle that sorts and cuts, come to the same sessions.
 *
 * MILLRACE_TEST_SCALE=5 makes 20 kills.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callContract, type TrackingReport, trackingSessionsContract, trackingTotalsContract } from '@millrace/api';
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import { importLog } from '@millrace/pipelines';
import { openLog, readLog, type TrackingEvent, VisitorNames } from '@millrace/pipelines/testing/decoders';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { sampleLog } from './access-log-sample.ts';

const kills = Math.max(2, Math.round(4 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('tracking-process.ts', import.meta.url));
const realLog = resolve(import.meta.dirname, '../../../../shared/data/tracking/access_logs/apache_access_combined.log');

class TrackingProcess {
  readonly #bootstrap: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  url = '';

  constructor(bootstrap: string, directory: string) {
    this.#bootstrap = bootstrap;
    this.#directory = directory;
  }

  async start(): Promise<void> {
    const words = [program, this.#bootstrap, this.#directory];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    this.url = (JSON.parse(line.toString()) as { url: string }).url;
  }

  async kill(keepsState: boolean): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    if (!keepsState) await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The events of a log, as an import makes them, under another site. */
async function eventsOf(client: Client, file: string, site: string): Promise<TrackingEvent[]> {
  const topic = 'millrace.tracking.visitor-key';
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  let key: Uint8Array | undefined;
  for await (const batch of consumer) for (const { value } of batch) key ??= Uint8Array.from(value ?? []);
  assert.ok(key);
  await using log = await openLog(file);
  const events: TrackingEvent[] = [];
  const origin = { site, visitorNames: new VisitorNames(key), receivedAt: Date.now() };
  await readLog(log, origin, { onEvent: (event) => void events.push(event), onChunk: async () => undefined });
  return events;
}

/** The events a little out of order, some of them twice, now near and now far away, and what is no event. */
function disturbed(events: readonly TrackingEvent[], random: Randomness): object[] {
  const places = events.flatMap((event, at): { at: number; what: object }[] => {
    const near = { at: at + random.integer(200), what: event };
    const again = random.integer(6) === 0 ? [{ at: at + random.integer(events.length), what: event }] : [];
    const bad = random.integer(20) === 0 ? [{ at, what: { type: 'click', messageId: `bad-${at}` } }] : [];
    return [near, ...again, ...bad];
  });
  return places.sort((left, right) => left.at - right.at).map(({ what }) => what);
}

/** Posts everything in batches, each until it is answered; whether it was once more is nobody's business. */
async function post(tracking: TrackingProcess, events: readonly object[]): Promise<void> {
  for (let at = 0; at < events.length; at += 100) {
    const body = JSON.stringify({ batch: events.slice(at, at + 100) });
    for (;;) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${tracking.url}/t`, { method: 'POST', headers, body }).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.status === 200 || answer?.status === 400) break;
      await pause(50);
    }
    await pause(10);
  }
}

async function totalsOf(tracking: TrackingProcess): Promise<TrackingReport | undefined> {
  return callContract(tracking.url, trackingTotalsContract, { query: {} }).catch(() => undefined);
}

async function sessionsOf(tracking: TrackingProcess, site: string): Promise<object[]> {
  const query = { site, limit: 100_000, order: 'oldest' as const };
  const { sessions, more } = await callContract(tracking.url, trackingSessionsContract, { query });
  assert.equal(more, false);
  return sessions.sort((left, right) => (`${left.start} ${left.visitor}` < `${right.start} ${right.visitor}` ? -1 : 1));
}

/** How many records of a topic the group has not read. */
async function lagOf(client: Client, group: string, topic: string): Promise<number> {
  await using admin = client.admin();
  const queries = Array.from({ length: 6 }, (_, partition) => ({ topic, partition, at: 'latest' as const }));
  const ends = unwrap(await admin.listOffsets(queries));
  const stored = unwrap(await admin.fetchOffsets(group));
  const read = new Map(stored.map(({ partition, offset }) => [partition, offset]));
  return ends.reduce((sum, { partition, offset }) => sum + offset - (read.get(partition) ?? 0), 0);
}

async function compareBothWays(t: TestContext, file: string): Promise<object[]> {
  const random = seededRandomness(seed);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sessions-'));
  const { client, bootstrap } = await startFixture(t, { configuration: { 'group.min.session.timeout.ms': '500' } });
  const tracking = new TrackingProcess(bootstrap, join(directory, 'state'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await tracking.start();
  t.after(() => tracking.kill(false));
  const imported = await importLog({ client, file, site: 'imported' });
  const events = await eventsOf(client, file, 'live');
  let isPosted = false;
  const posting = post(tracking, disturbed(events, random)).then(() => {
    isPosted = true;
  });
  let backlogs = 0;
  for (let kill = 0; kill < kills; kill++) {
    await pause(200 + random.integer(1_500));
    if (isPosted && kill > 1) break;
    if ((await lagOf(client, 'millrace-tracking', 'tracking.events')) > 0) backlogs++;
    await tracking.kill(random.integer(3) > 0);
    await tracking.start();
  }
  await posting;
  const isDone = async (): Promise<boolean> => {
    const report = await totalsOf(tracking);
    return report?.complete === true && report.totals.events >= events.length * 2;
  };
  await eventually(isDone, { timeoutMs: 90_000, describe: () => `seed ${seed}: events are missing` });
  await pause(300);
  const report = await totalsOf(tracking);
  assert.equal(report?.totals.events, events.length * 2, `seed ${seed}: each event once`);
  const [live, other] = [await sessionsOf(tracking, 'live'), await sessionsOf(tracking, 'imported')];
  assert.deepEqual(live, other, `seed ${seed}`);
  assert.equal(live.length, imported.totals.sessions);
  t.diagnostic(`${live.length} sessions; ${backlogs} kills while events waited to be cleaned`);
  return live;
}

test(`sessions of a made-up log are those of an oracle, imported and live, after kills (seed ${seed})`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sample-'));
  t.after(() => rm(directory, { recursive: true }));
  const { log, totals } = sampleLog(3_000, 7);
  await writeFile(join(directory, 'sample.log'), log);
  const sessions = (await compareBothWays(t, join(directory, 'sample.log'))) as { events: number; pageViews: number }[];
  const sum = (of: (session: { events: number; pageViews: number }) => number): number =>
    sessions.reduce((total, session) => total + of(session), 0);
  assert.deepEqual(
    {
      sessions: sessions.length,
      visits: sum(({ pageViews }) => (pageViews > 0 ? 1 : 0)),
      pageViews: sum(({ pageViews }) => pageViews),
      events: sum(({ events }) => events),
    },
    {
      sessions: totals.sessions,
      visits: totals.visits,
      pageViews: totals.pageViews,
      events: totals.requests - totals.automated,
    },
  );
});

const skip = existsSync(realLog) ? false : 'the log is not beside the repository (../shared/data/tracking/access_logs)';

test('sessions of 10,000 real requests are the same, imported and live, after kills', { skip }, async (t) => {
  assert.ok((await readFile(realLog)).length > 0);
  const sessions = await compareBothWays(t, realLog);
  assert.ok(sessions.length > 1_000);
});
