/**
 * A consumer that assigns itself partitions and commits ever larger offsets for a group. What a broker acknowledged
 * must be what it answers when asked, whatever happened since.
 */
import { errorCodes, errorRow, offsetCommit, offsetFetch } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import type { Endpoint } from './endpoint.ts';
import { findCoordinatorOf } from './find-coordinator.ts';
import { InvariantViolation } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { someVersion } from './wire-connection.ts';

export class OracleCommitter implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #partitions: readonly KnownPartition[];
  #stopped = false;
  #sent = 0;
  #acknowledged = -1;

  constructor(home: ActorHome, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    this.#partitions = partitions;
    this.done = home.work(() => this.#run());
  }

  /** The group's id. */
  get group(): string {
    return `group-${this.name}`;
  }

  get commits(): number {
    return this.#acknowledged;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const { nodeId } = await findCoordinatorOf(this.#home, this.group);
      const coordinator = this.#home.broker(nodeId);
      await this.#commit(coordinator);
      if (this.#home.randomness.integer(3) === 0) await this.check();
      await coordinator.pause(60);
    }
  }

  async #commit(coordinator: Endpoint): Promise<void> {
    const offset = ++this.#sent;
    const version = someVersion(this.#home.randomness, 2, 10);
    const topics = this.#byTopic().map(({ name, topicId, indexes }) => ({
      name,
      topicId,
      partitions: indexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: offset,
        committedMetadata: `commit ${offset}`,
      })),
    }));
    const response = await coordinator.ask(offsetCommit, version, { groupId: this.group, topics });
    const codes = new Set(response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)));
    if (codes.size === 1 && codes.has(errorCodes.NONE)) this.#acknowledged = offset;
    else if (codes.size !== 1 || ![...codes].every(isPassing)) {
      const names = [...codes].map((code) => errorRow(code).name).join();
      throw new InvariantViolation(`${this.name}: a commit was answered with ${names}`);
    }
  }

  /** Compares the group's offsets with what was acknowledged. */
  async check(): Promise<void> {
    const { nodeId } = await findCoordinatorOf(this.#home, this.group);
    const least = this.#acknowledged;
    const version = someVersion(this.#home.randomness, 8, 9);
    const response = await this.#home.broker(nodeId).ask(offsetFetch, version, {
      groups: [{ groupId: this.group, topics: null }],
      requireStable: true,
    });
    const group = response.groups[0];
    if (group !== undefined && isPassing(group.errorCode)) return;
    if (group === undefined || group.errorCode !== errorCodes.NONE) {
      throw new InvariantViolation(`${this.name}: offsets are not told`);
    }
    const found = new Map(
      group.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset }) => [`${name}/${partitionIndex}`, committedOffset]),
      ),
    );
    for (const { topic, index } of this.#partitions) {
      const offset = found.get(`${topic}/${index}`) ?? -1;
      if (offset >= least && offset <= this.#sent) continue;
      const message = `${topic}/${index} is at ${offset}; ${least} was acknowledged and ${this.#sent} sent`;
      throw new InvariantViolation(`the committed offset of ${this.group} for ${message}`);
    }
  }

  #byTopic(): { name: string; topicId: string; indexes: number[] }[] {
    const topics = new Map<string, { name: string; topicId: string; indexes: number[] }>();
    for (const { topic, topicId, index } of this.#partitions) {
      const entry = topics.get(topic) ?? { name: topic, topicId, indexes: [] };
      topics.set(topic, entry);
      entry.indexes.push(index);
    }
    return [...topics.values()];
  }
}
