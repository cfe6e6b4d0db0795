/** A group of reader processes, what they said that they handled, and what the group has committed. */
import { type Admin, type Client, type Producer, unwrap } from '@millrace/client';
import { errorCodes } from '@millrace/wire';
import { eventually } from '../support/eventually.ts';
import { ClientProcess } from './client-process.ts';
import type { ReaderSettings } from './reader.ts';

const WAIT_MS = 90_000;

export interface HandledBatch {
  /** Name of the process. */
  readonly by: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly generation: number;
  readonly memberId: string;
}

export interface HandledBatchesOptions {
  readonly bootstrap: string;
  /** Has `partitions` partitions. */
  readonly topic: string;
  readonly partitions: number;
  readonly protocol: 'classic' | 'consumer';
  /** Default 3,000. */
  readonly sessionTimeoutMs?: number | undefined;
}

export class HandledBatches implements AsyncDisposable {
  readonly #options: HandledBatchesOptions;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #processes: ClientProcess[] = [];
  readonly batches: HandledBatch[] = [];
  readonly group: string;

  /** `client` is not a member, and is not closed with it. */
  constructor(client: Client, options: HandledBatchesOptions) {
    this.#options = options;
    this.#admin = client.admin();
    this.#producer = client.producer();
    this.group = `group-of-${options.topic}`;
  }

  start(name: string, instanceId?: string): ClientProcess {
    const { bootstrap, topic, protocol, sessionTimeoutMs } = this.#options;
    const settings: ReaderSettings = {
      bootstrap,
      routes: {},
      topics: [topic],
      group: this.group,
      protocol,
      instanceId,
      sessionTimeoutMs,
    };
    const process = new ClientProcess({
      name,
      program: 'reader.ts',
      settings,
      onEvent: (_, detail) => this.#note(name, detail),
    });
    this.#processes.push(process);
    return process;
  }

  async memberIds(): Promise<string[]> {
    const [description] = await this.#admin.describeGroups([this.group]);
    // The group comes to be with its first member.
    if (description?.error?.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return [];
    return unwrap(description === undefined ? [] : [description]).flatMap(({ members }) =>
      members.map(({ memberId }) => memberId),
    );
  }

  /** Writes so many records to each partition, and answers the partitions' ends. */
  async write(count: number): Promise<Map<number, number>> {
    const ends = new Map<number, number>();
    for (let partition = 0; partition < this.#options.partitions; partition++) {
      const records = Array.from({ length: count }, (_, number) =>
        this.#producer.send({ topic: this.#options.topic, partition, value: `${number}` }),
      );
      const last = (await Promise.all(records)).at(-1);
      ends.set(partition, (last?.offset ?? -1) + 1);
    }
    return ends;
  }

  /** Writes likewise, and waits until the group has committed all of it. */
  async writeAndCommit(count: number): Promise<Map<number, number>> {
    const ends = await this.write(count);
    const isCommitted = async (): Promise<boolean> => {
      const offsets = unwrap(await this.#admin.fetchOffsets(this.group));
      const committed = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
      return [...ends].every(([partition, end]) => committed.get(partition) === end);
    };
    await eventually(isCommitted, { timeoutMs: WAIT_MS, describe: () => 'not all is committed' });
    return ends;
  }

  /** Writes records until both of two processes have handled some of those that were written for this. */
  async writeUntilBothHandle(): Promise<void> {
    const from = this.batches.length;
    const both = async (): Promise<boolean> => {
      await this.write(2);
      return new Set(this.batches.slice(from).map(({ by }) => by)).size === 2;
    };
    await eventually(both, { timeoutMs: WAIT_MS, describe: () => 'not both handle records' });
  }

  /** Writes so many records to each partition, and answers the batches in which they were handled. */
  async handOut(count: number): Promise<HandledBatch[]> {
    const from = this.batches.length;
    const ends = await this.write(count);
    const handled = (): HandledBatch[] => this.batches.slice(from);
    const areDone = (): boolean =>
      [...ends].every(([partition, end]) =>
        handled().some((each) => each.partition === partition && each.nextOffset === end),
      );
    await eventually(areDone, { timeoutMs: WAIT_MS, describe: () => 'not all is handled' });
    return handled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.close();
    await Promise.all(this.#processes.map((process) => process.kill()));
  }

  #note(by: string, detail: string): void {
    const [, partition, first, next, generation, memberId = ''] = detail.split(' ');
    const [firstOffset, nextOffset] = [Number(first), Number(next)];
    const place = { partition: Number(partition), firstOffset, nextOffset };
    this.batches.push({ by, ...place, generation: Number(generation), memberId });
  }
}
