/**
 * Passes over the edges of many vertices in one batched read (a second one for pages of split lists), without making an
 * object of each: what is wanted of an edge is taken from the cursor.
 */
import type { Clock } from '@millrace/base';
import type { Direction, Edge } from '../element.ts';
import { decodeProperties, EdgeCursor } from '../layout/edge-page.ts';
import type { LabelNumbers } from '../layout/label-numbers.ts';
import type { EdgeList } from '../layout/places.ts';
import type { ListRecords } from './list-records.ts';

/** Told of each edge that is there; false ends it. `index` is the place of its vertex among those asked for. */
export type EdgeVisitor = (index: number, edge: EdgeCursor, direction: Direction, label: string) => boolean;

export interface AdjacencyRequest {
  readonly vertices: readonly string[];
  readonly directions: readonly Direction[];
  /** All labels without any. */
  readonly labels: readonly string[];
  /** Of a split list no more pages are read than hold so many edges. */
  readonly edgesMax?: number | undefined;
}

export class Adjacency {
  readonly #records: ListRecords;
  readonly #labels: LabelNumbers;
  readonly #clock: Clock;
  readonly #cursor = new EdgeCursor();

  constructor(records: ListRecords, labels: LabelNumbers, clock: Clock) {
    this.#records = records;
    this.#labels = labels;
    this.#clock = clock;
  }

  /** Answers whether all edges were visited. */
  async each(request: AdjacencyRequest, visit: EdgeVisitor): Promise<boolean> {
    const { vertices, directions, edgesMax } = request;
    const numbers = this.#numbers(request.labels);
    const lists: EdgeList[] = [];
    for (const vertex of vertices) {
      for (const direction of directions) for (const label of numbers) lists.push({ direction, label, vertex });
    }
    const found = await this.#records.lists(lists, edgesMax);
    const perVertex = directions.length * numbers.length;
    const now = this.#clock.now();
    let all = true;
    for (const [at, { pages, complete }] of found.entries()) {
      all &&= complete;
      const { direction, label } = lists[at] as EdgeList;
      const name = this.#labels.name(label);
      const index = Math.floor(at / perVertex);
      for (const page of pages) {
        const cursor = this.#cursor.open(page);
        while (cursor.next()) {
          if (cursor.isLive(now) && visit(index, cursor, direction, name) === false) return false;
        }
      }
    }
    return all;
  }

  #numbers(labels: readonly string[]): readonly number[] {
    if (labels.length === 0) return this.#labels.all;
    return [...new Set(labels)].flatMap((label) => this.#labels.known(label) ?? []);
  }
}

/** The edge that a cursor is at, of a vertex. */
export function edgeAt(cursor: EdgeCursor, vertex: string, direction: Direction, label: string): Edge {
  const { other, key, weight, time, expiresAt } = cursor;
  const [from, to] = direction === 'out' ? [vertex, other] : [other, vertex];
  return { from, label, to, key, weight, time, expiresAt, properties: decodeProperties(cursor.properties) };
}
