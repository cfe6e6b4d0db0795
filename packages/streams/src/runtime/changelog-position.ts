/**
 * How far the rows of a space are with their changelog: a row of its own beside them, written with them in one batch.
 */
import type { OrderedSpace } from '@millrace/store';

/** Where the row lies. Behind the rows of state. */
const positionKey: Uint8Array = Uint8Array.of(2);

/** A tombstone may be gone from a changelog after a day, so that a space that is older can't know what was deleted. */
const ageMaxMs = 12 * 60 * 60 * 1000;

export interface ChangelogPosition {
  /** Of the next changelog record. */
  readonly offset: number;
  /** Wall-clock time in ms since 1970 at which no tombstone behind the offset could be gone yet. */
  readonly at: number;
}

/** Name of the space of a store in a task. */
export function spaceName(job: string, store: string, partition: number): string {
  return `${spacePrefix(job)}${store}/${partition}`;
}

/** What the names of all spaces of a job begin with. Names of jobs and stores have no '/'. */
export function spacePrefix(job: string): string {
  return `${job}/`;
}

/** The row that says that the rows written with it are those up to `offset`. */
export function positionRow(offset: number, at: number): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: positionKey, value: Buffer.from(JSON.stringify({ offset, at } satisfies ChangelogPosition)) };
}

/** Where the space is; undefined where it has no rows that can be gone on with at this time. */
export function positionIn(space: OrderedSpace, now: number): ChangelogPosition | undefined {
  const row = space.get(positionKey);
  if (row === undefined) return undefined;
  const position = JSON.parse(row.toString()) as ChangelogPosition;
  return now - position.at < ageMaxMs && position.at >= 0 ? position : undefined;
}
