/**
 * All groups of a cluster. Its methods answer as Kafka's group coordinator does; that a request came to the right
 * broker, and what differs between versions of a request's form, is the handlers' business.
 */
import { assert, messageOf, type Platform, type Timer } from '@millrace/base';
import {
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
  type OffsetFetchRequest,
  type offsetCommit,
  type offsetFetch,
  type ResponseDraft,
  type SyncGroupRequest,
} from '@millrace/wire';
import type { Journal } from '../journal/journal.ts';
import { joinError, syncError } from './answers.ts';
import { ClassicGroup, type GroupEnvironment } from './classic-group.ts';
import { describeGroup } from './describe.ts';
import type { Client, JoinAnswer, SyncAnswer } from './group-member.ts';
import { GroupSettings, type NumberSource } from './group-settings.ts';
import { GroupStore } from './group-store.ts';
import { joinGroup } from './join.ts';
import { leaveGroup } from './leave.ts';
import { commitOffsets } from './offset-commit.ts';
import { expiredOffsets } from './offset-expiry.ts';
import { fetchOffsets } from './offset-fetch.ts';
import { syncGroup } from './sync.ts';
import type { TopicLookup } from './topic-lookup.ts';

export interface GroupCoordinatorOptions {
  readonly platform: Platform;
  readonly configuration: NumberSource;
  /** Opened after the coordinator was made, and before `start`. */
  readonly journal: Journal;
  readonly topics: TopicLookup;
  readonly report: GroupEnvironment['report'];
}

type DescribedGroup = NonNullable<ResponseDraft<typeof describeGroups>['groups']>[number];
type AnsweredOffsets = NonNullable<ResponseDraft<typeof offsetFetch>['groups']>[number];

/** Longest delay that a timer takes. */
const delayMsMax = 2 ** 31 - 1;

export class GroupCoordinator {
  readonly #environment: GroupEnvironment;
  readonly #topics: TopicLookup;
  readonly #groups = new Map<string, ClassicGroup>();
  #retention: Timer | undefined;
  #closed = false;

  constructor(options: GroupCoordinatorOptions) {
    const { platform, configuration, journal, topics, report } = options;
    this.#environment = {
      platform,
      settings: new GroupSettings(configuration),
      store: new GroupStore(journal),
      report,
    };
    this.#topics = topics;
  }

  /**
   * Takes up the groups that the journal held: members have a session timeout to be heard of again. Offsets of topics
   * that are gone go too.
   */
  async start(): Promise<void> {
    const { store } = this.#environment;
    this.#topics.onDeleted((topic) => this.#forgetTopic(topic.name));
    await Promise.all([...this.#absentTopics()].map((topic) => store.forgetTopic(topic)));
    for (const id of store.ids()) {
      const group = this.#create(id);
      const stored = store.generation(id);
      if (stored !== undefined) group.restore(stored);
    }
    this.#scheduleRetention();
  }

  /** Answers every parked request; later ones are refused. */
  close(): void {
    this.#closed = true;
    this.#retention?.cancel();
    for (const group of this.#groups.values()) group.die(errorCodes.NOT_COORDINATOR);
    this.#groups.clear();
  }

  /** Resolves when the member's generation begins; the answer tells of an error. */
  join(request: JoinGroupRequest, client: Client): Promise<JoinAnswer> {
    const { groupId, memberId, sessionTimeoutMs } = request;
    const refuse = (errorCode: number): Promise<JoinAnswer> => Promise.resolve(joinError(errorCode, memberId));
    const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = this.#environment.settings;
    if (this.#closed) return refuse(errorCodes.COORDINATOR_NOT_AVAILABLE);
    if (groupId === '') return refuse(errorCodes.INVALID_GROUP_ID);
    if (sessionTimeoutMs < sessionTimeoutMinMs || sessionTimeoutMs > sessionTimeoutMaxMs) {
      return refuse(errorCodes.INVALID_SESSION_TIMEOUT);
    }
    const group = this.#groups.get(groupId) ?? (memberId === '' ? this.#create(groupId) : undefined);
    if (group === undefined) return refuse(errorCodes.UNKNOWN_MEMBER_ID);
    return new Promise((resolve) => joinGroup(group, request, client, resolve));
  }

  /** Resolves when the member's assignment is stored. */
  sync(request: SyncGroupRequest): Promise<SyncAnswer> {
    if (this.#closed) return Promise.resolve(syncError(errorCodes.COORDINATOR_NOT_AVAILABLE));
    if (request.groupId === '') return Promise.resolve(syncError(errorCodes.INVALID_GROUP_ID));
    const group = this.#groups.get(request.groupId);
    if (group === undefined) return Promise.resolve(syncError(errorCodes.UNKNOWN_MEMBER_ID));
    return new Promise((resolve) => syncGroup(group, request, resolve));
  }

  /** Restarts a member's session; the error code tells it to join again, if it must. */
  heartbeat(request: HeartbeatRequest): number {
    const { groupId, memberId, groupInstanceId, generationId } = request;
    if (this.#closed) return errorCodes.COORDINATOR_NOT_AVAILABLE;
    if (groupId === '') return errorCodes.INVALID_GROUP_ID;
    const group = this.#groups.get(groupId);
    if (group === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
    const error = group.members.errorOf(memberId, groupInstanceId);
    if (error !== errorCodes.NONE) return error;
    if (generationId !== group.generation) return errorCodes.ILLEGAL_GENERATION;
    const member = group.members.get(memberId);
    assert(member !== undefined, 'the member was checked');
    group.hearOf(member);
    return group.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
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
    const members = leaveGroup(group, request.members);
    await group.stored;
    return { errorCode: errorCodes.NONE, members };
  }

  /** Groups that pass the filters; empty filters let all pass. `includes` picks those of one broker. */
  list(request: ListGroupsRequest, includes: (groupId: string) => boolean): ListGroupsResponse['groups'] {
    const states = request.statesFilter.map((state) => state.toLowerCase());
    const types = request.typesFilter.map((type) => type.toLowerCase());
    if (types.length > 0 && !types.includes('classic')) return [];
    return [...this.#groups.values()]
      .filter((group) => includes(group.id) && (states.length === 0 || states.includes(group.state.toLowerCase())))
      .map((group) => ({
        groupId: group.id,
        protocolType: group.protocolType ?? '',
        groupState: group.state,
        groupType: 'classic',
      }));
  }

  describe(groupId: string, apiVersion: number): DescribedGroup {
    return describeGroup(groupId, this.#groups.get(groupId), apiVersion);
  }

  /** Deletes a group without members, and its offsets. Answers the error code. */
  async delete(groupId: string): Promise<DeleteGroupsResponse['results'][number]['errorCode']> {
    const group = this.#groups.get(groupId);
    if (group === undefined) return errorCodes.GROUP_ID_NOT_FOUND;
    if (group.state !== 'Empty') return errorCodes.NON_EMPTY_GROUP;
    try {
      await this.#remove(group);
      return errorCodes.NONE;
    } catch (error) {
      this.#environment.report({ level: 'error', message: `could not delete group ${groupId}: ${messageOf(error)}` });
      return errorCodes.COORDINATOR_NOT_AVAILABLE;
    }
  }

  /** Resolves when the offsets are stored. */
  async commitOffsets(request: OffsetCommitRequest, apiVersion: number): Promise<ResponseDraft<typeof offsetCommit>> {
    const { groupId } = request;
    const answer = await commitOffsets(this.#groups.get(groupId), request, apiVersion, this.#topics, this.#environment);
    if (!this.#groups.has(groupId) && this.#environment.store.offsets(groupId).size > 0) this.#create(groupId);
    return answer;
  }

  /** Stored offsets, those of commits under way included once they are written. */
  async fetchOffsets(request: OffsetFetchRequest['groups'][number], apiVersion: number): Promise<AnsweredOffsets> {
    await this.#environment.store.settled(request.groupId);
    return fetchOffsets(request, apiVersion, this.#environment.store, this.#topics);
  }

  #create(id: string): ClassicGroup {
    const group = new ClassicGroup(id, this.#environment);
    this.#groups.set(id, group);
    return group;
  }

  /** Deletes what is stored of a group, and the group itself unless it came to life while that was written. */
  async #remove(group: ClassicGroup): Promise<void> {
    const { store } = this.#environment;
    await store.delete(group.id);
    if (this.#groups.get(group.id) !== group || group.state !== 'Empty' || store.offsets(group.id).size > 0) return;
    group.die(errorCodes.UNKNOWN_MEMBER_ID);
    this.#groups.delete(group.id);
  }

  *#absentTopics(): Iterable<string> {
    const { store } = this.#environment;
    const names = new Set<string>();
    for (const id of store.ids()) for (const name of store.offsets(id).keys()) names.add(name);
    for (const name of names) if (this.#topics.byName(name) === undefined) yield name;
  }

  #forgetTopic(name: string): void {
    this.#environment.store.forgetTopic(name).catch((error: unknown) => {
      const message = `could not remove the offsets of deleted topic ${name}: ${messageOf(error)}`;
      this.#environment.report({ level: 'warn', message: `${message}; the next start tries again` });
    });
  }

  #scheduleRetention(): void {
    const { platform, settings } = this.#environment;
    const delayMs = Math.min(settings.retentionCheckIntervalMs, delayMsMax);
    const check = (): void => {
      for (const group of [...this.#groups.values()]) this.#expireOffsets(group);
      this.#scheduleRetention();
    };
    this.#retention = platform.timers.after(delayMs, check).unref();
  }

  /** Removes a group's old offsets, and the group when it has neither offsets nor members. */
  #expireOffsets(group: ClassicGroup): void {
    const { store, settings, platform, report } = this.#environment;
    const { topics, remaining } = expiredOffsets(group, store, settings.offsetsRetentionMs, platform.clock.now());
    const isDone = !remaining && group.state === 'Empty' && !group.members.hasPending;
    if (topics.size === 0 && !isDone) return;
    const removed = isDone ? this.#remove(group) : store.forgetOffsets(group.id, topics);
    removed.catch((error: unknown) => {
      report({ level: 'warn', message: `could not remove old offsets of group ${group.id}: ${messageOf(error)}` });
    });
  }
}
