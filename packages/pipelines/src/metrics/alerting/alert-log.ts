/**
 * How alerts stand, as the topic has it: read once at the start, and written each time that one changes. A change that
 * could not be written is tried again at the next evaluation.
 */
import type { Client, Producer } from '@millrace/client';
import { ensureTopic } from '../../collecting/ensure-topic.ts';
import type { Alert } from '../promql/rules/alert-states.ts';
import { type AlertRecord, alertKey, alertRecord, alertsTopic, metricsAlerts } from './alert-topic.ts';

export class AlertLog {
  readonly #client: Client;
  readonly #producer: Producer;
  /** By key, as the topic has them. */
  readonly #records = new Map<string, AlertRecord>();

  constructor(client: Client) {
    this.#client = client;
    this.#producer = client.producer({ onDelivery: () => undefined });
  }

  /** Reads what there is, the topic being made where it is absent. */
  async read(signal: AbortSignal): Promise<void> {
    {
      await using admin = this.#client.admin();
      await ensureTopic(admin, alertsTopic, signal);
    }
    const how = { from: 'earliest', until: 'end' } as const;
    await using consumer = this.#client.consumer({ topics: [metricsAlerts] as const, ...how });
    for await (const batch of consumer.batches({ signal })) {
      for (const { key, value } of batch) {
        if (key === null) continue;
        if (value === null) this.#records.delete(key);
        else this.#records.set(key, value);
      }
    }
  }

  /** By key (`alertKey`). */
  get records(): ReadonlyMap<string, AlertRecord> {
    return this.#records;
  }

  /**
   * Writes what has changed of some alerts, and forgets others; answers those that fire now, or are over.
   *
   * @param forgotten keys of alerts that are there no more
   */
  async update(group: string, alerts: readonly Alert[], forgotten: Iterable<string>): Promise<AlertRecord[]> {
    const news: AlertRecord[] = [];
    const changes = new Map<string, AlertRecord | null>([...forgotten].map((key) => [key, null]));
    for (const alert of alerts) {
      const key = alertKey(group, alert.labels);
      const before = this.#records.get(key);
      if (before !== undefined && isSame(before, alert)) continue;
      const record = alertRecord(group, alert);
      changes.set(key, record);
      if (record.state !== 'pending' && before?.state !== record.state) news.push(record);
    }
    await this.#write(changes);
    return news;
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  async #write(changes: ReadonlyMap<string, AlertRecord | null>): Promise<void> {
    await Promise.all([...changes].map(([key, value]) => this.#producer.send({ topic: metricsAlerts, key, value })));
    for (const [key, value] of changes) {
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value);
    }
  }
}

/** Values and annotations change with each evaluation; they are as they were when the state began. */
function isSame(record: AlertRecord, alert: Alert): boolean {
  return (
    record.state === alert.state &&
    record.activeAtMs === alert.activeAtMs &&
    record.keepFiringSinceMs === alert.keepFiringSinceMs
  );
}
