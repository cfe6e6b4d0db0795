/** What one producer or consumer measures of one topic. Totals only grow; rates are taken between two looks. */
import type { StreamReport } from '@millrace/api/config';
import { Latencies } from './latencies.ts';

export type StreamRole = StreamReport['role'];

export class StreamMeasures {
  readonly topic: string;
  readonly role: StreamRole;
  records = 0;
  bytes = 0;
  errors = 0;
  switches = 0;
  forcedSwitches = 0;
  longestPauseMs = 0;
  /**
   * From the first record of a batch to its acknowledgement; of a consumer, from the time that a record bears (the
   * first of each batch) to its being handed out.
   */
  readonly latencies = new Latencies();
  /** Of a consumer: records that are still to be read, by partition. */
  readonly lags = new Map<number, number>();

  constructor(topic: string, role: StreamRole) {
    this.topic = topic;
    this.role = role;
  }

  get lag(): number | undefined {
    if (this.role === 'producer') return undefined;
    let sum = 0;
    for (const lag of this.lags.values()) sum += lag;
    return sum;
  }

  switched(pauseMs: number, forced = false): void {
    this.switches++;
    if (forced) this.forcedSwitches++;
    this.longestPauseMs = Math.max(this.longestPauseMs, pauseMs);
  }
}

export interface Rates {
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly errorsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

/** Rates of a stream between one look and the next. */
export class StreamWindow {
  readonly #measures: StreamMeasures;
  #at: number;
  #records: number;
  #bytes: number;
  #errors: number;
  #mark: Float64Array;

  /** `now`: monotonic, in ms. */
  constructor(measures: StreamMeasures, now: number) {
    this.#measures = measures;
    this.#at = now;
    this.#records = measures.records;
    this.#bytes = measures.bytes;
    this.#errors = measures.errors;
    this.#mark = measures.latencies.mark();
  }

  /** Since the last time. */
  take(now: number): Rates {
    const { records, bytes, errors, latencies } = this.#measures;
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    const rates = {
      recordsPerSecond: (records - this.#records) / seconds,
      bytesPerSecond: (bytes - this.#bytes) / seconds,
      errorsPerSecond: (errors - this.#errors) / seconds,
      latencyMs: { p50: latencies.since(this.#mark, 0.5), p99: latencies.since(this.#mark, 0.99) },
    };
    this.#at = now;
    this.#records = records;
    this.#bytes = bytes;
    this.#errors = errors;
    this.#mark = latencies.mark();
    return rates;
  }
}
