/** What a failover is told, and what it tells. */
import type { ClientOptions } from '@millrace/client';
import type { CallBounds } from '@millrace/client/protocol';
import type { NameFilter } from '../name-filter.ts';
import type { CarriedGroup } from './carry-groups.ts';
import type { FailoverManner, TopicFailover } from './failover-record.ts';

/** Of a mirror, as it runs or ran. `timeoutMs` bounds each call to a cluster. */
export interface FailoverSides extends CallBounds {
  /** What the mirror is called. */
  readonly name: string;
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  /** As the mirror has it. */
  readonly rename?: ((topic: string) => string) | undefined;
  /** Which of its topics, by names on the source or patterns. Default: the whole mirror, what is to come too. */
  readonly topics?: NameFilter | undefined;
  /** Told of each step as it is done, or of what is noteworthy in it. */
  readonly tell?: ((step: FailoverStep) => void) | undefined;
}

export interface FailoverOptions extends FailoverSides {
  /** `forced`: the source is gone, or counts as gone; nobody is fenced, and what was not copied is missing. */
  readonly manner: FailoverManner;
  /** Whoever can't be fenced does not write any more: somebody has seen to it. */
  readonly unfenced?: boolean | undefined;
  /** A client of the source that may otherwise write: that it may not any more confirms the fence. */
  readonly probe?: ClientOptions | undefined;
  /** Whether transactions that do not end are aborted. */
  readonly abortTransactions?: boolean | undefined;
  /** The consumer groups whose offsets are carried over, as for the mirror. */
  readonly groups?: NameFilter | undefined;
  /** How long brokers may take to know the fence. Default 30 s. */
  readonly fenceMs?: number | undefined;
  /** How long open transactions may take to end. Default 60 s. */
  readonly transactionsMs?: number | undefined;
  /** How long copying what is left may make no progress. Default 60 s. */
  readonly stalledMs?: number | undefined;
  /** How long workers that can't be fenced are looked out for, which copy at least once. Default 6 s, as a session. */
  readonly unfencedMs?: number | undefined;
  /** How long a forced failover asks the source for its ends. Default 5 s. */
  readonly sourceMs?: number | undefined;
}

export interface FailoverStep {
  readonly step:
    | 'begin'
    | 'fence'
    | 'transactions'
    | 'ends'
    | 'drain'
    | 'close'
    | 'missing'
    | 'groups'
    | 'grants'
    | 'tail';
  readonly level: 'info' | 'warn';
  /** For a person. */
  readonly sentence: string;
}

export interface FailoverPlan {
  /** Names on the source, ascending, and how many partitions the mirror has of each. */
  readonly topics: readonly { readonly topic: string; readonly targetTopic: string; readonly partitions: number }[];
  /** Who can't be kept from writing, in words; of a forced failover nobody is asked. */
  readonly unfenceable: readonly string[];
}

export interface FailoverResult {
  readonly mirror: string;
  readonly manner: FailoverManner;
  /** Names ascending. Their points say where each partition ended, and so what is missing. */
  readonly topics: readonly TopicFailover[];
  readonly groups: readonly CarriedGroup[];
}
