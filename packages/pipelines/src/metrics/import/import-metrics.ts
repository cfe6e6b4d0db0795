/**
 * Imports a file of metrics through the topic, as if its points had just been sent: OTLP in JSON (a document, or one a
 * line as OpenTelemetry's collector writes them), Prometheus's text or OpenMetrics (the one that ends with `# EOF`), or
 * a series as CSV. A second import of a file changes nothing: series
 * have one point at a time. It holds one line at a time, or the document.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Client } from '@millrace/client';
import { ExportMetricsRequest, TelemetryError, TextFormatReader, type TextSample } from '@millrace/telemetry';
import type { RejectedPart } from '../../collecting/otlp-route.ts';
import { MetricsCollector } from '../collect/collector.ts';
import type { IncomingPoint } from '../collect/otlp-samples.ts';
import type { SeriesFacts } from '../collect/sample-series.ts';
import { type TextPoint, textPoints } from '../collect/text-points.ts';
import { jsonNumber } from '../sample.ts';
import { ensureMetricsTopic } from '../topic.ts';
import { readSeriesCsv, SeriesFileError } from './read-series-csv.ts';

export interface ImportMetricsOptions {
  readonly client: Client;
  readonly file: string;
  /** Of a CSV file: the metric's name. Default: the file's name without its ending. */
  readonly name?: string | undefined;
  /** Of a CSV file: the labels of the series. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Points so far. */
  readonly onProgress?: ((points: number) => void) | undefined;
}

export type FileFormat = 'otlp' | 'csv' | 'prometheus' | 'openmetrics';

export interface ImportMetricsReport {
  readonly file: string;
  readonly format: FileFormat;
  readonly points: number;
  /** Points that were not taken, and why, in a sentence; null when all were. */
  readonly rejected: { readonly count: number; readonly message: string } | null;
}

const unlimited = { seriesOfMetricMax: Number.POSITIVE_INFINITY, seriesOfTenantMax: Number.POSITIVE_INFINITY };
/** Of a document that is no line. */
const documentBytesMax = 256 * 2 ** 20;
const pointsOfBatch = 5_000;

/** @throws SeriesFileError, or what the client rejects with */
export async function importMetrics(options: ImportMetricsOptions): Promise<ImportMetricsReport> {
  const { client, file, signal } = options;
  const format = await formatOf(file);
  {
    await using admin = client.admin();
    await ensureMetricsTopic(admin, signal);
  }
  await using collector = new MetricsCollector({ client, limits: unlimited, deliveryTimeoutMs: 120_000 });
  const rejected = await importAs(format, options, collector);
  return { file, format, points: collector.points, rejected };
}

function importAs(
  format: FileFormat,
  options: ImportMetricsOptions,
  collector: MetricsCollector,
): Promise<ImportMetricsReport['rejected']> {
  if (format === 'otlp') return importOtlp(options, collector);
  if (format === 'csv') return importCsv(options, collector);
  return importText(options, collector, format === 'openmetrics');
}

/** Samples without a time are of now. */
async function importText(
  { file, onProgress, signal }: ImportMetricsOptions,
  collector: MetricsCollector,
  isOpenMetrics: boolean,
): Promise<ImportMetricsReport['rejected']> {
  const reader = new TextFormatReader({ isOpenMetrics });
  const now = Date.now();
  const parts: RejectedPart[] = [];
  let batch: TextPoint[] = [];
  const send = async (): Promise<void> => {
    const { points, refused } = textPoints(batch);
    const part = await collector.send(points, refused, 'import');
    if (part !== undefined) parts.push(part);
    onProgress?.(collector.points);
    batch = [];
  };
  for await (const line of createInterface({ input: createReadStream(file, { signal }) })) {
    const sample = readText(reader, line, file);
    if (sample === undefined) continue;
    const { value, timeMs = now } = sample;
    batch.push({ sample, value, timeMs, family: reader.familyOf(sample.name) });
    if (batch.length >= pointsOfBatch) await send();
  }
  await send();
  return rejectedOf(parts);
}

function readText(reader: TextFormatReader, line: string, file: string): TextSample | undefined {
  try {
    return reader.read(line);
  } catch (error) {
    if (error instanceof TelemetryError)
      throw new SeriesFileError(file, undefined, `can't be read: ${error.message}`, error);
    throw error;
  }
}

async function importOtlp(
  options: ImportMetricsOptions,
  collector: MetricsCollector,
): Promise<ImportMetricsReport['rejected']> {
  const { file, onProgress, signal } = options;
  const parts: RejectedPart[] = [];
  for await (const { line, value } of documents(file, signal)) {
    let request: ExportMetricsRequest;
    try {
      request = ExportMetricsRequest.fromJson(value);
    } catch (error) {
      throw new SeriesFileError(file, line, `is no OTLP: ${error instanceof Error ? error.message : error}`, error);
    }
    const part = await collector.take(request, 'import');
    if (part !== undefined) parts.push(part);
    onProgress?.(collector.points);
  }
  return rejectedOf(parts);
}

function rejectedOf(parts: readonly RejectedPart[]): ImportMetricsReport['rejected'] {
  if (parts.length === 0) return null;
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    message: [...new Set(parts.map(({ message }) => message))].slice(0, 5).join('; '),
  };
}

async function importCsv(options: ImportMetricsOptions, collector: MetricsCollector): Promise<null> {
  const { file, labels = {}, onProgress, signal } = options;
  const name =
    options.name ??
    basename(file)
      .replace(/\.[^.]*$/, '')
      .replace(/[^a-zA-Z0-9_:]+/g, '_');
  const facts = (): SeriesFacts => ({
    ...{ name, unit: '', description: '', kind: 'gauge', attributes: labels, resource: {}, isPrometheus: true },
    scope: { name: '', version: '' },
  });
  let batch: IncomingPoint[] = [];
  const send = async (): Promise<void> => {
    await collector.send(batch, [], 'import');
    onProgress?.(collector.points);
    batch = [];
  };
  for await (const { timeMs, value } of readSeriesCsv(file, signal)) {
    if (Number.isNaN(value)) continue;
    const tail = `,"startMs":0,"timeMs":${timeMs},"value":${JSON.stringify(jsonNumber(value))}}`;
    batch.push({ identity: 'csv', metric: name, facts, timeMs, tail });
    if (batch.length >= pointsOfBatch) await send();
  }
  await send();
  return null;
}

const textLine = /^(?:#[ \t]+(?:HELP|TYPE|UNIT|EOF)\b|[a-zA-Z_:][\w:]*(?:\{.*\})?[ \t]+[-+\d.NIni])/;
const openMetricsEnd = /(?:^|\n)# EOF\r?\n?$/;

async function formatOf(file: string): Promise<FileFormat> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const textAt = async (position: number, length: number): Promise<string> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.toString('utf8', 0, bytesRead);
    };
    const text = (await textAt(0, 4_096)).replace(/^\uFEFF/, '').trimStart();
    if (text === '') throw new SeriesFileError(file, undefined, 'is empty');
    if (text.startsWith('{') && !/^\{[^\n]*\}[ \t]+[-+\d.NIni]/.test(text)) return 'otlp';
    const lines = text.split('\n').filter((line) => !line.startsWith('#') || textLine.test(line));
    if (text.startsWith('{') || textLine.test(lines[0] ?? '')) {
      return openMetricsEnd.test(await textAt(Math.max(0, size - 16), 16)) ? 'openmetrics' : 'prometheus';
    }
    return 'csv';
  } catch (error) {
    if (error instanceof SeriesFileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'is not there; check its name' : `can't be read: ${message}`;
    throw new SeriesFileError(file, undefined, why, error);
  }
}

/** Each line that is a document; where the first line is none, the whole file is one. */
async function* documents(
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly line: number | undefined; readonly value: unknown }> {
  let line = 0;
  let isLines = false;
  for await (const text of createInterface({ input: createReadStream(file, { signal }) })) {
    line++;
    if (text.trim() === '') continue;
    const value = parsed(text);
    if (value === undefined && isLines) throw new SeriesFileError(file, line, 'is not JSON');
    if (value === undefined) break;
    isLines = true;
    yield { line, value };
  }
  if (isLines) return;
  const { size } = await stat(file);
  if (size > documentBytesMax) throw new SeriesFileError(file, undefined, 'is one document of more than 256 MiB');
  let whole = '';
  for await (const chunk of createReadStream(file, { signal, encoding: 'utf8' })) whole += chunk;
  const value = parsed(whole);
  if (value === undefined) throw new SeriesFileError(file, undefined, 'is not JSON');
  yield { line: undefined, value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
