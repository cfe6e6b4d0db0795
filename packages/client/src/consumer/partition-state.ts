/**
 * One partition that a consumer reads: where it is in it, what has been fetched ahead, and what is still to be found
 * out.
 *
 * Offsets, in order: `handled` (what a commit may say) <= `position` (the next to be handed out) <= `fetchPosition`
 * (the next to be fetched). Each is the offset of the next record.
 */
import type { OffsetQuery } from '../consumer.ts';
import type { TopicMetadata } from '../metadata/topic-metadata.ts';
import type { TopicPartition } from '../topic.ts';
import type { FetchedChunk } from './fetched-chunk.ts';

/** How the position is to be found out. */
export type PositionQuestion = OffsetQuery | 'committed' | undefined;

export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** False once it went to someone else: what still arrives is dropped. */
  isOwned = true;
  isPaused = false;
  /** Something keeps it from going on that another try does not cure: it rests until a seek or the next loop. */
  isStuck = false;
  /** Not undefined while the position is being looked up. */
  question: PositionQuestion;
  /** The position is to be checked against the leader's epochs before fetching goes on (KIP-320). */
  mustValidate = false;
  position = -1;
  fetchPosition = -1;
  /** Leader epoch of the last record before `fetchPosition`; -1 when unknown. */
  fetchEpoch = -1;
  handled = -1;
  handledEpoch = -1;
  /** What the group has stored, as far as known here. */
  committed = -1;
  /** Where it goes back to when a transaction that took over its progress is aborted. */
  base = -1;
  /** Leader epoch of the last record handed out. */
  positionEpoch = -1;
  /** Where a bounded loop ends here. */
  endOffset = Number.POSITIVE_INFINITY;
  /** Counts seeks and resets: what was fetched before is void. */
  seekCount = 0;
  /** Monotonic time before which it is not fetched, in ms: the pause after an error. */
  notBefore = 0;
  /** Id of the topic that the positions are of; null while unknown. */
  topicId: string | null = null;
  /** Node id of the leader; -1 while unknown. */
  leader = -1;
  leaderEpoch = -1;
  /** A follower nearer than the leader (KIP-392), until a time. */
  nearReplica = -1;
  nearReplicaUntil = 0;
  /** How often in a row the next batch came only in part. */
  cutShortCount = 0;
  readonly chunks: FetchedChunk[] = [];

  constructor(topic: string, partition: number, question: PositionQuestion) {
    this.topic = topic;
    this.partition = partition;
    this.question = question;
  }

  get isPositioned(): boolean {
    return this.question === undefined && this.position >= 0;
  }

  /** Whether a bounded loop has everything of it. */
  get isFinished(): boolean {
    return this.isPositioned && this.position >= this.endOffset;
  }

  /** Goes on from an offset; what was fetched ahead must have been dropped. */
  moveTo(offset: number, leaderEpoch: number): void {
    this.seekCount++;
    this.isStuck = false;
    this.question = undefined;
    this.position = offset;
    this.positionEpoch = leaderEpoch;
    this.fetchPosition = offset;
    this.fetchEpoch = leaderEpoch;
    this.handled = offset;
    this.handledEpoch = leaderEpoch;
    this.base = offset;
    this.mustValidate = leaderEpoch >= 0 && this.leaderEpoch > leaderEpoch;
  }

  /** Goes on from where the question will point. */
  ask(question: PositionQuestion): void {
    this.seekCount++;
    this.isStuck = false;
    this.question = question;
    this.position = -1;
    this.fetchPosition = -1;
    this.mustValidate = false;
  }

  /** The topic was made anew under its name: nothing that was known of the old one holds. */
  forgetTopic(): void {
    this.leader = -1;
    this.leaderEpoch = -1;
    this.fetchEpoch = -1;
    this.handled = -1;
    this.committed = -1;
    this.base = -1;
    this.nearReplica = -1;
  }

  /** Takes over what is known of its topic. */
  learn({ id, partitions }: TopicMetadata): void {
    this.topicId = id ?? this.topicId;
    const known = partitions[this.partition];
    if (known !== undefined) this.setLeader(known.leader, known.leaderEpoch);
  }

  /** Takes over who leads it. */
  setLeader(leader: number, leaderEpoch: number): void {
    if (leaderEpoch > this.leaderEpoch && this.fetchEpoch >= 0 && leaderEpoch > this.fetchEpoch) {
      this.mustValidate = this.leaderEpoch >= 0;
    }
    this.leader = leader;
    this.leaderEpoch = leaderEpoch;
  }
}
