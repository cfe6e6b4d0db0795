/** The topic that every sample goes through, and how its records become samples again. */
import { type Admin, type Serde, text, topic } from '@millrace/client';
import type { MetricSample } from './sample.ts';

/** A record of the topic: a sample, or why it is none. */
export type StoredSample = MetricSample | { readonly unreadable: string };

const sampleValue: Serde<StoredSample, string> = {
  serialize: (json) => json,
  deserialize: (bytes) => readSample(bytes === null ? null : Buffer.from(bytes).toString()),
  deserializeText: readSample,
};

/** Keyed by series (`seriesText`), so that the points of one stay in order. What is written is a sample's JSON. */
export const metricsSamples = topic('metrics.samples', { key: text, value: sampleValue });

/** What is aggregated of them, keyed alike, with samples of the same form. */
export const metricsRollups = topic('metrics.rollups', { key: text, value: sampleValue });

/** How long samples are kept in the topic, and in what is built from it: 15 days, as Prometheus does by default. */
export const retentionMsDefault = 15 * 86_400_000;

const partitions = 6;

/**
 * Creates the topic where it is absent. Records carry the time they were written, not the sample's, so that history
 * that is imported stays as long as what is new.
 */
export function ensureMetricsTopic(admin: Admin, signal?: AbortSignal): Promise<void> {
  return ensureTopic(admin, metricsSamples.name, signal);
}

/** Likewise that of what is aggregated. */
export function ensureRollupsTopic(admin: Admin, signal?: AbortSignal): Promise<void> {
  return ensureTopic(admin, metricsRollups.name, signal);
}

async function ensureTopic(admin: Admin, topicName: string, signal?: AbortSignal): Promise<void> {
  const configuration = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMsDefault),
    'message.timestamp.type': 'LogAppendTime',
  };
  const [created] = await admin.createTopics([{ topic: topicName, partitions, configuration }], { signal });
  if (created?.error === undefined || created.error.errorName === 'TOPIC_ALREADY_EXISTS') return;
  // Who may not create topics may use one that an operator has made.
  const [described] = await admin.describeTopics([topicName], { signal });
  if (described?.error !== undefined) throw created.error;
}

const kinds: ReadonlySet<unknown> = new Set(['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']);

function readSample(value: string | null): StoredSample {
  if (value === null) return { unreadable: 'it has no value' };
  let sample: unknown;
  try {
    sample = JSON.parse(value);
  } catch (error) {
    return { unreadable: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof sample !== 'object' || sample === null) return { unreadable: 'its value is no object' };
  const { name, kind, timeMs } = sample as Partial<MetricSample>;
  if (typeof name !== 'string' || name === '') return { unreadable: 'it has no name' };
  if (!kinds.has(kind)) return { unreadable: `its kind is ${JSON.stringify(kind)}, which is none` };
  if (!Number.isSafeInteger(timeMs)) return { unreadable: 'its timeMs is no whole number' };
  return sample as MetricSample;
}
