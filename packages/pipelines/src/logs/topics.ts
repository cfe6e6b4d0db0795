/** The topics of logs, and what they hold. */
import { type Admin, json, nullable, text, topic } from '@millrace/client';
import { ensureTopic } from '../collecting/ensure-topic.ts';
import type { BatchRow } from './collecting/stored-batches.ts';
import type { ShapeAlert, ShapeRow } from './indexing/partition-shapes.ts';
import type { LogLine } from './line/log-line.ts';
import type { FilePosition } from './tailing/file-position.ts';

/** Keyed by stream, so that the lines of one stay in order. */
export const logLines = topic('logs.lines', { key: text, value: json<LogLine>() });

/** The same, of lines that are encoded already. */
export const encodedLines = topic(logLines.name, { key: logLines.key });

/** Which batches of senders are stored, keyed by their ids. Written in one transaction with the lines. */
export const logBatches = topic('logs.batches', { key: text, value: json<BatchRow>() });

/** How far tailers are in their files: the newest of each key counts. Written in one transaction with the lines. */
export const logPositions = topic('logs.positions', { key: text, value: nullable(json<FilePosition>()) });

/** The state of mining: a row for each template of each partition, keyed `PARTITION/ID`. */
export const shapeRows = topic('millrace.changelog.logs.templates', { key: text, value: nullable(json<ShapeRow>()) });

/** Shapes that are new, or come far more often than they did. */
export const logAlerts = topic('logs.alerts', { key: text, value: json<ShapeAlert>() });

const LINES = { 'cleanup.policy': 'delete', 'retention.ms': `${7 * 86_400_000}`, 'compression.type': 'producer' };
const ALERTS = { 'cleanup.policy': 'delete', 'retention.ms': `${30 * 86_400_000}` };
const BATCHES = { 'cleanup.policy': 'delete', 'retention.ms': `${86_400_000}` };
const COMPACTED = { 'cleanup.policy': 'compact' };

/** Creates the topics where they are absent. Lines are kept for a week there; the store keeps them for longer. */
export async function ensureLogTopics(admin: Admin, signal?: AbortSignal): Promise<void> {
  await ensureTopic(admin, { topic: logLines.name, partitions: 4, configuration: LINES }, signal);
  await ensureTopic(admin, { topic: logBatches.name, partitions: 1, configuration: BATCHES }, signal);
  await ensureTopic(admin, { topic: logPositions.name, partitions: 1, configuration: COMPACTED }, signal);
  await ensureTopic(admin, { topic: shapeRows.name, partitions: 1, configuration: COMPACTED }, signal);
  await ensureTopic(admin, { topic: logAlerts.name, partitions: 1, configuration: ALERTS }, signal);
}
