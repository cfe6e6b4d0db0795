/** The options of a consumer, checked and with their defaults filled in. */
import type { Assignment, AssignorName, ConsumerOptions, OffsetQuery, PatternConsumerOptions } from '../consumer.ts';
import { InvalidOptionError } from '../errors.ts';
import { choiceOption, integerOption } from '../settings.ts';
import { nameOf, type TopicLike, type TopicPartition } from '../topic.ts';
import type { Assignor } from './assignors/assignor.ts';
import { type TopicPattern, topicPattern } from './subscription.ts';

type Callback = ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;

export interface GroupSettings {
  readonly group: string;
  readonly assignors: readonly (AssignorName | Assignor)[];
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly batchTimeoutMs: number;
  readonly protocol: 'classic' | 'consumer';
  /** The coordinator's assignor; null for its own choice. */
  readonly serverAssignor: string | null;
  readonly topicPattern: TopicPattern | undefined;
  readonly rack: string;
  readonly onAssigned: Callback;
  readonly onRevoked: Callback;
  readonly onLost: Callback;
}

export interface ConsumerSettings {
  /** Balanced in a group; else partitions are this consumer's own. */
  readonly membership: GroupSettings | undefined;
  /** Under which offsets are stored. */
  readonly group: string | undefined;
  readonly topics: readonly TopicLike[];
  readonly assign: readonly Assignment[] | undefined;
  readonly until: 'end' | undefined;
  readonly from: OffsetQuery | 'none';
  readonly autoCommit: boolean;
  readonly commitIntervalMs: number;
  readonly fetchBytesMax: number;
  readonly partitionBytesMax: number;
  readonly fetchBytesMin: number;
  readonly fetchWaitMs: number;
  readonly bufferBytesMax: number;
  readonly checkCrc: boolean;
  readonly rack: string;
  /** Kafka's number: 1 for committed records alone. */
  readonly isolationLevel: 0 | 1;
}

const isolations = ['read_uncommitted', 'read_committed'] as const;

/** Throws `InvalidOptionError`. */
export function consumerSettings(options: ConsumerOptions, rack = options.rack ?? ''): ConsumerSettings {
  const pattern = 'topicPattern' in options ? options.topicPattern : undefined;
  const named = pattern === undefined ? options.topics : [];
  const topics = options.assign === undefined ? named : options.assign.map(({ topic }) => topic);
  if (pattern !== undefined && (options.topics as unknown) !== undefined) {
    throw new InvalidOptionError('topicPattern', 'and topics exclude each other; give one of them');
  }
  if (pattern !== undefined && options.group === undefined) {
    throw new InvalidOptionError('topicPattern', 'needs a group, whose members share the topics that match');
  }
  if (options.assign !== undefined && (options.topics as unknown) !== undefined) {
    throw new InvalidOptionError('assign', 'and topics exclude each other; give one of them');
  }
  if (topics === undefined || (topics.length === 0 && pattern === undefined)) {
    throw new InvalidOptionError('topics', 'is empty; name at least one topic, or partitions in assign');
  }
  checkNames(topics);
  const commits = 'commit' in options ? options.commit : undefined;
  const { group } = options;
  const isolation = choiceOption('isolation', options.isolation, 'read_uncommitted', isolations);
  if (group !== undefined && group === '') throw new InvalidOptionError('group', 'is empty; a group needs a name');
  return {
    membership: group !== undefined && options.assign === undefined ? groupSettings(options, group, rack) : undefined,
    group,
    topics,
    assign: options.assign?.map(checkedAssignment),
    until: options.until,
    from: checkedStart(options.from ?? 'latest'),
    autoCommit: group !== undefined && choiceOption('commit', commits, 'auto', ['auto', 'manual']) === 'auto',
    commitIntervalMs: integerOption('commitIntervalMs', optional(options, 'commitIntervalMs'), 5_000, 1, 2 ** 31 - 1),
    fetchBytesMax: integerOption('fetchBytesMax', options.fetchBytesMax, 8 * 1024 * 1024, 1, 2 ** 30),
    partitionBytesMax: integerOption('partitionBytesMax', options.partitionBytesMax, 1024 * 1024, 1, 2 ** 30),
    fetchBytesMin: integerOption('fetchBytesMin', options.fetchBytesMin, 1, 0, 2 ** 30),
    fetchWaitMs: integerOption('fetchWaitMs', options.fetchWaitMs, 500, 0, 600_000),
    bufferBytesMax: integerOption('bufferBytesMax', options.bufferBytesMax, 32 * 1024 * 1024, 1, 2 ** 40),
    checkCrc: options.checkCrc ?? true,
    rack,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
  };
}

function optional(options: ConsumerOptions, name: 'commitIntervalMs'): number | undefined {
  return name in options ? (options as { readonly commitIntervalMs?: number })[name] : undefined;
}

function groupSettings(options: ConsumerOptions, group: string, rack: string): GroupSettings {
  const { assignor, instanceId, sessionTimeoutMs, heartbeatIntervalMs, batchTimeoutMs, onAssigned, onRevoked, onLost } =
    options as Extract<ConsumerOptions, { readonly assignor?: unknown }>;
  const { protocol, serverAssignor, topicPattern: pattern } = options as PatternConsumerOptions;
  const isClassic = choiceOption('protocol', protocol, 'classic', ['classic', 'consumer']) === 'classic';
  const foreign = isClassic ? { serverAssignor } : { assignor, sessionTimeoutMs, heartbeatIntervalMs };
  for (const [name, value] of Object.entries(foreign)) {
    if (value === undefined) continue;
    throw new InvalidOptionError(
      name,
      isClassic
        ? "needs protocol: 'consumer'; here the members themselves spread the partitions, by assignor"
        : "is the cluster's with protocol: 'consumer' (group.consumer.session.timeout.ms, ...); leave it out",
    );
  }
  const assignors = assignor === undefined ? ['cooperative-sticky' as const] : [assignor].flat();
  for (const name of assignors) {
    if (typeof name !== 'string') continue;
    choiceOption('assignor', name, 'range', ['cooperative-sticky', 'range', 'roundrobin']);
  }
  if (assignors.length === 0) throw new InvalidOptionError('assignor', 'is empty; leave it out for the default');
  const session = integerOption('sessionTimeoutMs', sessionTimeoutMs, 45_000, 10, 2 ** 31 - 1);
  const heartbeat = integerOption(
    'heartbeatIntervalMs',
    heartbeatIntervalMs,
    Math.min(3_000, session / 3) | 0,
    1,
    2 ** 31 - 1,
  );
  if (heartbeat >= session) {
    throw new InvalidOptionError(
      'heartbeatIntervalMs',
      `must be well below sessionTimeoutMs (${session}), a third as a rule`,
    );
  }
  return {
    group,
    assignors: assignors as readonly (AssignorName | Assignor)[],
    instanceId: instanceId ?? null,
    sessionTimeoutMs: session,
    heartbeatIntervalMs: heartbeat,
    batchTimeoutMs: integerOption('batchTimeoutMs', batchTimeoutMs, 300_000, 1, 2 ** 31 - 1),
    protocol: isClassic ? 'classic' : 'consumer',
    serverAssignor: serverAssignor ?? null,
    topicPattern: pattern === undefined ? undefined : topicPattern(pattern),
    rack,
    onAssigned,
    onRevoked,
    onLost,
  };
}

function checkNames(topics: readonly TopicLike[]): void {
  const descriptors = new Map<string, TopicLike>();
  for (const topic of topics) {
    const name = nameOf(topic);
    if (name === '') throw new InvalidOptionError('topics', 'has an empty name');
    const other = descriptors.get(name);
    if (other !== undefined && other !== topic) {
      throw new InvalidOptionError('topics', `names ${name} twice with different descriptors; name it once`);
    }
    descriptors.set(name, topic);
  }
}

function checkedAssignment(assignment: Assignment): Assignment {
  integerOption('assign.partition', assignment.partition, 0, 0, 2 ** 31 - 1);
  const { offset } = assignment;
  if (typeof offset === 'number') integerOption('assign.offset', offset, 0, 0, Number.MAX_SAFE_INTEGER);
  else if (offset !== 'committed') checkedStart(offset);
  return assignment;
}

/** An offset query as it is, checked. Throws `InvalidOptionError`. */
export function checkedStart<T extends OffsetQuery | 'none'>(from: T): T {
  const isTime =
    typeof from === 'object' && from !== null && Number.isSafeInteger(from.timestamp) && from.timestamp >= 0;
  if (isTime || from === 'earliest' || from === 'latest' || from === 'none') return from;
  throw new InvalidOptionError(
    'offset',
    `must be 'earliest', 'latest' or { timestamp }, but is ${JSON.stringify(from)}`,
  );
}
