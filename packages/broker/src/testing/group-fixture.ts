/**
 * For tests of groups: a coordinator on a manual clock, with a real journal, topics and configuration, and clients for
 * it.
 */
import assert from 'node:assert/strict';
import {
  errorCodes,
  errorRow,
  type JoinGroupRequest,
  type OffsetCommitRequest,
  type SyncGroupRequest,
} from '@millrace/wire';
import { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { GroupCoordinator } from '../groups/group-coordinator.ts';
import type { JoinAnswer, SyncAnswer } from '../groups/group-member.ts';
import { Journal } from '../journal/journal.ts';
import { ReplicaTable } from '../replication/replica-table.ts';
import { TopicCatalog } from '../topics/topic-catalog.ts';
import { logEnvironment } from './log-environment.ts';
import { ManualPlatform, settle } from './manual-platform.ts';

export interface FixtureOptions {
  readonly platform?: ManualPlatform;
  /** By Kafka's broker configuration names. */
  readonly configuration?: Readonly<Record<string, string>>;
}

/** Version of requests unless a test says otherwise: the newest. */
const newest = 9;

export class GroupFixture {
  readonly platform: ManualPlatform;
  readonly groups: GroupCoordinator;
  readonly topics: TopicCatalog;
  readonly reports: string[] = [];
  readonly #journal: Journal;
  readonly #options: FixtureOptions;

  constructor(options: FixtureOptions) {
    this.#options = options;
    this.platform = options.platform ?? new ManualPlatform();
    const { disk, clock, randomness } = this.platform;
    const report = (event: { readonly message: string }): void => void this.reports.push(event.message);
    const configuration = new ClusterConfiguration(options.configuration ?? {});
    const journal = new Journal({ disk, path: '/data/journal', report });
    this.#journal = journal;
    const environment = logEnvironment({ clock, disk, report, tailBytesMax: 1024, openFilesMax: 16 });
    const directory = '/data/topics';
    const replicaTable = new ReplicaTable([{ nodeId: 1, rack: null }]);
    this.topics = new TopicCatalog({ directory, replicaTable, configuration, environment, randomness, journal });
    this.groups = new GroupCoordinator({
      platform: this.platform,
      configuration,
      journal,
      topics: this.topics,
      report,
    });
  }

  /** With the topics `orders` and `events`, of 4 partitions each. */
  static async start(options: FixtureOptions = {}): Promise<GroupFixture> {
    const fixture = new GroupFixture(options);
    await fixture.#journal.open();
    await fixture.groups.start();
    for (const name of ['orders', 'events']) {
      if (fixture.topics.byName(name) === undefined) await fixture.topics.create(name, [[1], [1], [1], [1]], new Map());
    }
    return fixture;
  }

  /** What comes up after the process was killed. */
  restart(configuration = this.#options.configuration): Promise<GroupFixture> {
    const platform = this.platform.afterKill();
    return GroupFixture.start(configuration === undefined ? { platform } : { platform, configuration });
  }

  member(facts: Partial<MemberOptions> = {}): TestMember {
    return new TestMember(this, facts);
  }

  /** Members that form a stable group, the first one its leader. */
  async stableGroup<const F extends readonly Partial<MemberOptions>[]>(...facts: F): Promise<MembersOf<F>> {
    const members = facts.map((one) => this.member(one));
    const joins: Promise<JoinAnswer>[] = [];
    for (const member of members) {
      joins.push(member.join());
      await settle();
    }
    await this.platform.pass(1);
    for (const answer of await Promise.all(joins)) assert.equal(errorRow(answer.errorCode).name, 'NONE');
    await this.syncAll(members);
    return members as unknown as MembersOf<F>;
  }

  /** Everybody syncs; each is assigned a text that names it, the generation and the leader. */
  async syncAll(members: readonly TestMember[]): Promise<void> {
    const answers = await Promise.all(members.map((member) => member.sync(members)));
    for (const answer of answers) assert.equal(errorRow(answer.errorCode).name, 'NONE');
  }

  /** Like `GroupCoordinator.commitOffsets`, with one error for each partition as its name. */
  async commit(
    group: string,
    offsets: Readonly<Record<string, Readonly<Record<number, number>>>>,
    facts: Partial<OffsetCommitRequest> & { readonly version?: number; readonly metadata?: string | null } = {},
  ): Promise<string[]> {
    const { version = newest, metadata = null, ...rest } = facts;
    const topics = Object.entries(offsets).map(([name, partitions]) => ({
      name,
      topicId: this.topics.byName(name)?.id ?? 'AAAAAAAAAAAAAAAAAAAAAA',
      partitions: Object.entries(partitions).map(([partition, committedOffset]) => ({
        partitionIndex: Number(partition),
        committedOffset,
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      })),
    }));
    const request: OffsetCommitRequest = {
      groupId: group,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics,
      ...rest,
    };
    const answer = await this.groups.commitOffsets(request, version);
    return answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorRow(errorCode).name));
  }

  /** All stored offsets of a group as `topic-partition` to offset. */
  async offsets(group: string): Promise<Record<string, number>> {
    const answer = await this.groups.fetchOffsets({ groupId: group, memberId: null, memberEpoch: -1, topics: null }, 8);
    const entries = (answer.topics ?? []).flatMap(({ name, partitions }) =>
      (partitions ?? []).map(({ partitionIndex, committedOffset }) => [`${name}-${partitionIndex}`, committedOffset]),
    );
    return Object.fromEntries(entries.sort()) as Record<string, number>;
  }

  describe(group: string) {
    return this.groups.describe(group, 6);
  }

  state(group: string): string {
    return this.describe(group).groupState;
  }
}

type MembersOf<F> = { [Index in keyof F]: TestMember };

export interface MemberOptions {
  readonly group: string;
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Name to metadata, in order of preference. */
  readonly protocols: Readonly<Record<string, string | Uint8Array>>;
  readonly protocolType: string;
  readonly version: number;
}

/** A client that remembers its member id and generation as clients do. */
export class TestMember {
  readonly #fixture: GroupFixture;
  options: MemberOptions;
  id = '';
  generation = -1;
  /** The last answered join. */
  joined: JoinAnswer | undefined;

  constructor(fixture: GroupFixture, facts: Partial<MemberOptions>) {
    this.#fixture = fixture;
    this.options = {
      group: 'g',
      instanceId: null,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocols: { range: '' },
      protocolType: 'consumer',
      version: newest,
      ...facts,
    };
  }

  /** Joins; with the id it is given, when it has none. */
  async join(): Promise<JoinAnswer> {
    let answer = await this.joinOnce();
    if (answer.errorCode === errorCodes.MEMBER_ID_REQUIRED) {
      this.id = answer.memberId;
      answer = await this.joinOnce();
    }
    if (answer.errorCode === errorCodes.NONE) {
      this.id = answer.memberId;
      this.generation = answer.generationId ?? -1;
      this.joined = answer;
    }
    return answer;
  }

  joinOnce(changes: Partial<JoinGroupRequest> = {}): Promise<JoinAnswer> {
    const { group, instanceId, protocols, version, ...rest } = this.options;
    const request: JoinGroupRequest = {
      groupId: group,
      sessionTimeoutMs: rest.sessionTimeoutMs,
      rebalanceTimeoutMs: rest.rebalanceTimeoutMs,
      memberId: this.id,
      groupInstanceId: instanceId,
      protocolType: rest.protocolType,
      protocols: Object.entries(protocols).map(([name, about]) => ({ name, metadata: bytesOf(about) })),
      reason: null,
      ...changes,
    };
    return this.#fixture.groups.join(request, { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: version });
  }

  /** As leader it assigns to `members`, as a follower it asks only. */
  sync(members: readonly TestMember[] = [], changes: Partial<SyncGroupRequest> = {}): Promise<SyncAnswer> {
    const isLeader = this.joined?.leader === this.id;
    return this.#fixture.groups.sync({
      groupId: this.options.group,
      generationId: this.generation,
      memberId: this.id,
      groupInstanceId: this.options.instanceId,
      protocolType: null,
      protocolName: null,
      assignments: isLeader ? members.map(({ id }) => this.#assignment(id)) : [],
      ...changes,
    });
  }

  heartbeat(changes: { memberId?: string; generationId?: number; groupInstanceId?: string } = {}): string {
    const { group, instanceId } = this.options;
    const request = { groupId: group, memberId: this.id, generationId: this.generation, groupInstanceId: instanceId };
    const errorCode = this.#fixture.groups.heartbeat({ ...request, ...changes });
    assert(typeof errorCode === 'number', 'a classic group answers heartbeats at once');
    return errorRow(errorCode).name;
  }

  async leave(): Promise<string> {
    const member = { memberId: this.id, groupInstanceId: this.options.instanceId, reason: null };
    const answer = await this.#fixture.groups.leave({ groupId: this.options.group, members: [member] });
    return errorRow(answer.members?.[0]?.errorCode ?? answer.errorCode).name;
  }

  commit(offsets: Parameters<GroupFixture['commit']>[1], changes: Partial<OffsetCommitRequest> = {}) {
    const facts = { memberId: this.id, generationIdOrMemberEpoch: this.generation, ...changes };
    return this.#fixture.commit(this.options.group, offsets, { groupInstanceId: this.options.instanceId, ...facts });
  }

  #assignment(memberId: string) {
    return { memberId, assignment: Buffer.from(`${memberId} in ${this.generation} by ${this.id}`) };
  }
}

/** A promise whose outcome a test looks at without waiting. */
export class Parked<T> {
  value: T | undefined;

  constructor(promise: Promise<T>) {
    void promise.then((value) => {
      this.value = value;
    });
  }

  get isOpen(): boolean {
    return this.value === undefined;
  }
}

/** The name of an answer's error. */
export function errorName(answer: { readonly errorCode?: number | undefined } | undefined): string {
  return answer === undefined ? 'unanswered' : errorRow(answer.errorCode ?? errorCodes.NONE).name;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
