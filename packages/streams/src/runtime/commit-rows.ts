/** The changed rows of one commit: to the changelogs at once, and to disk in one batch when the commit is done. */
import type { OrderedSpace, OrderedStore, WriteBatch } from '@millrace/store';
import type { StateChanges } from '../state/state-space.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import { positionRow, spaceName } from './changelog-position.ts';
import { changelogName } from './internal-topics.ts';
import type { Transactor } from './transactor.ts';

export interface CommitRowsOptions {
  readonly job: string;
  readonly state: OrderedStore;
  readonly transactor: Transactor;
  /** Wall-clock time in ms since 1970: of the changelog's records, whose retention goes by it. */
  readonly now: number;
}

interface ChangedStore {
  readonly changelog: string;
  readonly partition: number;
  readonly space: OrderedSpace;
}

export class CommitRows {
  readonly #options: CommitRowsOptions;
  readonly #batch: WriteBatch;
  readonly #changed: ChangedStore[] = [];

  constructor(options: CommitRowsOptions) {
    this.#options = options;
    this.#batch = options.state.batch();
  }

  /** Takes the changes of a store in a task. */
  changesOf(store: StoreDefinition, partition: number): StateChanges {
    const { job, state, transactor, now } = this.#options;
    const batch = this.#batch;
    const changelog = changelogName(job, store.name);
    const space = state.space(spaceName(job, store.name, partition));
    this.#changed.push({ changelog, partition, space });
    const record: OutgoingRecord = {
      ...{ topic: changelog, partition, timestamp: now, headers: undefined },
      ...{ key: null, value: null },
    };
    return {
      change: (key, value) => {
        record.key = key;
        record.value = value;
        transactor.write(record);
        if (value === null) batch.delete(space, key);
        else batch.put(space, key, value);
      },
      drop: (key) => batch.delete(space, key),
    };
  }

  /** Writes the rows, and how far the changelogs are with them. To be called when the commit is done. */
  write(): Promise<void> {
    const { state, transactor, now } = this.#options;
    for (const { changelog, partition, space } of this.#changed) {
      const end = transactor.endOf(changelog, partition);
      if (end === undefined) continue;
      const { key, value } = positionRow(end, now);
      this.#batch.put(space, key, value);
    }
    return state.write(this.#batch);
  }
}
