/**
 * Lines as they are kept: some thousand together as columns, compressed, with what tells whether to look into them at
 * all: their times, labels, templates, severities, and a filter of their words.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LogLine } from '../line/log-line.ts';
import { wordsOf } from './line-words.ts';
import { WordFilter } from './word-filter.ts';

/** A line with its place in the topic and its template. */
export interface StoredLine {
  readonly partition: number;
  readonly offset: number;
  readonly template: string;
  readonly line: LogLine;
}

export const blockLinesMax = 2_048;

/** What is known of a block without reading it. */
export interface BlockSummary {
  readonly lines: number;
  /** Times of its lines, both ends included. */
  readonly from: number;
  readonly to: number;
  readonly labelSets: readonly Readonly<Record<string, string>>[];
  readonly templates: readonly string[];
  /** Severities, `''` for lines without one. */
  readonly severities: readonly string[];
}

export interface EncodedBlock {
  readonly summary: BlockSummary;
  readonly bytes: Uint8Array;
  readonly filter: WordFilter;
}

interface Columns {
  readonly time: number[];
  readonly received: number[];
  readonly partition: number[];
  readonly offset: number[];
  readonly message: number[];
  /** Indexes into the summary's lists. */
  readonly labels: number[];
  readonly template: number[];
  readonly severity: number[];
  readonly body: string[];
  /** What few lines have, by the line's index. */
  readonly more: Record<string, Pick<LogLine, 'attributes' | 'traceId' | 'spanId'>>;
}

export function encodeBlock(stored: readonly StoredLine[]): EncodedBlock {
  const labelSets = new Numbered<Readonly<Record<string, string>>>((labels) => JSON.stringify(labels));
  const templates = new Numbered<string>((id) => id);
  const severities = new Numbered<string>((severity) => severity);
  const columns: Columns = {
    ...{ time: [], received: [], partition: [], offset: [], message: [] },
    ...{ labels: [], template: [], severity: [], body: [], more: {} },
  };
  const words = new Set<string>();
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [index, { line, partition, offset, template }] of stored.entries()) {
    from = Math.min(from, line.time);
    to = Math.max(to, line.time);
    columns.time.push(line.time);
    columns.received.push(line.received - line.time);
    columns.partition.push(partition);
    columns.offset.push(offset);
    columns.message.push(line.message ?? 0);
    columns.labels.push(labelSets.of(line.labels));
    columns.template.push(templates.of(template));
    columns.severity.push(severities.of(line.severity ?? ''));
    columns.body.push(line.body);
    const { attributes, traceId, spanId } = line;
    if (attributes !== undefined || traceId !== undefined || spanId !== undefined) {
      columns.more[index] = { attributes, traceId, spanId };
    }
    for (const word of wordsOf(searchedText(line))) words.add(word);
  }
  const bytes = zstdCompressSync(JSON.stringify(columns));
  const { values } = labelSets;
  const summary = {
    lines: stored.length,
    from,
    to,
    labelSets: values,
    templates: templates.values,
    severities: severities.values,
  };
  return { summary, bytes, filter: WordFilter.of(words) };
}

export function decodeBlock(bytes: Uint8Array, summary: BlockSummary): StoredLine[] {
  const columns = JSON.parse(zstdDecompressSync(bytes).toString()) as Columns;
  return columns.time.map((time, index): StoredLine => {
    const severity = summary.severities[columns.severity[index] as number] as LogLine['severity'] | '';
    const message = columns.message[index] as number;
    return {
      partition: columns.partition[index] as number,
      offset: columns.offset[index] as number,
      template: summary.templates[columns.template[index] as number] as string,
      line: {
        time,
        received: time + (columns.received[index] as number),
        ...(severity === '' ? {} : { severity }),
        body: columns.body[index] as string,
        ...(message === 0 ? {} : { message }),
        labels: summary.labelSets[columns.labels[index] as number] as Record<string, string>,
        ...columns.more[index],
      },
    };
  });
}

/** The text in which words are looked for: the body, and the values of attributes. */
export function searchedText({ body, attributes, traceId }: LogLine): string {
  if (attributes === undefined && traceId === undefined) return body;
  return `${body}\n${attributes === undefined ? '' : JSON.stringify(attributes)}\n${traceId ?? ''}`;
}

/** Values by number, each once. */
class Numbered<T> {
  readonly values: T[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #keyOf: (value: T) => string;

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  of(value: T): number {
    const key = this.#keyOf(value);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
