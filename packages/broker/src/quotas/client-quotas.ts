/**
 * What clients are held to: bytes produced and consumed, time of the process, changes of topics, connections. Each
 * measure is taken over `quota.window.num` windows as Kafka's, and its answer is how long the client must be silent.
 * Without a quota of a kind, its questions are answered at once and nothing is measured.
 */
import type { Clock } from '@millrace/base';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import type { RequestContext } from '../handler.ts';
import type { Journal } from '../journal/journal.ts';
import { type ClientQuotaKey, clientQuotaKeys, QuotaTable } from './quota-table.ts';
import { RateMeter } from './rate-meter.ts';
import { TokenBucket } from './token-bucket.ts';

type Asker = Pick<RequestContext, 'principal' | 'clientId'>;

/** A quota in force and the measure of those who share it. */
interface Measured<M> {
  readonly limit: number;
  readonly measure: M;
}

/** Measures of one kind, before those of silent clients are forgotten. */
const measuredMax = 10_000;

export class ClientQuotas {
  readonly table: QuotaTable;
  readonly #clock: Clock;
  readonly #windowsMs: number;
  readonly #windowMs: number;
  readonly #produced: Measures<RateMeter>;
  readonly #consumed: Measures<RateMeter>;
  readonly #worked: Measures<RateMeter>;
  readonly #changed: Measures<TokenBucket>;

  /** Before the journal is opened. */
  constructor(clock: Clock, configuration: ClusterConfiguration, journal: Journal) {
    this.#clock = clock;
    this.table = new QuotaTable(journal, () => this.#forgetLimits());
    const windows = (prefix: string) => ({
      count: configuration.number(`${prefix}quota.window.num`),
      ms: configuration.number(`${prefix}quota.window.size.seconds`) * 1000,
    });
    const clients = windows('');
    const controller = windows('controller.');
    this.#windowMs = clients.ms;
    this.#windowsMs = (clients.count - 1) * clients.ms;
    const rates = (key: ClientQuotaKey) =>
      new Measures(this.table, key, {
        make: () => new RateMeter(clients),
        isIdle: ({ measure }, nowMs) => measure.isIdle(nowMs),
      });
    this.#produced = rates(clientQuotaKeys.producer);
    this.#consumed = rates(clientQuotaKeys.consumer);
    this.#worked = rates(clientQuotaKeys.request);
    this.#changed = new Measures(this.table, clientQuotaKeys.mutation, {
      make: () => new TokenBucket(controller.count * controller.ms),
      isIdle: ({ measure, limit }, nowMs) => measure.isFull(limit, nowMs),
    });
  }

  /** Whether the time of requests is to be measured. */
  get limitsTime(): boolean {
    return this.#worked.isUsed;
  }

  /** Whether what is fetched is to be measured. */
  get limitsFetch(): boolean {
    return this.#consumed.isUsed;
  }

  /** Counts a request to produce; answers for how long its client is throttled, in milliseconds. */
  produced(asker: Asker, bytes: number): number {
    return this.#record(this.#produced, asker, bytes);
  }

  /** The most bytes that one fetch may bring without exceeding the quota by itself. */
  fetchBytesMax(asker: Asker): number {
    const found = this.#consumed.of(asker, this.#clock.monotonic());
    return found === undefined ? Number.POSITIVE_INFINITY : found.limit * (this.#windowsMs / 1000);
  }

  /** Counts what a fetch brings, unless that is too much: then it answers for how long its client is throttled. */
  fetched(asker: Asker, bytes: number): number {
    const throttleMs = this.#record(this.#consumed, asker, bytes);
    if (throttleMs > 0) this.#record(this.#consumed, asker, -bytes);
    return throttleMs;
  }

  /** Counts time of the process; answers for how long its client is throttled: at most one window. */
  worked(asker: Asker, durationMs: number): number {
    return Math.min(this.#windowMs, this.#record(this.#worked, asker, durationMs / 10));
  }

  /** What a request that changes topics may use; undefined for any number of changes. */
  changes(asker: Asker, strict: boolean): TopicChangeQuota | undefined {
    const found = this.#changed.of(asker, this.#clock.monotonic());
    return found && new TopicChangeQuota(this.#clock, found, strict);
  }

  #record(measures: Measures<RateMeter>, asker: Asker, value: number): number {
    if (!measures.isUsed) return 0;
    const now = this.#clock.monotonic();
    const found = measures.of(asker, now);
    if (found === undefined) return 0;
    found.measure.record(value, now);
    return found.measure.excessMs(found.limit, now);
  }

  #forgetLimits(): void {
    for (const measures of [this.#produced, this.#consumed, this.#worked, this.#changed]) measures.forgetLimits();
  }
}

/** The permits of one request that changes topics: a partition created or deleted takes one (KIP-599). */
export class TopicChangeQuota {
  readonly #clock: Clock;
  readonly #found: Measured<TokenBucket>;
  readonly #strict: boolean;
  #throttleMs = 0;

  constructor(clock: Clock, found: Measured<TokenBucket>, strict: boolean) {
    this.#clock = clock;
    this.#found = found;
    this.#strict = strict;
  }

  /** For how long the client is throttled after what was taken. */
  get throttleMs(): number {
    return this.#throttleMs;
  }

  /** Takes permits; answers false if the change is refused, because the quota was used up before. */
  take(partitions: number): boolean {
    const { measure, limit } = this.#found;
    const now = this.#clock.monotonic();
    if (this.#strict) {
      this.#throttleMs = Math.max(this.#throttleMs, measure.excessMs(limit, now));
      if (this.#throttleMs > 0) return false;
      measure.take(partitions, limit, now);
    } else {
      measure.take(partitions, limit, now);
      this.#throttleMs = Math.max(this.#throttleMs, measure.excessMs(limit, now));
    }
    return true;
  }
}

interface MeasureKind<M> {
  readonly make: () => M;
  /** Whether a measure knows nothing that a new one would not. */
  readonly isIdle: (measured: Measured<M>, nowMs: number) => boolean;
}

/** The measures of one kind of quota, by those who share them; and whose is which, as long as no quota changes. */
class Measures<M> {
  readonly #table: QuotaTable;
  readonly #key: ClientQuotaKey;
  readonly #kind: MeasureKind<M>;
  readonly #bySharers = new Map<string, Measured<M>>();
  readonly #byAsker = new Map<string, Measured<M> | undefined>();
  isUsed = false;

  constructor(table: QuotaTable, key: ClientQuotaKey, kind: MeasureKind<M>) {
    this.#table = table;
    this.#key = key;
    this.#kind = kind;
  }

  of({ principal, clientId }: Asker, nowMs: number): Measured<M> | undefined {
    if (!this.isUsed) return undefined;
    const asker = `${principal.name}\0${clientId ?? ''}`;
    const known = this.#byAsker.get(asker);
    if (known !== undefined || this.#byAsker.has(asker)) return known;
    const found = this.#find(principal.name, clientId ?? '', nowMs);
    if (this.#byAsker.size >= measuredMax) this.#byAsker.clear();
    this.#byAsker.set(asker, found);
    return found;
  }

  forgetLimits(): void {
    this.#byAsker.clear();
    this.isUsed = this.#table.has(this.#key);
    if (!this.isUsed) this.#bySharers.clear();
  }

  #find(user: string, clientId: string, nowMs: number): Measured<M> | undefined {
    const quota = this.#table.clientQuota(this.#key, user, clientId);
    if (quota === undefined) return undefined;
    const { limit, sharers } = quota;
    const known = this.#bySharers.get(sharers);
    if (known?.limit === limit) return known;
    if (this.#bySharers.size >= measuredMax) this.#forgetIdle(nowMs);
    const measured = { limit, measure: known?.measure ?? this.#kind.make() };
    this.#bySharers.set(sharers, measured);
    return measured;
  }

  #forgetIdle(nowMs: number): void {
    this.#byAsker.clear();
    for (const [sharers, measured] of this.#bySharers) {
      if (this.#kind.isIdle(measured, nowMs)) this.#bySharers.delete(sharers);
    }
    // So many clients at once, each with a name of its own, can't all be told from new ones.
    for (const sharers of this.#bySharers.keys()) {
      if (this.#bySharers.size <= measuredMax * 0.9) return;
      this.#bySharers.delete(sharers);
    }
  }
}
