/**
 * A series from a CSV file: a time and a value a line, with or without a line of names before. Times are ISO 8601 (with
 * a space for the T, and in UTC where no zone is told), or seconds or milliseconds since 1970. Reads as a stream.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { MillraceError } from '@millrace/base';

export interface SeriesPoint {
  /** As the file has it. */
  readonly timeText: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** NaN where the file has nothing. */
  readonly value: number;
}

export class SeriesFileError extends MillraceError {
  readonly code = 'unreadable_series';
  readonly file: string;
  /** From 1; undefined for the file as a whole. */
  readonly line: number | undefined;

  constructor(file: string, line: number | undefined, problem: string, cause?: unknown) {
    super(line === undefined ? `${file} ${problem}` : `${file}, line ${line}: ${problem}`, { cause });
    this.file = file;
    this.line = line;
  }
}

/** @throws SeriesFileError */
export async function* readSeriesCsv(file: string, signal?: AbortSignal): AsyncGenerator<SeriesPoint> {
  let line = 0;
  let points = 0;
  const stream = createReadStream(file, { signal });
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      const trimmed = text.trim();
      if (trimmed === '') continue;
      const point = pointOf(trimmed);
      if (point === undefined) {
        // Names of columns have no digits in the place of a time.
        if (points === 0 && line === 1 && !/^"?\d/.test(trimmed)) continue;
        throw new SeriesFileError(file, line, `${JSON.stringify(trimmed.slice(0, 80))} is no time and value`);
      }
      points++;
      yield point;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof SeriesFileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'is not there; check its name' : `can't be read: ${message}`;
    throw new SeriesFileError(file, undefined, why, error);
  }
  if (points === 0) throw new SeriesFileError(file, undefined, 'has no points: each line takes a time and a value');
}

function pointOf(line: string): SeriesPoint | undefined {
  const [timeText = '', valueText = ''] = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const timeMs = timeOf(timeText);
  const value = /^(?:|nan)$/i.test(valueText) ? Number.NaN : Number(valueText);
  if (timeMs === undefined || (Number.isNaN(value) && !/^(?:|nan)$/i.test(valueText))) return undefined;
  return { timeText, timeMs, value };
}

function timeOf(text: string): number | undefined {
  if (/^\d{1,11}(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (/^\d{12,14}$/.test(text)) return Number(text);
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))? ?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
