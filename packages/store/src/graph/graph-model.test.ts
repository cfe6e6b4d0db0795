/**
 * A graph against a map of edges and a clock: whatever is upserted, removed, split, expires and crashes, at any batch
 * of the store, both directions agree after the graph is opened again, nothing that was acknowledged is missing, and
 * what was under way is there as it was before or after.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { MemoryVolume } from '../ordered/memory-engine.ts';
import { openMemoryStore } from '../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../records/embedded/embedded-records.ts';
import type { BatchEntry, BatchOutcome, RecordStore } from '../records/record-store.ts';
import { ManualTime } from '../records/testing/manual-time.ts';
import { type EdgeUpsert, edgeId } from './element.ts';
import { type Graph, openGraph } from './graph.ts';
import { directions } from './testing/directions.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

const vertex = fc.constantFrom('hub', 'hub', 'a', 'b', 'c');
const edge = fc.record({
  from: vertex,
  label: fc.constantFrom('x', 'x', 'y'),
  to: fc.oneof(
    vertex,
    fc.integer({ min: 0, max: 30 }).map((n) => `v${n}`),
  ),
  weight: fc.integer({ min: 0, max: 9 }),
  lifeMs: fc.constantFrom(undefined, undefined, undefined, 500, 1_500),
});
const edges = fc.array(edge, { minLength: 1, maxLength: 12 });
const step = fc.oneof(
  { arbitrary: fc.record({ type: fc.constant('upsert' as const), edges }), weight: 5 },
  { arbitrary: fc.record({ type: fc.constant('remove' as const), edges }), weight: 2 },
  { arbitrary: fc.record({ type: fc.constant('removeVertex' as const), vertex }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_000 }) }), weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constant('crash' as const),
      edges,
      removed: fc.boolean(),
      /** The store ends after so many of its writes. */
      writes: fc.integer({ min: 0, max: 60 }),
    }),
    weight: 3,
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Wanted = typeof edge extends fc.Arbitrary<infer T> ? T : never;

/** What an edge is: its weight and until when. */
interface Known {
  readonly weight: number;
  readonly expiresAt: number | undefined;
}

/** What may be of each edge: one version, or of one that was under way several; undefined is that it is not there. */
class Model {
  readonly #versions = new Map<string, readonly (Known | undefined)[]>();

  set(id: string, version: Known | undefined): void {
    this.#versions.set(id, [version]);
  }

  may(id: string, version: Known | undefined): void {
    this.#versions.set(id, [...(this.#versions.get(id) ?? [undefined]), version]);
  }

  idsOf(name: string): string[] {
    return [...this.#versions.keys()].filter((id) => {
      const [from, , to] = JSON.parse(id) as [string, string, string];
      return from === name || to === name;
    });
  }

  /** Looks whether what is there may be there, and takes it for true from now on. */
  settle(found: ReadonlyMap<string, Known>, now: number): void {
    for (const id of found.keys()) assert.ok(this.#versions.has(id), `${id} came from nowhere`);
    for (const [id, versions] of this.#versions) {
      const live = versions.map((version) => (isLive(version, now) ? version : undefined));
      const actual = found.get(id);
      const fitting = versions.find((_, index) => sameVersion(live[index], actual));
      assert.ok(
        live.some((version) => sameVersion(version, actual)),
        `${id} is ${JSON.stringify(actual)}`,
      );
      this.set(id, fitting);
    }
  }
}

function isLive(version: Known | undefined, now: number): boolean {
  return version !== undefined && (version.expiresAt === undefined || now < version.expiresAt);
}

function sameVersion(left: Known | undefined, right: Known | undefined): boolean {
  return left?.weight === right?.weight && left?.expiresAt === right?.expiresAt;
}

/** A store whose volume crashes after some writes: all that is asked of it from then on fails. */
class Bench {
  readonly time = new ManualTime();
  readonly #volume = new MemoryVolume();
  readonly #random = seededRandomness(1);
  records!: RecordStore;
  graph!: Graph;

  async open(): Promise<void> {
    const store = openMemoryStore({ volume: this.#volume });
    const write = store.write.bind(store);
    store.write = async (batch, options) => {
      if (this.writesLeft-- === 0) this.#volume.crash();
      await write(batch, options);
    };
    this.writesLeft = Number.POSITIVE_INFINITY;
    const [clock, timers] = [this.time, this.time];
    this.records = await openEmbeddedRecords({ store, clock, timers });
    const batch = this.records.batch.bind(this.records);
    // As in a cluster, entries of a batch are done one by one, in any order.
    this.records.batch = async (entries) => {
      const order = entries
        .map((_, index) => ({ index, at: this.#random.float() }))
        .sort((one, other) => one.at - other.at);
      const outcomes: BatchOutcome[] = [];
      for (const { index } of order) outcomes[index] = (await batch([entries[index] as BatchEntry]))[0] as BatchOutcome;
      return outcomes;
    };
    this.graph = await openGraph({ records: this.records, namespace: 'test', name: 'g', pageBytesMax: 256, clock });
  }

  writesLeft = Number.POSITIVE_INFINITY;

  crash(): void {
    this.#volume.crash();
  }
}

function versionOf({ weight, lifeMs }: Wanted, now: number): Known {
  return { weight, expiresAt: lifeMs === undefined ? undefined : now + lifeMs };
}

function upsertOf(each: Wanted, now: number): EdgeUpsert {
  return { from: each.from, label: each.label, to: each.to, ...versionOf(each, now) };
}

async function take(each: Step, bench: Bench, model: Model): Promise<void> {
  const now = bench.time.now();
  switch (each.type) {
    case 'pass':
      return bench.time.pass(each.ms);
    case 'upsert':
      await bench.graph.upsertEdges(each.edges.map((wanted) => upsertOf(wanted, now)));
      for (const wanted of each.edges) model.set(edgeId(wanted), versionOf(wanted, now));
      return;
    case 'remove':
      await bench.graph.removeEdges(each.edges);
      for (const wanted of each.edges) model.set(edgeId(wanted), undefined);
      return;
    case 'removeVertex':
      await bench.graph.removeVertex(each.vertex);
      for (const id of model.idsOf(each.vertex)) model.set(id, undefined);
      return;
    case 'crash':
      return crash(each, bench, model);
  }
}

async function crash(each: Extract<Step, { type: 'crash' }>, bench: Bench, model: Model): Promise<void> {
  const now = bench.time.now();
  const version = (wanted: Wanted): Known | undefined => (each.removed ? undefined : versionOf(wanted, now));
  bench.writesLeft = each.writes;
  try {
    if (each.removed) await bench.graph.removeEdges(each.edges);
    else await bench.graph.upsertEdges(each.edges.map((wanted) => upsertOf(wanted, now)));
    for (const wanted of each.edges) model.set(edgeId(wanted), version(wanted));
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    for (const wanted of each.edges) model.may(edgeId(wanted), version(wanted));
  }
  bench.crash();
  await bench.open();
}

async function compare(bench: Bench, model: Model): Promise<void> {
  const found = new Map<string, Known>();
  for (const { id, out, into } of await directions(bench.graph)) {
    assert.deepEqual(out, into, `the directions of ${id} differ`);
    found.set(id, { weight: Number(out?.weight), expiresAt: out?.expiresAt });
  }
  model.settle(found, bench.time.now());
}

test('a graph answers as a map of edges does, whatever is changed, splits, expires and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const bench = new Bench();
      const model = new Model();
      await bench.open();
      for (const each of steps) {
        await take(each, bench, model);
        await compare(bench, model);
      }
      await bench.records.close();
    }),
    { numRuns: Math.ceil(150 * scale) },
  );
});
