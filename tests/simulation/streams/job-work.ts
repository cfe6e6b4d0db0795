/** What a job is given to do in a run, and what must come of it. */
import type { Randomness } from '@millrace/base';
import type { AnyTopic } from '@millrace/client';
import type { JobOptions, Topology } from '@millrace/streams';
import type { Coverage } from '../oracle/coverage.ts';

export interface InputRecord {
  readonly topic: string;
  /** Default: the producer chooses. */
  readonly partition?: number | undefined;
  readonly key: string | null;
  readonly value: string;
  /** Event time in ms since 1970. Default: now. */
  readonly timestamp?: number | undefined;
}

/** A result as readers of committed records find it. */
export interface Result {
  readonly key: string;
  readonly value: unknown;
  readonly timestamp: number;
  /** Undefined where there is none of this name. */
  readonly header: (name: string) => string | undefined;
}

export interface JobWork {
  /** Partitions of all topics, by name. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Topics of results, whose keys are text. */
  readonly outputs: readonly AnyTopic[];
  readonly options: Pick<JobOptions, 'idleMaxMs' | 'poison'>;
  topology(): Topology;
  /** The next records that are to be written. */
  next(randomness: Randomness): InputRecord[];
  /** The last records, which have all results sent that time makes. */
  last(): InputRecord[];
  /** How many results each output must have. To be asked when all is written, as is what follows. */
  expectedCounts(): readonly number[];
  /** Takes the results of each output. Throws `InvariantViolation`. */
  check(results: readonly (readonly Result[])[]): void;
  /** Counts what the input has covered. */
  cover(coverage: Coverage): void;
}
