/**
 * One run of a traversal: its budgets, what it has read of vertices, and what it has gathered.
 *
 * The time is shared out: each hop has its part of what is left, so that a hop that takes too long leaves time for
 * those behind it to go on with what it has found.
 */
import type { Vertex } from '../element.ts';
import { Adjacency } from '../read/adjacency.ts';
import { ListRecords } from '../read/list-records.ts';
import { VertexRecords } from '../read/vertex-records.ts';
import { isHop, type Kind, nestedOf, type Step } from './step.ts';
import type { TraversalSource } from './traversal-source.ts';

export interface RunOptions {
  /** How long it may take. No bound by default. */
  readonly timeMs?: number | undefined;
  /** How many items any step may hand on. 1,000,000 by default. */
  readonly fanOutMax?: number | undefined;
  /** How often `repeat` may go round. 100 by default. */
  readonly loopsMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Items of a kind, put aside. */
export interface Gathered {
  readonly kind: Kind;
  readonly items: readonly unknown[];
}

/** Why there may be more than was found. */
export type Shortage = 'time' | 'fan-out' | 'loops';

/** Records that are asked for at a time; between two batches the time is looked at. */
export const BATCH_RECORDS = 2_048;

export class Run {
  readonly source: TraversalSource;
  readonly records: ListRecords;
  readonly adjacency: Adjacency;
  readonly vertices: VertexRecords;
  readonly fanOutMax: number;
  readonly loopsMax: number;
  /** What `aggregate` has gathered. */
  readonly gathered = new Map<string, Gathered>();
  readonly shortages = new Set<Shortage>();
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: number;
  readonly #known = new Map<string, Vertex | undefined>();
  #hopsLeft: number;
  #hops = 0;
  #refreshed = false;

  constructor(source: TraversalSource, steps: readonly Step[], options: RunOptions) {
    this.source = source;
    const { store, places, labels, clock } = source;
    this.records = new ListRecords(store, places);
    this.adjacency = new Adjacency(this.records, labels, clock);
    this.vertices = new VertexRecords(store, places, this.records);
    this.fanOutMax = options.fanOutMax ?? 1_000_000;
    this.loopsMax = options.loopsMax ?? 100;
    this.#signal = options.signal;
    this.#deadline = clock.monotonic() + (options.timeMs ?? Number.POSITIVE_INFINITY);
    this.#hopsLeft = hopsOf(steps);
  }

  /** When the next hop has to end, on the monotonic clock; the first one begins in any case. */
  hopDeadline(): number {
    this.#signal?.throwIfAborted();
    const now = this.source.clock.monotonic();
    const left = this.#deadline - now;
    this.#hopsLeft = Math.max(0, this.#hopsLeft - 1);
    this.#hops++;
    if (left === Number.POSITIVE_INFINITY) return left;
    return now + left / (this.#hopsLeft + 1);
  }

  get isFirstHop(): boolean {
    return this.#hops === 1;
  }

  /** Whether a time has come; if so, the answer is not complete. */
  isOver(deadline: number): boolean {
    this.#signal?.throwIfAborted();
    if (this.source.clock.monotonic() < deadline) return false;
    this.shortages.add('time');
    return true;
  }

  /** Makes sure that labels are known that others have added. */
  async knowLabels(labels: readonly string[]): Promise<void> {
    if (
      this.#refreshed ||
      (labels.length > 0 && labels.every((label) => this.source.labels.known(label) !== undefined))
    ) {
      return;
    }
    this.#refreshed = true;
    await this.source.labels.refresh();
  }

  /** Vertices by id, each read once; `whatever` reads them when the time is over, too. */
  async read(ids: Iterable<string>, whatever = false): Promise<ReadonlyMap<string, Vertex | undefined>> {
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id));
    for (let first = 0; first < unknown.length; first += BATCH_RECORDS) {
      if (!whatever && this.isOver(this.#deadline)) break;
      const some = unknown.slice(first, first + BATCH_RECORDS);
      const found = await this.vertices.read(some);
      for (const id of some) this.#known.set(id, found.get(id));
    }
    return this.#known;
  }

  /** Takes note of vertices that were read already. */
  know(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) this.#known.set(vertex.id, vertex);
  }
}

/** How many hops steps make, as far as they tell: an `until` is taken for four rounds. */
function hopsOf(steps: readonly Step[]): number {
  let hops = 0;
  for (const step of steps) {
    if (isHop(step)) hops++;
    const within = nestedOf(step).reduce((sum, nested) => sum + hopsOf(nested), 0);
    hops += step.step === 'repeat' ? within * (step.times ?? 4) : within;
  }
  return hops;
}
