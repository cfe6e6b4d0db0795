/** A member in the middle of what it has fetched when another one joins. */
import type { Driver, GroupProtocol, StoredMessage } from '../drivers/driver.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const partitions = 2;
const perPartition = 15;

export interface MidBatchOutcome {
  /** Members that read something. */
  readonly readers: number;
  /** Different records that were read. */
  readonly read: number;
  /** Records that were read although the group had committed behind them. */
  readonly repeatedAfterCommit: number;
  /** Records that nobody had read when the group committed behind them. */
  readonly committedUnread: number;
}

/**
 * The first member handles its third message until the group knows of a second member, and takes its time with all
 * others until that has read something.
 */
export async function rebalanceInMidBatch(
  driver: Driver,
  place: Place,
  scope: Scope,
  protocol: GroupProtocol,
): Promise<MidBatchOutcome> {
  const topic = await scope.createTopic({ partitions });
  const group = scope.name('group');
  const messages = Array.from({ length: partitions * perPartition }, (_, index) => ({
    value: `${index}`,
    partition: index % partitions,
  }));
  await driver.produce(place, scope, { topic, messages });
  const progress = new Progress();
  const join = (handle: (message: StoredMessage) => Promise<void>) =>
    driver.join(place, scope, { topic, group, protocol, handle, onCommitted: progress.committed });

  const handled = { first: 0, second: 0 };
  let joining: ReturnType<Driver['join']> | undefined;
  const first = await join(async (message) => {
    progress.read(message);
    handled.first++;
    if (handled.first === 3) {
      joining = join(async (later) => {
        progress.read(later);
        handled.second++;
      });
      await settled(
        () => membersOf(scope, group),
        (count) => count === 2,
      );
    }
    if (joining !== undefined) await settled(() => handled.second, Boolean, 500);
  });
  await settled(
    () => joining !== undefined && progress.done,
    (done) => done,
    60_000,
  );
  await first.leave();
  await (await joining)?.leave();
  return { readers: handled.second > 0 ? 2 : 1, ...progress.outcome() };
}

async function membersOf(scope: Scope, group: string): Promise<number> {
  const [described] = await scope.admin.describeGroups([group]);
  return described?.error === undefined ? (described?.members.length ?? 0) : 0;
}

/** What was read and committed, by partition. */
class Progress {
  readonly #read = Array.from({ length: partitions }, () => new Set<number>());
  readonly #committed = Array.from({ length: partitions }, () => 0);
  #repeatedAfterCommit = 0;
  #committedUnread = 0;

  read({ partition, offset }: StoredMessage): void {
    if (offset < (this.#committed[partition] ?? 0)) this.#repeatedAfterCommit++;
    this.#read[partition]?.add(offset);
  }

  readonly committed = (partition: number, offset: number): void => {
    const read = this.#read[partition];
    for (let each = this.#committed[partition] ?? 0; each < offset; each++) {
      if (read?.has(each) !== true) this.#committedUnread++;
    }
    this.#committed[partition] = Math.max(offset, this.#committed[partition] ?? 0);
  };

  get done(): boolean {
    return this.#committed.every((offset) => offset >= perPartition);
  }

  outcome(): Omit<MidBatchOutcome, 'readers'> {
    return {
      read: this.#read.reduce((sum, offsets) => sum + offsets.size, 0),
      repeatedAfterCommit: this.#repeatedAfterCommit,
      committedUnread: this.#committedUnread,
    };
  }
}
