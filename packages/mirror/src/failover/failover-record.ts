/**
 * What the target knows of a mirror's failover: a record for each topic, as JSON, in a compacted topic of one
 * partition. The newest of a topic counts. Does no I/O.
 */
import { FailoverRecordError } from './failover-errors.ts';

const version = 0;

/**
 * `draining`: writers are fenced, and `points` say where the source ends.
 * `closing`: nothing is copied any more, and where each partition ends is being found out. `failed-over`: it is known.
 * `failing-back`: the mirror in the other direction has begun where this one ended. `copying`: it is copied,
 * as a failover was called off, or as it came back (`isReversed`).
 */
export const failoverStates = ['draining', 'closing', 'failed-over', 'failing-back', 'copying'] as const;
export type FailoverState = (typeof failoverStates)[number];
export type FailoverManner = 'planned' | 'forced';

/** Offsets from `from` on, up to but without `to`. */
export interface Tail {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Where a partition ended on both sides. */
export interface FailoverPoint {
  readonly partition: number;
  /** All of the source before is in the target, or was to be left out. */
  readonly source: number;
  /** The first target record that may be of somebody else lies here or behind. */
  readonly target: number;
  /** Where the source ended; null when it could not be asked. */
  readonly sourceEnd: number | null;
}

export interface TopicFailover {
  /** On the source. */
  readonly topic: string;
  readonly targetTopic: string;
  readonly state: FailoverState;
  readonly manner: FailoverManner;
  /** When the state was reached, ms since 1970. */
  readonly at: number;
  /** By partition. While it is draining or closing: where it was when that began. */
  readonly points: readonly FailoverPoint[];
  /** Ranges of target offsets that are no copies and never will be: left behind by the failover before. */
  readonly tails: readonly Tail[];
  /** Ranges of source offsets that are never copied, likewise. */
  readonly sourceTails: readonly Tail[];
  /** The topic went on here where the mirror in the other direction ended: what that one brought counts as local. */
  readonly isReversed: boolean;
}

/** Stands for all topics of a mirror, also those to come. */
export const wholeMirror = '';

const backSuffix = '.back';

/** Whether a mirror's name says that it brings back what another brought. */
export function isWayBack(mirror: string): boolean {
  return mirror.endsWith(backSuffix);
}

/** What the mirror in the other direction is called. */
export function reverseNameOf(mirror: string): string {
  return isWayBack(mirror) ? mirror.slice(0, -backSuffix.length) : mirror + backSuffix;
}

/** Whether a mirror is not to copy a topic. */
export function isFailedOver(record: TopicFailover | undefined): boolean {
  return record !== undefined && record.state !== 'copying' && record.state !== 'draining';
}

/** What is recorded of a topic once it has reached a state; what it holds besides copies stays. */
export function recordAfter(
  before: TopicFailover | undefined,
  { topic, targetTopic }: Pick<TopicFailover, 'topic' | 'targetTopic'>,
  reached: Pick<TopicFailover, 'state' | 'manner' | 'at' | 'points'>,
): TopicFailover {
  const { tails = [], sourceTails = [], isReversed = false } = before ?? {};
  return { topic, targetTopic, ...reached, tails, sourceTails, isReversed };
}

export function encodeTopicFailover({ topic: _, ...record }: TopicFailover): string {
  return JSON.stringify({ version, ...record });
}

/** Throws `FailoverRecordError` at what is no such record. */
export function decodeTopicFailover(topic: string, value: string): TopicFailover {
  const fail = (problem: string): never => {
    throw new FailoverRecordError(topic, problem);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    throw new FailoverRecordError(topic, 'it is no JSON', error);
  }
  const record = asObject(parsed) ?? fail('it is no object');
  if (record['version'] !== version) fail(`its format has version ${record['version']}, known is ${version}`);
  const { targetTopic, at } = record;
  if (typeof targetTopic !== 'string' || !isNatural(at)) return fail('its topic or time is missing');
  const state = failoverStates.find((each) => each === record['state']) ?? fail('its state is unknown');
  const manner = (['planned', 'forced'] as const).find((each) => each === record['manner']) ?? fail('it has no manner');
  const points = listOf(record['points']).map(({ partition, source, target, sourceEnd }): FailoverPoint => {
    if (!isNatural(partition) || !isNatural(source) || !isNatural(target)) return fail('a point of it has no offsets');
    return { partition, source, target, sourceEnd: isNatural(sourceEnd) ? sourceEnd : null };
  });
  const tailsOf = (list: unknown): Tail[] =>
    listOf(list).map(({ partition, from, to }) => {
      if (!isNatural(partition) || !isNatural(from) || !isNatural(to)) return fail('a tail of it has no offsets');
      return { partition, from, to };
    });
  const [tails, sourceTails] = [tailsOf(record['tails']), tailsOf(record['sourceTails'])];
  const isReversed = record['isReversed'] === true;
  return { topic, targetTopic, state, manner, at, points, tails, sourceTails, isReversed };
}

type Fields = { readonly [name: string]: unknown };

function listOf(value: unknown): Fields[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown): Fields[] => {
    const object = asObject(each);
    return object === undefined ? [] : [object];
  });
}

function asObject(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
