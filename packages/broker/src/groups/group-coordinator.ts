/**
 * All groups of a cluster. Its methods answer as Kafka's group coordinator does; that a request came to the right
 * broker, and what differs between versions of a request's form, is the handlers' business.
 */
import { messageOf, type Platform } from '@millrace/base';
import {
  type ConsumerGroupHeartbeatRequest,
  type DeleteGroupsResponse,
  type describeGroups,
  errorCodes,
  type HeartbeatRequest,
  type JoinGroupRequest,
  type LeaveGroupRequest,
  type ListGroupsRequest,
  type ListGroupsResponse,
  type leaveGroup as leaveGroupApi,
  type OffsetCommitRequest,
  type OffsetDeleteRequest,
  type OffsetFetchRequest,
  type offsetCommit,
  type offsetDelete,
  type offsetFetch,
  type ResponseDraft,
  type SyncGroupRequest,
  type TxnOffsetCommitRequest,
  type txnOffsetCommit,
} from '@millrace/wire';
import type { Journal } from '../journal/journal.ts';
import type { Refusal } from '../storage-failure.ts';
import { joinError, syncError } from './answers.ts';
import type { GroupEnvironment } from './classic-group.ts';
import { heartbeatInClassicGroup } from './classic-heartbeat.ts';
import { heartbeatAsClassic, joinAsClassic, leaveAsClassic, syncAsClassic } from './consumer/classic-members.ts';
import { ConsumerGroup, notStored } from './consumer/consumer-group.ts';
import { leftEpoch } from './consumer/consumer-member.ts';
import { type DescribedConsumerGroup, describeConsumerGroup, undescribedConsumerGroup } from './consumer/describe.ts';
import { GroupConfigurations } from './consumer/group-configurations.ts';
import { type HeartbeatAnswer, heartbeat, leave, refused, type TopicFilter } from './consumer/heartbeat.ts';
import { refusalOfRequest } from './consumer/heartbeat-request.ts';
import { fetchErrorOf } from './consumer/offset-rules.ts';
import { PatternResolver } from './consumer/pattern-resolver.ts';
import { describeGroup } from './describe.ts';
import { GroupDirectory, notConsumerGroup } from './group-directory.ts';
import type { Client, JoinAnswer, SyncAnswer } from './group-member.ts';
import { GroupSettings, type SettingSource } from './group-settings.ts';
import { GroupStore } from './group-store.ts';
import { joinGroup } from './join.ts';
import { leaveGroup } from './leave.ts';
import { listGroups } from './list-groups.ts';
import { commitOffsets } from './offset-commit.ts';
import { deleteOffsets } from './offset-delete.ts';
import { fetchOffsets, refusedGroup } from './offset-fetch.ts';
import { OffsetRetention } from './offset-retention.ts';
import { syncGroup } from './sync.ts';
import type { TopicLookup } from './topic-lookup.ts';
import { commitInTransaction, refusedInTransaction } from './transactional-commit.ts';

export interface GroupCoordinatorOptions {
  readonly platform: Platform;
  readonly configuration: SettingSource;
  /** Opened after the coordinator was made, and before `start`. */
  readonly journal: Journal;
  readonly topics: TopicLookup;
  readonly report: GroupEnvironment['report'];
}

type DescribedGroup = NonNullable<ResponseDraft<typeof describeGroups>['groups']>[number];
type AnsweredOffsets = NonNullable<ResponseDraft<typeof offsetFetch>['groups']>[number];

export class GroupCoordinator {
  /** What single groups set for themselves. */
  readonly configurations: GroupConfigurations;
  readonly #groups: GroupDirectory;
  readonly #topics: TopicLookup;
  readonly #resolver: PatternResolver;
  readonly #retention: OffsetRetention;
  #closed = false;

  constructor(options: GroupCoordinatorOptions) {
    const { platform, configuration, journal, topics, report } = options;
    this.configurations = new GroupConfigurations(journal, configuration);
    this.#resolver = new PatternResolver(platform, topics);
    this.#groups = new GroupDirectory({
      platform,
      settings: new GroupSettings(configuration),
      store: new GroupStore(journal),
      report,
      topics,
      configurations: this.configurations,
      resolver: this.#resolver,
    });
    this.#topics = topics;
    this.#retention = new OffsetRetention(this.#groups);
  }

  /**
   * Takes up the groups that the journal held: members have a session timeout to be heard of again. Offsets of topics
   * that are gone go too.
   */
  async start(): Promise<void> {
    await this.#retention.start();
    this.#groups.restore();
  }

  /** Answers every parked request; later ones are refused. */
  close(): void {
    this.#closed = true;
    this.#retention.close();
    this.#resolver.close();
    this.#groups.close(errorCodes.NOT_COORDINATOR);
  }

  /** A member of the consumer protocol joins, lives or leaves (KIP-848). `mayKnow` says which topics it may know of. */
  async consumerHeartbeat(
    request: ConsumerGroupHeartbeatRequest,
    client: Client,
    mayKnow: TopicFilter,
  ): Promise<HeartbeatAnswer> {
    if (this.#closed) return refused(notStored);
    const { groupId, memberEpoch } = request;
    const wrong = refusalOfRequest(request, client.apiVersion, this.#groups.environment.settings.assignorNames);
    if (wrong !== undefined) return refused(wrong);
    const group = memberEpoch === 0 ? this.#groups.forConsumerJoin(groupId) : this.#consumerGroup(groupId, memberEpoch);
    if (!(group instanceof ConsumerGroup)) return refused(group);
    return this.#groups.inTurn(
      group,
      () => (memberEpoch <= leftEpoch ? leave(group, request) : heartbeat(group, request, client, mayKnow)),
      () => refused(notStored),
    );
  }

  describeConsumerGroup(groupId: string): DescribedConsumerGroup {
    const group = this.#consumerGroup(groupId, leftEpoch);
    if (group instanceof ConsumerGroup) return describeConsumerGroup(group);
    return undescribedConsumerGroup(groupId, group.errorCode, group.message);
  }

  /** Resolves when the member's generation begins; the answer tells of an error. */
  join(request: JoinGroupRequest, client: Client): Promise<JoinAnswer> {
    const { groupId, memberId, sessionTimeoutMs } = request;
    const refuse = (errorCode: number): Promise<JoinAnswer> => Promise.resolve(joinError(errorCode, memberId));
    const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = this.#groups.environment.settings;
    if (this.#closed) return refuse(errorCodes.COORDINATOR_NOT_AVAILABLE);
    if (groupId === '') return refuse(errorCodes.INVALID_GROUP_ID);
    if (sessionTimeoutMs < sessionTimeoutMinMs || sessionTimeoutMs > sessionTimeoutMaxMs) {
      return refuse(errorCodes.INVALID_SESSION_TIMEOUT);
    }
    const group = this.#groups.forClassicJoin(groupId, memberId === '');
    if (group === undefined) return refuse(errorCodes.UNKNOWN_MEMBER_ID);
    if (group instanceof ConsumerGroup) {
      const gone = (): JoinAnswer => joinError(errorCodes.COORDINATOR_NOT_AVAILABLE, memberId);
      return Promise.resolve(this.#groups.inTurn(group, () => joinAsClassic(group, request, client), gone));
    }
    return new Promise((resolve) => joinGroup(group, request, client, resolve));
  }

  /** Resolves when the member's assignment is stored. */
  sync(request: SyncGroupRequest): Promise<SyncAnswer> {
    if (this.#closed) return Promise.resolve(syncError(errorCodes.COORDINATOR_NOT_AVAILABLE));
    if (request.groupId === '') return Promise.resolve(syncError(errorCodes.INVALID_GROUP_ID));
    const group = this.#groups.get(request.groupId);
    if (group === undefined) return Promise.resolve(syncError(errorCodes.UNKNOWN_MEMBER_ID));
    if (group instanceof ConsumerGroup) {
      const gone = (): SyncAnswer => syncError(errorCodes.COORDINATOR_NOT_AVAILABLE);
      return Promise.resolve(this.#groups.inTurn(group, () => syncAsClassic(group, request), gone));
    }
    return new Promise((resolve) => syncGroup(group, request, resolve));
  }

  /** Restarts a member's session; the error code tells it to join again, if it must. */
  heartbeat(request: HeartbeatRequest): number | Promise<number> {
    const { groupId } = request;
    if (this.#closed) return errorCodes.COORDINATOR_NOT_AVAILABLE;
    if (groupId === '') return errorCodes.INVALID_GROUP_ID;
    const group = this.#groups.get(groupId);
    if (group === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
    if (!(group instanceof ConsumerGroup)) return heartbeatInClassicGroup(group, request);
    const gone = (): number => errorCodes.COORDINATOR_NOT_AVAILABLE;
    return this.#groups.inTurn(group, () => heartbeatAsClassic(group, request), gone);
  }

  /** Takes the request's members out of the group. */
  async leave(request: Pick<LeaveGroupRequest, 'groupId' | 'members'>): Promise<ResponseDraft<typeof leaveGroupApi>> {
    if (this.#closed) return { errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE };
    if (request.groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID };
    const group = this.#groups.get(request.groupId);
    if (group === undefined) {
      const members = request.members.map((member) => ({ ...member, errorCode: errorCodes.UNKNOWN_MEMBER_ID }));
      return { errorCode: errorCodes.NONE, members };
    }
    if (group instanceof ConsumerGroup) {
      const gone = (): undefined => undefined;
      const members = await this.#groups.inTurn(group, () => leaveAsClassic(group, request.members), gone);
      return members === undefined
        ? { errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE }
        : { errorCode: errorCodes.NONE, members };
    }
    const members = leaveGroup(group, request.members);
    await group.stored;
    return { errorCode: errorCodes.NONE, members };
  }

  /** Groups that pass the filters; empty filters let all pass. `includes` picks those of one broker. */
  list(request: ListGroupsRequest, includes: (groupId: string) => boolean): ListGroupsResponse['groups'] {
    return listGroups(this.#groups.all(), request, includes);
  }

  describe(groupId: string, apiVersion: number): DescribedGroup {
    return describeGroup(groupId, this.#groups.get(groupId), apiVersion);
  }

  /** Deletes a group without members, and its offsets. Answers the error code. */
  async delete(groupId: string): Promise<DeleteGroupsResponse['results'][number]['errorCode']> {
    const group = this.#groups.get(groupId);
    if (group === undefined) return errorCodes.GROUP_ID_NOT_FOUND;
    try {
      return (await this.#groups.removeIfEmpty(group)) ? errorCodes.NONE : errorCodes.NON_EMPTY_GROUP;
    } catch (error) {
      this.#groups.environment.report({
        level: 'error',
        message: `could not delete group ${groupId}: ${messageOf(error)}`,
      });
      return errorCodes.COORDINATOR_NOT_AVAILABLE;
    }
  }

  /** Resolves when the offsets are stored. */
  async commitOffsets(request: OffsetCommitRequest, apiVersion: number): Promise<ResponseDraft<typeof offsetCommit>> {
    const { groupId } = request;
    const answer = await commitOffsets(
      this.#groups.get(groupId),
      request,
      apiVersion,
      this.#topics,
      this.#groups.environment,
    );
    if (this.#groups.get(groupId) === undefined && this.#groups.environment.store.offsets(groupId).size > 0)
      this.#groups.createClassic(groupId);
    return answer;
  }

  /** Resolves when the offsets are stored; they count once the producer's transaction is committed. */
  async commitInTransaction(request: TxnOffsetCommitRequest): Promise<ResponseDraft<typeof txnOffsetCommit>> {
    const { groupId } = request;
    if (this.#closed) return refusedInTransaction(request, errorCodes.COORDINATOR_NOT_AVAILABLE);
    if (groupId === '') return refusedInTransaction(request, errorCodes.INVALID_GROUP_ID);
    const answer = await commitInTransaction(
      this.#groups.get(groupId),
      request,
      this.#topics,
      this.#groups.environment,
    );
    if (this.#groups.get(groupId) === undefined && this.#groups.environment.store.pending.has(groupId))
      this.#groups.createClassic(groupId);
    return answer;
  }

  /** Makes offsets that a producer committed in a transaction the group's, or drops them. */
  async endTransaction(groupId: string, producerId: number, commit: boolean): Promise<void> {
    const { store } = this.#groups.environment;
    await store.settled(groupId);
    if (!store.pending.hasOf(groupId, producerId)) return;
    await store.settlePending(groupId, producerId, commit);
    if (this.#groups.get(groupId) === undefined && store.offsets(groupId).size > 0) this.#groups.createClassic(groupId);
  }

  /** Stored offsets, those of commits under way included once they are written. */
  async fetchOffsets(
    request: OffsetFetchRequest['groups'][number],
    apiVersion: number,
    requireStable = false,
  ): Promise<AnsweredOffsets> {
    const { store } = this.#groups.environment;
    await store.settled(request.groupId);
    const group = this.#groups.get(request.groupId);
    const error = group instanceof ConsumerGroup ? fetchErrorOf(group, request) : errorCodes.NONE;
    if (error !== errorCodes.NONE) return refusedGroup(request.groupId, error);
    return fetchOffsets(request, apiVersion, store, this.#topics, requireStable);
  }

  /** Deletes stored offsets of topics that the group does not read. */
  deleteOffsets(request: OffsetDeleteRequest): Promise<ResponseDraft<typeof offsetDelete>> {
    return deleteOffsets(this.#groups.get(request.groupId), request, this.#groups.environment.store);
  }

  #consumerGroup(id: string, memberEpoch: number): ConsumerGroup | Refusal {
    const group = this.#groups.get(id);
    if (group instanceof ConsumerGroup) return group;
    if (group !== undefined) return notConsumerGroup(id);
    const kind = memberEpoch < 0 ? 'Group' : 'Consumer group';
    return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, message: `${kind} ${id} not found.` };
  }
}
