/**
 * Publishes to the target what a worker copied, in ranges, as JSON. It is best effort: copying waits for nothing of it,
 * and what can't be published is counted and told. A range that is missing shows as a gap between its neighbours.
 */
import { isMillraceError, type MillraceError, messageOf, type Platform } from '@millrace/base';
import { type Client, type Producer, unwrap } from '@millrace/client';
import { errorCodes, KafkaError } from '@millrace/wire';
import type { MirrorReport } from '../mirror-event.ts';
import { Schedule } from '../schedule.ts';
import type { CopyObserver } from '../status/copy-observer.ts';
import { type AuditRecord, auditKey, auditTopic } from './audit-record.ts';
import { type AuditedCopy, AuditTrail } from './audit-trail.ts';

export interface AuditOptions {
  readonly mirror: string;
  readonly worker: string;
  /** Of the target. */
  readonly client: Client;
  readonly platform: Platform;
  /** Default 60 s; 0 for no audit. */
  readonly intervalMs: number | undefined;
  /** Of the topic, where it is made; default: what the target gives. */
  readonly replicationFactor: number | undefined;
  /** What is copied now. */
  readonly copies: () => Iterable<AuditedCopy>;
  readonly report: MirrorReport;
}

const intervalMsDefault = 60_000;
const partitions = 6;
const deliveryTimeoutMs = 10_000;

export class Audit {
  readonly #options: AuditOptions;
  readonly #trail: AuditTrail;
  readonly #schedule: Schedule<void>;
  readonly #isOn: boolean;
  #producer: Producer | undefined;
  #isTopicThere = false;
  #hasStarted = false;

  constructor(options: AuditOptions) {
    const { mirror, worker, platform, intervalMs = intervalMsDefault } = options;
    this.#options = options;
    this.#isOn = intervalMs > 0;
    this.#trail = new AuditTrail({ mirror, worker });
    this.#schedule = new Schedule({
      timers: platform.timers,
      pauseMs: intervalMs,
      work: (signal) => this.#publish(options.copies(), signal),
      failed: (error) => this.#failed(error),
    });
  }

  /** Sees what is stored. */
  readonly stored: CopyObserver = (copy, batch) => {
    if (this.#isOn) this.#trail.stored(copy, batch);
  };

  start(): void {
    this.#hasStarted = true;
    if (this.#isOn) this.#schedule.start();
  }

  /**
   * Publishes the rest, unless the signal is aborted before. `copies`: what was copied last; nothing is any more.
   */
  async close(copies: Iterable<AuditedCopy>, signal: AbortSignal): Promise<void> {
    await this.#schedule.close();
    if (!this.#isOn || !this.#hasStarted || signal.aborted) return;
    try {
      await this.#publish(copies, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isMillraceError(error)) throw error;
      this.#failed(error);
    }
  }

  /** Rejects when the topic can't be made, and then nothing is lost yet. */
  async #publish(copies: Iterable<AuditedCopy>, signal: AbortSignal): Promise<void> {
    const { platform, client } = this.#options;
    if (!this.#isTopicThere) await this.#makeTopic(signal);
    const records = this.#trail.take(copies, platform.clock.now());
    if (records.length === 0) return;
    this.#producer ??= client.producer({ deliveryTimeoutMs, compression: 'gzip' });
    const producer = this.#producer;
    const results = await Promise.allSettled(records.map((record) => send(producer, record, signal)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const [error] = errors;
    if (error === undefined || signal.aborted) return;
    if (!isMillraceError(error)) throw error;
    // It may have been deleted.
    this.#isTopicThere = false;
    this.#failed(error, errors.length);
  }

  async #makeTopic(signal: AbortSignal): Promise<void> {
    const { client, replicationFactor } = this.#options;
    const made = { topic: auditTopic, partitions, replicationFactor };
    const [created] = await client.admin().createTopics([made], { signal, timeoutMs: deliveryTimeoutMs });
    const { error } = created ?? {};
    if (error instanceof KafkaError && error.errorCode === errorCodes.TOPIC_ALREADY_EXISTS) this.#isTopicThere = true;
    else if (created !== undefined) this.#isTopicThere = unwrap([created]).length > 0;
  }

  #failed(error: MillraceError, lost = 0): void {
    const what =
      lost === 0
        ? 'the audit was not published, and waits for the next time'
        : `${lost} audit records may not have been published, and are not tried again`;
    const message = `${what}: ${messageOf(error)}`;
    this.#options.report({ level: 'warn', event: 'audit_failed', message, error });
  }
}

async function send(producer: Producer, record: AuditRecord, signal: AbortSignal): Promise<void> {
  await producer.send({ topic: auditTopic, key: auditKey(record), value: JSON.stringify(record) }, { signal });
}
