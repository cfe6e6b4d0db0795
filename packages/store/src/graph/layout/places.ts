/**
 * Where the records of a graph lie. A graph NAME has the sets
 *
 *     NAME.v  vertex id -> l label, p properties (map)
 *     NAME.a  list -> e page of edges (bytes); once split, s how many edges are in which page (map)
 *     NAME.p  page of a split list -> e, as above; f (1) once it is split itself
 *     NAME.w  writer and number -> edges that it is writing (list), t since when
 *     NAME.m  `labels` -> n number of each label of edges (map)
 *     NAME.x.OWN  what rings and components keep, by the name of each
 *
 * A list is a direction, the number of a label and a vertex: `o3:VERTEX`. Page 1 of a list is in the list's own record;
 * page N splits into 2N and 2N+1, whose keys are `o3.2N:VERTEX`. A page that is being split has z (1): nobody writes to
 * it any more.
 */
import { createHash } from 'node:crypto';
import type { RecordKey } from '../../records/record-key.ts';
import type { Direction } from '../element.ts';

/** Edges of a vertex in a direction with a label. */
export interface EdgeList {
  readonly direction: Direction;
  /** The label's number. */
  readonly label: number;
  readonly vertex: string;
}

export const BIN = {
  label: 'l',
  properties: 'p',
  edges: 'e',
  /** Map from a page's number, as text, to how many edges it has. */
  pages: 's',
  sealed: 'z',
  forwarded: 'f',
  since: 't',
  numbers: 'n',
} as const;

/** The first page of a list, in the list's own record. */
export const ROOT_PAGE = 1;

export class Places {
  readonly namespace: string;
  readonly vertices: string;
  readonly lists: string;
  readonly pages: string;
  readonly writes: string;
  readonly catalogue: string;
  readonly #name: string;

  constructor(namespace: string, name: string) {
    this.#name = name;
    this.namespace = namespace;
    this.vertices = `${name}.v`;
    this.lists = `${name}.a`;
    this.pages = `${name}.p`;
    this.writes = `${name}.w`;
    this.catalogue = `${name}.m`;
  }

  vertex(id: string): RecordKey {
    return { namespace: this.namespace, set: this.vertices, key: id };
  }

  list({ direction, label, vertex }: EdgeList): RecordKey {
    const key = `${direction === 'out' ? 'o' : 'i'}${label}:${vertex}`;
    return { namespace: this.namespace, set: this.lists, key };
  }

  page(list: EdgeList, page: number): RecordKey {
    if (page === ROOT_PAGE) return this.list(list);
    const { direction, label, vertex } = list;
    const key = `${direction === 'out' ? 'o' : 'i'}${label}.${page}:${vertex}`;
    return { namespace: this.namespace, set: this.pages, key };
  }

  write(id: string): RecordKey {
    return { namespace: this.namespace, set: this.writes, key: id };
  }

  /** The set of what is kept beside the graph, by its name. */
  own(name: string): string {
    return `${this.#name}.x.${name}`;
  }

  /** A key for a list of ids, of which it may have any number. */
  readonly digest = (ids: readonly string[]): string =>
    createHash('sha256').update(JSON.stringify(ids)).digest('base64url');

  labels(): RecordKey {
    return { namespace: this.namespace, set: this.catalogue, key: 'labels' };
  }
}

/** One text that tells a list from all others. */
export function listId({ direction, label, vertex }: EdgeList): string {
  return `${direction} ${label} ${vertex}`;
}

/** How deep a page lies: as many bits of the hash lead to it. */
export function depthOf(page: number): number {
  return 31 - Math.clz32(page);
}

/** The page below `page` that a hash leads to. */
export function childOf(page: number, hash: number): number {
  return 2 * page + ((hash >>> depthOf(page)) & 1);
}

/** The page of a split list that a hash leads to. */
export function pageFor(pages: { readonly [page: string]: unknown }, hash: number): number {
  let page = ROOT_PAGE;
  while (!Object.hasOwn(pages, page)) {
    if (depthOf(page) >= DEPTH_MAX) throw new RangeError('a list of edges has lost a page');
    page = childOf(page, hash);
  }
  return page;
}

/** Pages are not split deeper: then they grow. */
export const DEPTH_MAX = 24;
