/** What a batch does to a table's rows: the last word on each key, so that order between keys does not matter. */

import type { Client } from 'pg';
import { changeRows, removeRows, type WrittenRow, writeRows } from './row-statements.ts';
import type { TargetTable } from './target-table.ts';

interface PendingRow {
  readonly key: WrittenRow;
  /** Undefined: the row is removed. */
  readonly row: WrittenRow | undefined;
  /** Whether columns that are not in `row` stay as they are at the target. */
  readonly isPart: boolean;
  /** Of a row that is removed: what it was to be. */
  readonly before?: PendingRow | undefined;
}

export class PendingRows {
  readonly #rows = new Map<string, PendingRow>();

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** What was collected of a row before it was to be removed; the removal is forgotten. */
  takeBack(id: string): PendingRow | undefined {
    const removed = this.#rows.get(id);
    this.#rows.delete(id);
    const before = removed?.before;
    if (before !== undefined) this.#rows.set(id, before);
    return before;
  }

  remove(id: string, key: WrittenRow): void {
    const before = this.#rows.get(id);
    this.#rows.set(id, { key, row: undefined, isPart: false, before: before?.row === undefined ? undefined : before });
  }

  write(id: string, key: WrittenRow, row: WrittenRow, isPart: boolean): void {
    const before = isPart ? this.#rows.get(id)?.row : undefined;
    if (before === undefined) this.#rows.set(id, { key, row, isPart });
    else this.#rows.set(id, { key, row: new Map([...before, ...row]), isPart: this.#rows.get(id)?.isPart === true });
  }

  /** Does it, and answers how many rows that were to be changed in part are not there. */
  async flush(client: Client, table: TargetTable): Promise<number> {
    const pending = [...this.#rows.values()];
    this.#rows.clear();
    await removeRows(
      client,
      table,
      pending.filter(({ row }) => row === undefined).map(({ key }) => key),
    );
    let missing = 0;
    for (const group of byColumns(pending.filter(({ row }) => row !== undefined))) {
      const rows = group.map(({ row }) => row as WrittenRow);
      if (group[0]?.isPart !== true) await writeRows(client, table, rows);
      else {
        const keys = group.map(({ key }) => key);
        missing += group.length - (await changeRows(client, table, keys, rows));
      }
    }
    return missing;
  }
}

/** Those that set the same columns in the same manner. */
function byColumns(pending: readonly PendingRow[]): PendingRow[][] {
  const groups = new Map<string, PendingRow[]>();
  for (const each of pending) {
    const id = JSON.stringify([each.isPart, ...(each.row?.keys() ?? [])]);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}
