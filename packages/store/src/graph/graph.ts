/**
 * A graph on a record store: vertices, and edges with label, weight, time, properties and life, in both directions. It
 * keeps nothing of them in memory. Any number of processes may write one graph where the record store allows that.
 *
 * - What resolves is kept as the record store keeps it, in both directions.
 * - An edge is changed as a whole; of two versions the later holds, in both directions. Both directions are not one
 *   step: a reader may find an edge from one end a moment earlier than from the other. After a writer's end in between
 *   both agree again when the graph is opened, or with `repair`.
 * - An edge makes the vertices at its ends where they are not there.
 * - `removeVertex` removes edge after edge: what is added to the vertex meanwhile may stay, without the vertex.
 */
import { type Clock, type Randomness, systemClock, systemRandomness, systemTimers, type Timers } from '@millrace/base';
import type { RecordStore } from '../records/record-store.ts';
import {
  checkEdge,
  checkEdgeKey,
  checkVertex,
  type Direction,
  type Edge,
  type EdgeKey,
  type EdgeUpsert,
  type Vertex,
  type VertexUpsert,
} from './element.ts';
import { GraphError } from './graph-error.ts';
import { LabelNumbers } from './layout/label-numbers.ts';
import { Places, ROOT_PAGE } from './layout/places.ts';
import { Adjacency, edgeAt } from './read/adjacency.ts';
import { edgesOf, ListRecords } from './read/list-records.ts';
import { VertexRecords } from './read/vertex-records.ts';
import { parseTraversal } from './traversal/parse-gremlin.ts';
import { Traversal } from './traversal/traversal.ts';
import type { TraversalSource } from './traversal/traversal-source.ts';
import { removalOf, upsertOf } from './write/edge-change.ts';
import { EdgeWriter } from './write/edge-writer.ts';
import { repairEdges } from './write/repair-edges.ts';
import { WriteNotes } from './write/write-notes.ts';
import type { WritePlace } from './write/write-pages.ts';

export interface GraphOptions {
  /** Stays open when the graph is closed. */
  readonly records: RecordStore;
  readonly namespace: string;
  /** 1 to 20 bytes; several graphs in a namespace have names of their own. */
  readonly name: string;
  /** A page of edges that is larger is split. 16 KiB by default. */
  readonly pageBytesMax?: number | undefined;
  /** How long it is known that an edge was removed, against older versions that come late. A day by default. */
  readonly removalsKeptMs?: number | undefined;
  /**
   * A note of a writer stays for so long, since it may be at work still: 60 s by default, and not at all on an embedded
   * store, which one process has for itself.
   */
  readonly writersEndMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly timers?: Timers | undefined;
  readonly randomness?: Randomness | undefined;
}

export interface EdgesOptions {
  /** Both by default; an edge from a vertex to itself is then there twice. */
  readonly direction?: Direction | undefined;
  /** All by default. */
  readonly labels?: readonly string[] | undefined;
}

const EDGE_BYTES_MAX = 65_536;
const NAME_BYTES_MAX = 20;

/** Opens a graph, which is there when something is in it, and ends what writers before left half done. */
export async function openGraph(options: GraphOptions): Promise<Graph> {
  const length = Buffer.byteLength(options.name);
  if (length < 1 || length > NAME_BYTES_MAX) {
    throw new GraphError('invalid_element', `the name of a graph has 1 to ${NAME_BYTES_MAX} bytes, not ${length}`);
  }
  const graph = new Graph(options);
  await graph.refresh();
  await graph.repair();
  return graph;
}

export class Graph implements AsyncDisposable {
  readonly #place: WritePlace;
  readonly #labels: LabelNumbers;
  readonly #notes: WriteNotes;
  readonly #writer: EdgeWriter;
  readonly #vertices: VertexRecords;
  readonly #adjacency: Adjacency;
  readonly #writersEndMs: number;

  /** Made by `openGraph`. */
  constructor(options: GraphOptions) {
    const { records: store, namespace, name } = options;
    const places = new Places(namespace, name);
    const records = new ListRecords(store, places);
    const randomness = options.randomness ?? systemRandomness;
    const clock = options.clock ?? systemClock;
    this.#place = {
      store,
      places,
      records,
      clock,
      randomness,
      timers: options.timers ?? systemTimers,
      pageBytesMax: options.pageBytesMax ?? 16_384,
      removalsKeptMs: options.removalsKeptMs ?? 86_400_000,
    };
    this.#labels = new LabelNumbers(store, places, this.#place);
    this.#notes = new WriteNotes(store, places, Buffer.from(randomness.bytes(12)).toString('base64url'));
    this.#writer = new EdgeWriter(this.#place, this.#labels, this.#notes);
    this.#vertices = new VertexRecords(store, places, records);
    this.#adjacency = new Adjacency(records, this.#labels, clock);
    this.#writersEndMs = options.writersEndMs ?? (store.engine === 'embedded' ? 0 : 60_000);
  }

  /** What traversals, rings and components read from. */
  get source(): TraversalSource {
    const { store, places, clock, timers, randomness } = this.#place;
    return { store, places, labels: this.#labels, clock, timers, randomness };
  }

  /** What loading writes with. */
  get writePlace(): WritePlace {
    return this.#place;
  }

  /** Begins a traversal at vertices, those that are there; at all without ids. */
  V(...ids: readonly string[]): Traversal<Vertex> {
    return new Traversal<Vertex>([{ step: 'V', ids }], this.source);
  }

  /** The traversal of Gremlin's text. Throws `invalid_query`, which says where. */
  parse(text: string): Traversal<unknown> {
    return parseTraversal(text, this.source);
  }

  async upsertVertex(vertex: VertexUpsert): Promise<void> {
    await this.upsertVertices([vertex]);
  }

  /** Each is a step of its own. */
  async upsertVertices(vertices: readonly VertexUpsert[]): Promise<void> {
    for (const vertex of vertices) checkVertex(vertex);
    await this.#vertices.upsert(vertices);
  }

  async upsertEdge(edge: EdgeUpsert): Promise<void> {
    await this.upsertEdges([edge]);
  }

  /** Each is a step of its own; of one that is there several times the last holds. */
  async upsertEdges(edges: readonly EdgeUpsert[]): Promise<void> {
    const changes = edges.map((edge) => {
      checkEdge(edge);
      const change = upsertOf(edge);
      if ((change.properties?.length ?? 0) <= EDGE_BYTES_MAX) return change;
      throw new GraphError('edge_too_large', `the properties of ${change.id} have more than ${EDGE_BYTES_MAX} bytes`);
    });
    if (changes.length > 0) await this.#writer.submit(changes);
  }

  /** Removes those of the edges that are there. */
  async removeEdges(edges: readonly EdgeKey[]): Promise<void> {
    for (const edge of edges) checkEdgeKey(edge);
    if (edges.some(({ label }) => this.#labels.known(label) === undefined)) await this.refresh();
    if (edges.length > 0) await this.#writer.submit(edges.map(removalOf));
  }

  /** Removes a vertex after all its edges. Answers whether it was there. */
  async removeVertex(id: string): Promise<boolean> {
    for (let edges = await this.edges(id); edges.length > 0; edges = await this.edges(id))
      await this.removeEdges(edges);
    return this.#vertices.remove(id);
  }

  async vertex(id: string): Promise<Vertex | undefined> {
    return (await this.#vertices.read([id])).get(id);
  }

  /** The edges of a vertex, in no order that counts. */
  async edges(vertex: string, { direction, labels = [] }: EdgesOptions = {}): Promise<Edge[]> {
    await this.refresh();
    const directions: readonly Direction[] = direction === undefined ? ['out', 'in'] : [direction];
    const edges: Edge[] = [];
    await this.#adjacency.each({ vertices: [vertex], directions, labels }, (_, cursor, way, label) => {
      edges.push(edgeAt(cursor, vertex, way, label));
      return true;
    });
    return edges;
  }

  /**
   * How many edges of a label a vertex has, by the list's own record alone: those that have expired are counted until
   * their page is written again.
   */
  async degree(vertex: string, direction: Direction, label: string): Promise<number> {
    if (this.#labels.known(label) === undefined) await this.refresh();
    const number = this.#labels.known(label);
    if (number === undefined) return 0;
    const list = { direction, label: number, vertex };
    const [record] = await this.#place.records.pages([{ list, page: ROOT_PAGE }]);
    return record === undefined ? 0 : edgesOf(record);
  }

  /** All vertices, a page at a time. */
  allVertices(): AsyncGenerator<readonly Vertex[]> {
    return this.#vertices.scan();
  }

  /** Labels of edges that others have added are known from here on. */
  async refresh(): Promise<void> {
    await this.#labels.refresh();
  }

  /** Makes directions agree that writers left when they ended. Answers how many edges did not. */
  async repair(): Promise<number> {
    let repaired = 0;
    for await (const { key, since, edges } of this.#notes.all()) {
      repaired += await repairEdges(this.#place, this.#labels, edges);
      if (since + this.#writersEndMs <= this.#place.clock.now()) await this.#place.store.remove(key);
    }
    return repaired;
  }

  /** Ends what is on its way. */
  async close(): Promise<void> {
    await this.#writer.idle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
