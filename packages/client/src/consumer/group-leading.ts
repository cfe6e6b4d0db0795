/** What the leader of a group does for it: spreads the partitions, and watches for topics whose partitions change. */
import { isMillraceError, messageOf } from '@millrace/base';
import { errorCodes, KafkaError } from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import { type Assignor, emptyAssignment } from './assignors/assignor.ts';
import type { JoinedGroup } from './classic-requests.ts';
import { assignorMembers, encodeAssignments } from './subscription-coding.ts';

export class GroupLeading {
  readonly #cluster: Cluster;
  readonly #group: string;
  readonly #assignors: readonly Assignor[];
  /** Partitions by topic on which the assignment is based; undefined while another member leads. */
  #counts: ReadonlyMap<string, number> | undefined;

  constructor(cluster: Cluster, group: string, assignors: readonly Assignor[]) {
    this.#cluster = cluster;
    this.#group = group;
    this.#assignors = assignors;
  }

  /**
   * The assignment of all members as they get it, by the assignor that the group chose. Empty when the old one still
   * holds. Rejects with `KafkaError` when that is none that was offered, or as refreshing metadata does.
   */
  async assign(joined: JoinedGroup): Promise<Map<string, Uint8Array>> {
    if (joined.skipAssignment) return new Map();
    const members = assignorMembers(joined);
    const topics = new Set(members.flatMap((member) => member.topics));
    await this.#cluster.metadata.refresh(topics);
    const known = new Map<string, number>();
    for (const topic of topics) {
      const metadata = this.#cluster.metadata.peek(topic);
      if (metadata !== undefined) known.set(topic, metadata.partitions.length);
    }
    this.#reportUnknown([...topics].filter((topic) => !known.has(topic)));
    this.#counts = new Map([...topics].map((topic) => [topic, known.get(topic) ?? 0]));
    const assignor = this.#assignors.find(({ name }) => name === joined.protocol);
    if (assignor === undefined) {
      const chosen = `its coordinator chose the assignor '${joined.protocol}', which this member did not offer`;
      throw new KafkaError(errorCodes.INCONSISTENT_GROUP_PROTOCOL, `lead group ${this.#group}`, chosen);
    }
    const assignment = new Map([...emptyAssignment(members), ...assignor.assign(members, known)]);
    return encodeAssignments(assignment, assignor.assignmentData?.());
  }

  /** Another member may lead from now on. */
  end(): void {
    this.#counts = undefined;
  }

  /** A topic whose partitions are not what the assignment is based on, so that the group must be balanced anew. */
  changedTopic(): string | undefined {
    if (this.#counts === undefined) return undefined;
    const { metadata } = this.#cluster;
    for (const [topic, count] of this.#counts) {
      if ((metadata.peek(topic)?.partitions.length ?? 0) !== count) return topic;
    }
    const old = [...this.#counts.keys()].filter((topic) => metadata.isOld(topic));
    if (old.length > 0) this.#refresh(old);
    return undefined;
  }

  #refresh(topics: readonly string[]): void {
    this.#cluster.metadata.refresh(topics).catch((error: unknown) => {
      if (!isMillraceError(error)) throw error;
      this.#cluster.settings.report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
    });
  }

  #reportUnknown(topics: readonly string[]): void {
    if (topics.length === 0) return;
    const message = `group ${this.#group} is subscribed to topics that don't exist (yet): ${topics.join(', ')}`;
    this.#cluster.settings.report({ level: 'warn', event: 'metadata_failed', message });
  }
}
