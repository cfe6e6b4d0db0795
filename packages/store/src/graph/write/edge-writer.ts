/**
 * Writes edges: what is asked for while a batch is on its way goes together with the next. A batch is noted, with
 * the vertices that are not there yet, written in both directions, and then acknowledged; its note goes with the next
 * one's. So of what is acknowledged both directions are there, and of what is not, a note says that they may disagree.
 */
import type { BatchEntry } from '../../records/record-store.ts';
import { DEFAULT_VERTEX_LABEL } from '../element.ts';
import type { LabelNumbers } from '../layout/label-numbers.ts';
import { BIN } from '../layout/places.ts';
import { type EdgeChange, sidesOf } from './edge-change.ts';
import type { WriteNotes } from './write-notes.ts';
import { PageWriter, type WritePlace } from './write-pages.ts';

/** Edges of a batch at most: its note and the pages it adds to stay far below the largest record. */
const BATCH_EDGES_MAX = 500;
const BATCH_BYTES_MAX = 200_000;

interface Request {
  readonly changes: readonly EdgeChange[];
  resolve(): void;
  reject(error: unknown): void;
}

export class EdgeWriter {
  readonly #place: WritePlace;
  readonly #labels: LabelNumbers;
  readonly #notes: WriteNotes;
  readonly #pages: PageWriter;
  #waiting: Request[] = [];
  #writing: Promise<void> | undefined;

  constructor(place: WritePlace, labels: LabelNumbers, notes: WriteNotes) {
    this.#place = place;
    this.#labels = labels;
    this.#notes = notes;
    this.#pages = new PageWriter(place);
  }

  /** Resolves when all of them are written in both directions. */
  async submit(changes: readonly EdgeChange[]): Promise<void> {
    const parts = parted(changes);
    await Promise.all(
      parts.map(
        (part) =>
          new Promise<void>((resolve, reject) => {
            this.#waiting.push({ changes: part, resolve, reject });
            this.#writing ??= this.#run();
          }),
      ),
    );
  }

  /** Resolves when nothing is on its way, and no note of it is left. */
  async idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) await this.#writeNext();
      // Nobody waits for this; where it fails the notes are found when the graph is opened next.
      await this.#notes.clear().catch(() => undefined);
    } finally {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#writing = this.#run();
    }
  }

  async #writeNext(): Promise<void> {
    const requests = this.#take();
    // The last change of an edge is the one that holds.
    const changes = [
      ...new Map(requests.flatMap((request) => request.changes).map((each) => [each.id, each])).values(),
    ];
    try {
      await this.#labels.ensure(new Set(changes.filter(({ removed }) => !removed).map(({ label }) => label)));
      const known = changes.filter(({ label }) => this.#labels.known(label) !== undefined);
      if (known.length > 0) await this.#write(known);
      for (const { resolve } of requests) resolve();
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  /** Takes requests up to a batch, one at least. */
  #take(): Request[] {
    const taken: Request[] = [];
    let edges = 0;
    let bytes = 0;
    for (const request of this.#waiting) {
      edges += request.changes.length;
      bytes += request.changes.reduce((sum, change) => sum + bytesOf(change), 0);
      if (taken.length > 0 && (edges > BATCH_EDGES_MAX || bytes > BATCH_BYTES_MAX)) break;
      taken.push(request);
    }
    this.#waiting = this.#waiting.slice(taken.length);
    return taken;
  }

  async #write(changes: readonly EdgeChange[]): Promise<void> {
    const missing = await this.#missingVertices(changes);
    // Vertices go before pages: an edge that outlives its writer has both.
    const note = await this.#notes.begin(changes, this.#place.clock.now(), missing);
    const sides = changes.flatMap((change) => sidesOf(change, this.#labels.known(change.label) as number));
    await this.#pages.write(sides);
    this.#notes.end(note);
  }

  /** Entries that make the vertices at the ends of edges where there are none. */
  async #missingVertices(changes: readonly EdgeChange[]): Promise<BatchEntry[]> {
    const { places, records } = this.#place;
    const ids = new Set(changes.flatMap(({ removed, from, to }) => (removed ? [] : [from, to])));
    const keys = [...ids].map((id) => places.vertex(id));
    const found = await records.records(keys, [BIN.label]);
    return keys
      .filter((_, index) => found[index] === undefined)
      .map((key) => ({ type: 'put', key, bins: { [BIN.label]: DEFAULT_VERTEX_LABEL }, options: { mode: 'create' } }));
  }
}

function parted(changes: readonly EdgeChange[]): EdgeChange[][] {
  const parts: EdgeChange[][] = [];
  let part: EdgeChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    if (part.length > 0 && (part.length >= BATCH_EDGES_MAX || bytes + bytesOf(change) > BATCH_BYTES_MAX)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(change);
    bytes += bytesOf(change);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function bytesOf({ id, properties }: EdgeChange): number {
  return 40 + id.length + (properties?.length ?? 0);
}
