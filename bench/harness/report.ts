/**
 * How a benchmark reports: one JSON line a measured subject on stdout, and a table for people on stderr or, without
 * --json, on stdout.
 */
import { cpus, totalmem } from 'node:os';

/** One figure of one subject. */
export interface Measurement {
  readonly bench: string;
  readonly case: string;
  readonly subject: string;
  /** Median over the rounds. */
  readonly value: number;
  readonly unit: string;
  /**
   * Ours over the best peer's, turned so that more is better; only on our own subject's line, where there is a peer.
   */
  readonly ratioToPeer?: number;
  readonly rounds: number;
  readonly min: number;
  readonly max: number;
}

/** The figures of all rounds of a case and metric, by subject. */
export interface Series {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  /** Whether a larger value is the better one. */
  readonly moreIsBetter: boolean;
  readonly values: ReadonlyMap<string, readonly number[]>;
}

/** Medians of a series, our subject (whose name begins with `millrace`) compared with the best peer. */
export function summarize(series: Series): Measurement[] {
  const medians = new Map([...series.values].map(([subject, values]) => [subject, median(values)]));
  const peers = [...medians].filter(([subject]) => !subject.startsWith('millrace')).map(([, value]) => value);
  const best = series.moreIsBetter ? Math.max(...peers) : Math.min(...peers);
  return [...series.values].map(([subject, values]) => {
    const value = medians.get(subject) ?? Number.NaN;
    const ratio = series.moreIsBetter ? value / best : best / value;
    const compared = subject.startsWith('millrace') && peers.length > 0;
    return {
      bench: series.bench,
      case: series.case,
      subject,
      value: rounded(value),
      unit: series.unit,
      ...(compared ? { ratioToPeer: rounded(ratio) } : {}),
      rounds: values.length,
      min: rounded(Math.min(...values)),
      max: rounded(Math.max(...values)),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A line that says on what the figures were measured. */
export function machineLine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model ?? 'unknown processor';
  return `${processors.length} x ${model}, ${memory} GiB, Node ${process.version}, ${process.platform}`;
}

/** The measurements as a table, cases in order. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map((each) => [
    each.case,
    each.subject,
    formatted(each.value),
    each.unit,
    each.ratioToPeer === undefined ? '' : `${each.ratioToPeer.toFixed(2)}x`,
    each.rounds > 1 ? `${formatted(each.min)} to ${formatted(each.max)}` : '',
  ]);
  const all = [['case', 'subject', 'median', 'unit', 'to best peer', 'range'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatted(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
