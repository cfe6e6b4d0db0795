/**
 * What a graph is made of. A vertex is known by its id. An edge is known by where it leaves, its label, where it
 * arrives and, where several of a label go between the same vertices, a key: upserting it again changes that one edge.
 */
import { checkMapKey, checkValue, type Value } from '../records/value.ts';
import { GraphError } from './graph-error.ts';

export interface Properties {
  readonly [name: string]: Value;
}

export interface Vertex {
  readonly id: string;
  readonly label: string;
  readonly properties: Properties;
}

export interface VertexUpsert {
  /** 1 to 512 bytes, without NUL. */
  readonly id: string;
  /** Stays as it is where none is given; `vertex` for a new one. */
  readonly label?: string | undefined;
  /** Set beside those that are there; null removes one. */
  readonly properties?: Properties | undefined;
}

export interface EdgeKey {
  readonly from: string;
  /** 1 to 255 bytes, without NUL. A graph has at most 1,000 labels. */
  readonly label: string;
  readonly to: string;
  /** Tells edges of a label between the same vertices apart; at most 512 bytes. Empty by default. */
  readonly key?: string | undefined;
}

export interface EdgeUpsert extends EdgeKey {
  readonly weight?: number | undefined;
  /** When it was, in milliseconds since 1970 or in whatever the user counts. */
  readonly time?: number | undefined;
  /** From when on it is not there any more, in milliseconds since 1970. Never by default. */
  readonly expiresAt?: number | undefined;
  /** All of them: an upsert of an edge that is there leaves it with these attributes alone. At most 64 KiB. */
  readonly properties?: Properties | undefined;
}

/** An edge as it is read. */
export interface Edge {
  readonly from: string;
  readonly label: string;
  readonly to: string;
  readonly key: string;
  readonly weight: number | undefined;
  readonly time: number | undefined;
  readonly expiresAt: number | undefined;
  readonly properties: Properties;
}

export type Direction = 'out' | 'in';

export const DEFAULT_VERTEX_LABEL = 'vertex';
const ID_BYTES_MAX = 512;
const LABEL_BYTES_MAX = 255;

/** Names of attributes that an edge has beside its properties. */
const ATTRIBUTES = new Set(['weight', 'time', 'expiresAt']);

/** One text that tells an edge from all others. */
export function edgeId({ from, label, to, key = '' }: EdgeKey): string {
  return JSON.stringify(key === '' ? [from, label, to] : [from, label, to, key]);
}

/** Throws `invalid_element`. */
export function checkVertexId(id: unknown): asserts id is string {
  checkText('the id of a vertex', id, 1, ID_BYTES_MAX);
}

/** Throws `invalid_element`. */
export function checkLabel(label: unknown): asserts label is string {
  checkText('a label', label, 1, LABEL_BYTES_MAX);
}

/** Throws `invalid_element`. */
export function checkEdgeKey({ from, label, to, key = '' }: EdgeKey): void {
  checkVertexId(from);
  checkVertexId(to);
  checkLabel(label);
  checkText('the key of an edge', key, 0, ID_BYTES_MAX);
}

/** Throws `invalid_element`. */
export function checkVertex({ id, label, properties = {} }: VertexUpsert): void {
  checkVertexId(id);
  if (label !== undefined) checkLabel(label);
  checkProperties(properties, `the vertex ${id}`);
}

/** Throws `invalid_element`. */
export function checkEdge(edge: EdgeUpsert): void {
  checkEdgeKey(edge);
  const where = `the edge ${edgeId(edge)}`;
  for (const name of ['weight', 'time', 'expiresAt'] as const) {
    const value = edge[name];
    if (value !== undefined && !Number.isFinite(value)) throw invalid(`${where}: ${name} is a finite number`);
  }
  const own = Object.keys(edge.properties ?? {}).find((name) => ATTRIBUTES.has(name));
  if (own !== undefined) throw invalid(`${where}: ${own} is an attribute of its own, no property`);
  checkProperties(edge.properties ?? {}, where);
}

function checkProperties(properties: Properties, where: string): void {
  try {
    for (const name of Object.keys(properties)) checkMapKey(name, where);
    checkValue(properties, where);
  } catch (cause) {
    throw new GraphError('invalid_element', (cause as Error).message, { cause });
  }
}

function checkText(what: string, value: unknown, min: number, max: number): asserts value is string {
  if (typeof value !== 'string') throw invalid(`${what} is text, not ${typeof value}`);
  const length = Buffer.byteLength(value);
  if (length < min || length > max || value.includes('\0')) {
    throw invalid(`${what} has ${min} to ${max} bytes and no NUL, not ${length} bytes`);
  }
}

function invalid(message: string): GraphError {
  return new GraphError('invalid_element', message);
}
