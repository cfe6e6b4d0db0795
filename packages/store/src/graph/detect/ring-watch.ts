/**
 * Rings as they close: edges go into the graph through it, and it answers the rings that they close. A ring (its
 * vertices in their order) is told with the edge that first closed it and no other; asked again with that edge, as a
 * stream does that reads a record again, it is told again.
 *
 * Edges of one call, and of calls beside each other, are all in the graph before rings are looked for. So no ring is
 * missed; of a ring that several of them close, one tells.
 */
import { isMillraceError } from '@millrace/base';
import type { RecordKey } from '../../records/record-key.ts';
import { type Edge, type EdgeUpsert, edgeId } from '../element.ts';
import type { Graph } from '../graph.ts';
import { GraphError } from '../graph-error.ts';
import { Adjacency } from '../read/adjacency.ts';
import { ListRecords } from '../read/list-records.ts';
import { findRings, type Ring, type RingConditions } from './find-rings.ts';

export interface RingWatchOptions extends RingConditions {
  /** Several watches of a graph have names of their own, 1 to 15 bytes. `rings` by default. */
  readonly name?: string | undefined;
}

export interface ClosedRings {
  readonly rings: readonly Ring[];
  /** Edges whose search a budget ended. */
  readonly unfinished: readonly Edge[];
}

const NAME_BYTES_MAX = 15;
const LENGTH_MAX = 20;

export class RingWatch {
  readonly #graph: Graph;
  readonly #options: RingWatchOptions;
  readonly #set: string;

  /** Throws `invalid_step` for conditions that no ring fulfils. */
  constructor(graph: Graph, options: RingWatchOptions) {
    const { name = 'rings', lengthMin = 2, lengthMax = 6 } = options;
    if (!(lengthMin >= 2 && lengthMin <= lengthMax && lengthMax <= LENGTH_MAX)) {
      const given = `${lengthMin} to ${lengthMax}`;
      throw new GraphError(
        'invalid_step',
        `a ring has 2 to ${LENGTH_MAX} edges, the most not below the least: ${given}`,
      );
    }
    if (Buffer.byteLength(name) < 1 || Buffer.byteLength(name) > NAME_BYTES_MAX) {
      throw new GraphError('invalid_element', `the name of a watch has 1 to ${NAME_BYTES_MAX} bytes`);
    }
    this.#graph = graph;
    this.#options = options;
    this.#set = graph.source.places.own(name);
  }

  /** Upserts edges, and answers the rings that they close. */
  async add(edges: readonly EdgeUpsert[]): Promise<ClosedRings> {
    await this.#graph.upsertEdges(edges);
    const { store, places, labels, clock } = this.#graph.source;
    const adjacency = new Adjacency(new ListRecords(store, places), labels, clock);
    const found = await Promise.all(
      edges
        .filter(({ label }) => label === this.#options.label)
        .map(async (edge) => {
          const closing = edgeOf(edge);
          return { closing, ...(await findRings(adjacency, clock, closing, this.#options)) };
        }),
    );
    const rings: Ring[] = [];
    for (const ring of found.flatMap((each) => each.rings)) if (await this.#isFirst(ring)) rings.push(ring);
    return { rings, unfinished: found.filter(({ complete }) => !complete).map(({ closing }) => closing) };
  }

  /** Whether nobody has told of a ring, or it was told with the same edge. */
  async #isFirst({ vertices, closing }: Ring): Promise<boolean> {
    const { store } = this.#graph.source;
    const key = this.#key(vertices);
    try {
      await store.put(key, { edge: edgeId(closing), ring: vertices }, { mode: 'create' });
      return true;
    } catch (error) {
      if (!isMillraceError(error, 'exists')) throw error;
      return (await store.get(key))?.bins['edge'] === edgeId(closing);
    }
  }

  #key(vertices: readonly string[]): RecordKey {
    const { namespace, digest } = this.#graph.source.places;
    return { namespace, set: this.#set, key: digest(vertices) };
  }
}

function edgeOf({ from, label, to, key = '', weight, time, expiresAt, properties = {} }: EdgeUpsert): Edge {
  return { from, label, to, key, weight, time, expiresAt, properties };
}
