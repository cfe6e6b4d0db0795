/** All clients of a run, as its scenario asks for them: started together, counted in the end. */
import { ClientCommittedReader } from '../client/client-committed-reader.ts';
import { ClientGroup } from '../client/client-group.ts';
import { ClientProducer } from '../client/client-producer.ts';
import { ClientTransactor } from '../client/client-transactor.ts';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import type { Coverage } from './coverage.ts';
import { GroupLedger } from './group-ledger.ts';
import { InvariantViolation } from './history.ts';
import { OracleClassicMember } from './oracle-classic-member.ts';
import { OracleCommittedReader } from './oracle-committed-reader.ts';
import { OracleCommitter } from './oracle-committer.ts';
import { OracleConsumer } from './oracle-consumer.ts';
import { OracleConsumerMember } from './oracle-consumer-member.ts';
import { followerWaitMs, OracleFollower } from './oracle-follower.ts';
import { OracleIdentities } from './oracle-identities.ts';
import { OracleProducer } from './oracle-producer.ts';
import { OracleTopics } from './oracle-topics.ts';
import { OracleTransactor } from './oracle-transactor.ts';
import { OracleTrimmer } from './oracle-trimmer.ts';
import type { Scenario } from './scenario.ts';
import type { TransactionLedger } from './transaction-ledger.ts';

export interface CastOptions {
  readonly scenario: Scenario;
  readonly partitions: readonly KnownPartition[];
  readonly ledger: TransactionLedger;
  /** Makes a client's host. */
  readonly home: (name: string, answerTimeoutMs?: number) => ActorHome;
  /** Virtual milliseconds. */
  readonly now: () => number;
  readonly fail: (error: Error) => void;
}

/** Someone who can say whether what was acknowledged is still so. */
export interface Judge {
  check(): Promise<void>;
}

export class Cast {
  readonly #options: CastOptions;
  readonly #producers: readonly OracleProducer[];
  readonly #clientProducers: readonly ClientProducer[];
  readonly #groups: readonly ClientGroup[];
  readonly #consumers: readonly OracleConsumer[];
  readonly #follower: OracleFollower;
  readonly #transactors: readonly OracleTransactor[];
  readonly #committedReaders: readonly OracleCommittedReader[];
  readonly #clientTransactors: readonly ClientTransactor[];
  readonly #clientReaders: readonly ClientCommittedReader[];
  readonly #classicMembers: readonly OracleClassicMember[];
  readonly #consumerMembers: readonly OracleConsumerMember[];
  readonly #consumerGroup: GroupLedger;
  readonly #committers: readonly OracleCommitter[];
  readonly #trimmers: readonly OracleTrimmer[];
  readonly #topics: OracleTopics;
  readonly #identities: OracleIdentities;
  readonly #producerIds = new Set<number>();

  /** Everyone begins at once. */
  constructor(options: CastOptions) {
    this.#options = options;
    const { scenario, partitions, ledger, home } = options;
    const onProducerId = (producerId: number): void => this.#notice(producerId);
    this.#producers = scenario.producers.map(
      (plan, index) => new OracleProducer(home(`producer-${index}`), plan, partitions, onProducerId),
    );
    this.#clientProducers = scenario.clientProducers.map(
      (plan, index) => new ClientProducer(home(`client-producer-${index}`), plan, partitions),
    );
    this.#groups = scenario.clientGroup === undefined ? [] : [this.#group(scenario.clientGroup)];
    this.#consumers = times(scenario.consumers, (index) => new OracleConsumer(home(`consumer-${index}`), partitions));
    this.#follower = new OracleFollower(home('follower', 2 * followerWaitMs), partitions);
    const kept = this.untrimmed;
    const plans = kept.length > 0 ? scenario.transactors : [];
    this.#transactors = plans.map(
      (plan, index) => new OracleTransactor(home(`transactor-${index}`), plan, kept, ledger),
    );
    this.#committedReaders = times(Math.min(plans.length, 1), () => {
      return new OracleCommittedReader(home('committed-reader'), kept, ledger);
    });
    this.#clientTransactors = (kept.length > 0 ? scenario.clientTransactors : []).map(
      (plan, index) => new ClientTransactor(home(`client-transactor-${index}`), plan, kept, ledger),
    );
    this.#clientReaders = times(this.hasTransactions ? 1 : 0, () => {
      return new ClientCommittedReader(home('client-reader'), kept, ledger);
    });
    const { now, fail } = options;
    const classicGroup = new GroupLedger('classic-group', now, fail);
    this.#classicMembers = times(scenario.classicMembers, (index) => {
      return new OracleClassicMember(home(`classic-member-${index}`), 'classic-group', partitions, classicGroup);
    });
    this.#consumerGroup = new GroupLedger('consumer-group', now, fail);
    this.#consumerMembers = times(scenario.consumerMembers, (index) => {
      const member = home(`consumer-member-${index}`);
      return new OracleConsumerMember(member, 'consumer-group', partitions, this.#consumerGroup);
    });
    this.#committers = times(scenario.committers, (index) => {
      return new OracleCommitter(home(`committer-${index}`), partitions);
    });
    this.#identities = new OracleIdentities(home('identities'), onProducerId);
    this.#topics = new OracleTopics(home('topics'));
    const trimmed = this.#partitionsOf('client');
    this.#trimmers = trimmed.length > 0 ? [new OracleTrimmer(home('trimmer'), trimmed)] : [];
  }

  /** Those who have a certain amount of work to do. */
  get workers(): readonly Actor[] {
    return [...this.#producers, ...this.#clientProducers, ...this.#transactors, ...this.#clientTransactors];
  }

  /** Those who go on until they are stopped. */
  get others(): readonly Actor[] {
    const readers = [...this.#groups, ...this.#consumers, this.#follower, ...this.#committedReaders];
    const members = [...this.#clientReaders, ...this.#classicMembers, ...this.#consumerMembers];
    return [...readers, ...members, ...this.#committers, ...this.#trimmers, this.#topics, this.#identities];
  }

  get judges(): readonly Judge[] {
    return [...this.#committers, this.#topics, ...this.#groups, ...this.#transactors, ...this.#clientReaders];
  }

  /** Names of the producers whose records are there once and in order. */
  get exactlyOnce(): ReadonlySet<string> {
    const idempotent = this.#producers.filter((_, index) => this.#options.scenario.producers[index]?.idempotent);
    return new Set([...idempotent, ...this.#clientProducers].map(({ name }) => name));
  }

  /** Partitions that keep all records, so that whole transactions can be counted. */
  get untrimmed(): readonly KnownPartition[] {
    return this.#partitionsOf('none');
  }

  get hasHandledAll(): boolean {
    return this.#groups.every((group) => group.hasHandledAll);
  }

  get hasFollowedAll(): boolean {
    return this.#follower.isAtEnd;
  }

  /** Those who come and go stay from now on. */
  settle(): void {
    for (const member of this.#consumerMembers) member.settle();
  }

  /** Whether the members that stay have shared all partitions evenly among them. */
  get isShared(): boolean {
    if (this.#consumerMembers.length === 0) return true;
    const { shares } = this.#consumerGroup;
    const counts = this.#consumerMembers.map((member) => shares.get(member) ?? 0);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === this.#options.partitions.length && Math.max(...counts) - Math.min(...counts) <= 1;
  }

  get hasTransactions(): boolean {
    return this.#transactors.length + this.#clientTransactors.length > 0;
  }

  count(coverage: Coverage): void {
    for (const { acknowledgedRecords, retries } of this.#producers) {
      coverage.add('records acknowledged', acknowledgedRecords);
      coverage.add('batches sent again', retries);
    }
    for (const { delivered, waits } of this.#clientProducers) {
      coverage.add('records acknowledged to our client', delivered);
      coverage.add('waits of our client for room', waits);
    }
    for (const { joins, records } of this.#groups) {
      coverage.add('members of our client that joined', joins);
      coverage.add('records handled by our client', records);
    }
    for (const { generations, fenced } of this.#classicMembers) {
      coverage.add('generations of classic groups', generations);
      coverage.add('commits of ended generations refused', fenced);
    }
    for (const { joins } of this.#consumerMembers) coverage.add('members of consumer groups that joined', joins);
    for (const { zombies, expired } of this.#transactors) {
      coverage.add('zombies refused', zombies);
      coverage.add('transactions that took too long', expired);
    }
    for (const outcome of ['committed', 'aborted', 'unknown'] as const) {
      coverage.add(`transactions ${outcome}`, this.#options.ledger.count(outcome));
    }
    for (const { recordsRead } of this.#committedReaders) coverage.add('committed records read', recordsRead);
    for (const { fenced } of this.#clientTransactors) coverage.add('producers of our client fenced', fenced);
    for (const { recordsRead } of this.#clientReaders)
      coverage.add('committed records read by our client', recordsRead);
    for (const { recordsRead } of this.#consumers) coverage.add('records read', recordsRead);
    for (const { commits } of this.#committers) coverage.add('offset commits', Math.max(0, commits));
    for (const { trims } of this.#trimmers) coverage.add('records deleted by clients', trims);
    coverage.add('topics changed', this.#topics.changes);
    coverage.add('producer ids', this.#producerIds.size);
  }

  #group(plan: NonNullable<Scenario['clientGroup']>): ClientGroup {
    const homes = times(plan.members, (index) => this.#options.home(`client-member-${index}`));
    return new ClientGroup(homes, plan, this.#options.partitions);
  }

  #partitionsOf(trimming: Scenario['topics'][number]['trimming']): readonly KnownPartition[] {
    const { scenario, partitions } = this.#options;
    const names = scenario.topics.filter((topic) => topic.trimming === trimming).map(({ name }) => name);
    return partitions.filter(({ topic }) => names.includes(topic));
  }

  #notice(producerId: number): void {
    if (this.#producerIds.has(producerId)) {
      this.#options.fail(new InvariantViolation(`producer id ${producerId} was given twice`));
    }
    this.#producerIds.add(producerId);
  }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
