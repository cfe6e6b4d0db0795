/** A change to an edge on its way: what it becomes, and the two lists that have to say so. */
import { type EdgeKey, type EdgeUpsert, edgeId } from '../element.ts';
import { type Entry, encodeProperties, hashOfIdentity, identityOf } from '../layout/edge-page.ts';
import type { EdgeList } from '../layout/places.ts';

export interface EdgeChange {
  readonly id: string;
  readonly from: string;
  readonly label: string;
  readonly to: string;
  readonly key: string;
  readonly removed: boolean;
  readonly weight: number | undefined;
  readonly time: number | undefined;
  readonly expiresAt: number | undefined;
  readonly properties: Buffer | undefined;
}

/** One direction of a change. */
export interface Side {
  readonly change: EdgeChange;
  readonly list: EdgeList;
  /** The vertex at the other end. */
  readonly other: string;
  readonly identity: string;
  readonly hash: number;
}

export function upsertOf(edge: EdgeUpsert): EdgeChange {
  const { from, label, to, key = '', weight, time, expiresAt } = edge;
  const properties = encodeProperties(edge.properties);
  return { id: edgeId(edge), from, label, to, key, removed: false, weight, time, expiresAt, properties };
}

export function removalOf(edge: EdgeKey): EdgeChange {
  const { from, label, to, key = '' } = edge;
  const nothing = { weight: undefined, time: undefined, expiresAt: undefined, properties: undefined };
  return { id: edgeId(edge), from, label, to, key, removed: true, ...nothing };
}

export function sidesOf(change: EdgeChange, label: number): readonly [Side, Side] {
  const { from, to, key } = change;
  const side = (direction: 'out' | 'in', vertex: string, other: string): Side => ({
    change,
    list: { direction, label, vertex },
    other,
    identity: identityOf(other, key),
    hash: hashOfIdentity(other, key),
  });
  return [side('out', from, to), side('in', to, from)];
}

export function entryOf({ change, other }: Pick<Side, 'change' | 'other'>, stamp: number): Entry {
  const { key, removed, weight, time, expiresAt, properties } = change;
  return { other, key, stamp, removed, weight, time, expiresAt, properties };
}
