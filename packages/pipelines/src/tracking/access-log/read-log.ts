/**
 * Reads a log from end to end: each line becomes an event or a complaint. Says where the file was cut, and refuses what
 * is no access log before anything of it is used.
 */
import type { TrackingEvent } from '../event.ts';
import { AccessLogError } from './access-log-error.ts';
import { type LineOrigin, lineEvent, lineHash } from './line-event.ts';
import { Occurrences } from './occurrences.ts';
import { CutError, type OpenLog } from './open-log.ts';
import { type ParsedLine, parseLine } from './parse-line.ts';
import { LineSplitter, lineBytesMax } from './split-lines.ts';

export interface MalformedLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface LogSummary {
  /** Lines read, malformed ones included; empty ones and one that was cut not. */
  lines: number;
  malformed: number;
  /** The first of them. */
  readonly firstMalformed: MalformedLine[];
  /** Where the file ends in the middle of something; undefined when it ends with a whole line. */
  cut: string | undefined;
}

const complaintsMax = 10;
/** A file of which so many lines are no log lines, and none is, is no log. */
const linesBeforeRefusal = 1_000;

/**
 * Calls `onEvent` for each line, in order; after each chunk of the file `onChunk` may make it wait.
 *
 * @throws AccessLogError `not_an_access_log` when no line is one of a log in the combined format
 */
export async function readLog(
  log: OpenLog,
  origin: LineOrigin,
  handler: { onEvent(event: TrackingEvent): void; onChunk(summary: LogSummary): Promise<void> },
  signal?: AbortSignal,
): Promise<LogSummary> {
  const summary: LogSummary = { lines: 0, malformed: 0, firstMalformed: [], cut: undefined };
  const occurrences = new Occurrences();
  let number = 0;
  let last: MalformedLine | undefined;
  const take = (parsed: ParsedLine, bytes: Uint8Array): void => {
    summary.lines++;
    last = 'malformed' in parsed ? { line: number, reason: parsed.malformed } : undefined;
    if ('malformed' in parsed) {
      summary.malformed++;
      if (summary.firstMalformed.length < complaintsMax)
        summary.firstMalformed.push({ line: number, reason: parsed.malformed });
      if (summary.malformed === summary.lines && summary.lines >= linesBeforeRefusal) throw noLog(log, summary);
      return;
    }
    const hash = lineHash(bytes);
    handler.onEvent(lineEvent(parsed, hash, occurrences.next(hash, parsed.at), origin));
  };
  const splitter = new LineSplitter({
    line: (bytes) => {
      number++;
      if (bytes.length > 0) take(parseLine(bytes.toString()), bytes);
    },
    tooLong: () => {
      number++;
      take({ malformed: `it is longer than ${lineBytesMax / 1024} KiB` }, Buffer.alloc(0));
    },
  });
  try {
    for await (const chunk of log.chunks()) {
      signal?.throwIfAborted();
      splitter.push(chunk);
      await handler.onChunk(summary);
    }
  } catch (error) {
    if (!(error instanceof CutError)) throw error;
    summary.cut = `its gzip data is cut or damaged after line ${number}`;
  }
  const unfinished = splitter.end();
  if (summary.malformed === summary.lines) throw noLog(log, summary);
  if (unfinished && last !== undefined) {
    summary.cut ??= `it ends in the middle of line ${number}`;
    // The cut says what is wrong with this line, and the line may be sound in the whole file.
    summary.lines--;
    summary.malformed--;
    if (summary.firstMalformed.at(-1)?.line === last.line) summary.firstMalformed.pop();
  }
  return summary;
}

function noLog(log: OpenLog, summary: LogSummary): AccessLogError {
  const [first] = summary.firstMalformed;
  const why = first === undefined ? 'it has no lines' : `line ${first.line}: ${first.reason}`;
  return new AccessLogError(
    'not_an_access_log',
    log.file,
    `${log.file} is no access log in the combined format (${why}); nothing was imported`,
  );
}
