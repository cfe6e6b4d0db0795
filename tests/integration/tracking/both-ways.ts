/**
 * For tests: one log comes in two ways, imported, and live. Live means line by line as events that are posted out of
 * order, some of them again and again, bad ones between them, to a process that is killed with SIGKILL at random
 * moments (while it takes events, cleans them or counts them) and begins again, now with its state on disk and now
 * without. Both ways come to the same sessions.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callContract, type TrackingReport, trackingSessionsContract, trackingTotalsContract } from '@millrace/api';
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import { importLog } from '@millrace/pipelines';
import { openLog, readLog, type TrackingEvent, VisitorNames } from '@millrace/pipelines/testing/decoders';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';

const program = fileURLToPath(new URL('tracking-process.ts', import.meta.url));
export interface SessionFigures {
  readonly events: number;
  readonly pageViews: number;
}

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

async function sessionsOf(tracking: TrackingProcess, site: string): Promise<SessionFigures[]> {
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

export interface BothWaysOptions {
  readonly file: string;
  readonly kills: number;
  readonly seed: number;
  /** A cluster that runs already; an embedded one by default. */
  readonly bootstrap?: string | undefined;
}

/** Sends the log both ways, and answers the sessions, which are the same. */
export async function bothWays(t: TestContext, options: BothWaysOptions): Promise<SessionFigures[]> {
  const { file, kills, seed } = options;
  const random = seededRandomness(seed);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sessions-'));
  const { connect, bootstrap } = await startFixture(t, { bootstrap: options.bootstrap });
  // Topics that were just made are not known to every broker.
  const client = connect({ unknownTopicTimeoutMs: 30_000 });
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
