/** What a benchmark is: `bench/<name>/benchmark.ts` exports one as `benchmark`. */
import type { Measurement, Series } from './report.ts';

export interface BenchmarkContext {
  /** How often each subject is measured; subjects take turns within a round. */
  readonly rounds: number;
  /** Multiplies the amount of work; 1 is what results are quoted for. */
  readonly scale: number;
  /** Whether a case is to be measured: one that is not core only where it is asked for. Core by default. */
  isWanted(caseName: string, isCore?: boolean): boolean;
  /** Tells how far the run is. */
  progress(message: string): void;
  /** Reports what was measured of a case. */
  report(series: Series): void;
}

export interface Benchmark {
  readonly description: string;
  run(context: BenchmarkContext): Promise<void>;
}

export type { Measurement };
