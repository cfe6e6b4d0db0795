/**
 * A failover and the way back through kill -9: who does it is killed after one step or another, and does it again until
 * it is done. Whatever was killed, both sides hold each record once, and every group stands at exactly its next record.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import { type FailbackOptions, startMirror, verifyMirror } from '@millrace/mirror';
import { eventually } from '../../support/eventually.ts';
import { readPartition } from '../mirror/mirror-fixture.ts';
import type { FailoverTask } from './failover-program.ts';

const program = fileURLToPath(new URL('./failover-program.ts', import.meta.url));
const partitions = 2;
const groups = 20;
const quick = { retryBackoffMs: 20, retryBackoffMaxMs: 200 };

export interface FailoverSite {
  readonly bootstrap: string;
  readonly client: Client;
}

export interface FailoverKills {
  readonly source: FailoverSite;
  readonly target: FailoverSite;
  readonly topic: string;
  readonly manner: 'planned' | 'forced';
  readonly tail: NonNullable<FailbackOptions['tail']>;
  /** How often each of the two is killed. */
  readonly kills: number;
  readonly seed: number;
}

/** Answers after which steps it was killed. */
export async function killFailover(options: FailoverKills): Promise<string> {
  const { source, target, topic, manner, tail, seed } = options;
  const random = seededRandomness(seed);
  const sides = {
    name: `mirror-${seed}`,
    source: { bootstrap: source.bootstrap, ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
  };
  const copy = async (mirrored: Parameters<typeof startMirror>[0]): Promise<void> => {
    await using mirror = await startMirror({ shards: 3, groups: [/^group-/], ...mirrored });
    await eventually(() => {
      const status = mirror.status();
      return status.length === partitions && status.every(({ lag }) => lag === 0);
    });
    await mirror.syncGroups();
  };
  await write(source.client, topic, 'before', 300, random);
  await copy({ ...sides, topics: [topic] });
  const copied = await read(source.client, topic);
  await write(source.client, topic, 'last', 100, random);
  const old = await read(source.client, topic);
  const picks = await commitGroups(source.client, topic, manner === 'planned' ? old : copied, random);
  const over = { ...sides, manner, unfenced: true, groups: [] };
  const task: FailoverTask = { failover: { ...over, groups: picks.map(({ group }) => group) } };
  const killed = await killUntilDone(task, options.kills, random);
  const there = await read(target.client, topic);
  const kept = manner === 'planned' ? old : copied;
  assert.deepEqual(there.map(valuesOf), kept.map(valuesOf), 'the target');
  await assertGroups(target.client, topic, there, picks);
  await write(target.client, topic, 'new', 50, random);
  const { length } = killed;
  killed.push(...(await killUntilDone({ failback: { ...sides, tail, discardTail: true } }, options.kills, random)));
  const lost = old.map((records, at) => records.slice(kept[at]?.length));
  const now = (await read(target.client, topic)).map(valuesOf);
  const fresh = now.map((values, at) => values.slice(kept[at]?.length));
  if (tail === 'merge') {
    const merged = fresh.map((values, at) => values.slice(values.length - (lost[at]?.length ?? 0)));
    assert.deepEqual(merged, lost.map(valuesOf), 'what was merged');
  }
  const back = { name: `${sides.name}.back`, source: sides.target, target: sides.source, topics: [topic] };
  await copy(back);
  const wanted = tail === 'rebuild' ? now : old.map((records, at) => [...valuesOf(records), ...(fresh[at] ?? [])]);
  assert.deepEqual((await read(source.client, topic, 'read_uncommitted')).map(valuesOf).map(withoutAborted), wanted);
  const [verified] = await verifyMirror(back);
  assert.equal(verified?.isEqual, true);
  return `${killed.slice(0, length).join(', ')}; back: ${killed.slice(length).join(', ')}`;
}

async function killUntilDone(task: FailoverTask, kills: number, random: Randomness): Promise<string[]> {
  const killed: string[] = [];
  for (let round = 0; ; round++) {
    const child = spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    const lethal = round < kills ? 1 + random.integer(3) : Number.POSITIVE_INFINITY;
    let last = 'nothing';
    let steps = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      last = line;
      steps += 1;
      if (line === 'done' || steps !== lethal) continue;
      await sleep(random.integer(150));
      child.kill('SIGKILL');
    }
    const [code, signal] = await ended;
    if (last === 'done') return killed;
    assert.equal(signal, 'SIGKILL', `it ended with ${code} after ${last}: ${complaints}`);
    killed.push(last);
  }
}

interface Pick {
  readonly group: string;
  /** Of each partition, which record is next. */
  readonly next: readonly number[];
}

type Records = Awaited<ReturnType<typeof readPartition>>;

async function commitGroups(
  client: Client,
  topic: string,
  records: readonly Records[],
  random: Randomness,
): Promise<Pick[]> {
  const picks: Pick[] = [];
  for (let number = 0; number < groups; number++) {
    const group = `group-${topic}-${number}`;
    const next = records.map(({ length }) => random.integer(length));
    const offsets = next.map((at, partition) => ({ topic, partition, offset: records[partition]?.[at]?.offset ?? 0 }));
    unwrap(await client.admin().commitOffsets(group, offsets));
    picks.push({ group, next });
  }
  return picks;
}

async function assertGroups(
  client: Client,
  topic: string,
  records: readonly Records[],
  picks: readonly Pick[],
): Promise<void> {
  for (const { group, next } of picks) {
    const places = next.map((_, partition) => ({ topic, partition }));
    const stored = unwrap(await client.admin().fetchOffsets(group, places));
    const found = places.map(({ partition }) => stored.find((each) => each.partition === partition)?.offset);
    assert.deepEqual(
      found,
      next.map((at, partition) => records[partition]?.[at]?.offset),
      group,
    );
  }
}

/** Some as transactions, every other of which is aborted. */
async function write(client: Client, topic: string, kind: string, count: number, random: Randomness): Promise<void> {
  await using plain = client.producer();
  await using transactional = client.producer({ transactionalId: `writer-${topic}` });
  for (let number = 0; number < count; ) {
    const some = 1 + random.integer(20);
    const isAborted = random.integer(2) === 0;
    const transaction = random.integer(3) === 0 ? await transactional.begin() : undefined;
    const values = Array.from({ length: some }, (_, at) => `${kind} ${number + at}`);
    const sent = values.map((text, at) => {
      const value = transaction !== undefined && isAborted ? `aborted ${text}` : text;
      return (transaction ?? plain).send({ topic, partition: at % partitions, value });
    });
    await Promise.all(sent);
    await (isAborted ? transaction?.abort() : transaction?.commit());
    number += some;
  }
}

function read(
  client: Client,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<Records[]> {
  return Promise.all(
    Array.from({ length: partitions }, (_, partition) => readPartition(client, topic, partition, isolation)),
  );
}

function valuesOf(records: Records): (string | null)[] {
  return records.map(({ value }) => value);
}

function withoutAborted(values: readonly (string | null)[]): (string | null)[] {
  return values.filter((value) => value?.startsWith('aborted') !== true);
}
