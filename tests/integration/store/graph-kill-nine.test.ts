/**
 * A process that upserts and removes edges is killed with SIGKILL at random moments, again and again. After each kill
 * both directions of every edge agree, what was acknowledged is there, and what was removed is not.
 *
 * MILLRACE_TEST_SCALE=20 makes 100 rounds.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandomness } from '@millrace/base';
import { type Edge, edgeId, openEmbeddedRecords, openGraph, openOrderedStore } from '@millrace/store';
import { numberedEdge } from './numbered-edge.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rounds = Math.max(2, Math.round(5 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('graph-program.ts', import.meta.url));

interface Told {
  readonly upserted?: number;
  readonly removed?: number;
}

/** What was acknowledged, by number. */
interface Known {
  readonly upserted: Set<number>;
  readonly removed: Set<number>;
}

async function writeUntilKilled(directory: string, first: number, known: Known, afterMs: number): Promise<void> {
  const child = fork(program, [directory, String(first)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  child.on('message', ({ upserted, removed }: Told) => {
    if (upserted !== undefined) known.upserted.add(upserted);
    if (removed !== undefined) known.removed.add(removed);
  });
  await Promise.race([once(child, 'message'), ended.then(() => assert.fail('the writing process ended by itself'))]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
}

/** Looks whether all is as it was acknowledged; answers the number to go on with. */
async function look(directory: string, known: Known): Promise<number> {
  await using records = await openEmbeddedRecords({ store: openOrderedStore({ directory }) });
  await using graph = await openGraph({ records, namespace: 'test', name: 'g', pageBytesMax: 1_024 });
  const out = new Map((await graph.edges('hub', { direction: 'out' })).map((edge) => [edgeId(edge), edge]));
  const into = new Map<string, Edge>();
  for await (const page of graph.allVertices()) {
    for (const { id } of page) {
      for (const edge of await graph.edges(id, { direction: 'in' })) into.set(edgeId(edge), edge);
    }
  }
  assert.deepEqual([...out.keys()].sort(), [...into.keys()].sort());
  for (const [id, edge] of out) assert.deepEqual(edge, into.get(id));
  for (const number of known.upserted) {
    const there = out.has(edgeId(numberedEdge(number)));
    if (known.removed.has(number)) assert.ok(!there, `edge ${number} was removed`);
    // One whose removal was under way may be there or not.
    else if (number % 2 === 0) assert.ok(there, `edge ${number} was acknowledged`);
  }
  for (const label of ['thirds', 'others']) {
    const edges = [...out.values()].filter((edge) => edge.label === label).length;
    assert.equal(await graph.degree('hub', 'out', label), edges);
  }
  return Math.max(-1, ...known.upserted) + 1_000;
}

test(`a graph keeps what it acknowledged, in both directions, through ${rounds} kills (seed ${seed})`, {
  timeout: 600_000,
}, async (t) => {
  const random = seededRandomness(seed);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-graph-kill-'));
  const known: Known = { upserted: new Set(), removed: new Set() };
  try {
    let first = 0;
    for (let round = 0; round < rounds; round++) {
      await writeUntilKilled(directory, first, known, 20 + random.integer(200));
      first = await look(directory, known);
    }
    t.diagnostic(`${known.upserted.size} edges upserted, ${known.removed.size} removed`);
    assert.ok(known.upserted.size > rounds && known.removed.size > 0, 'hardly anything was written');
  } finally {
    await rm(directory, { recursive: true });
  }
});
