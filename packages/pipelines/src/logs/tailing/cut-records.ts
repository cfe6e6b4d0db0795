/** Cuts bytes of a file into records: lines, joined where they belong together. */
import { goesOn, type Joining, joinedLinesMax } from '../line/join-lines.ts';

export interface CutRecords {
  /** Without the line feed at their end. */
  readonly records: readonly string[];
  /** How many bytes they are; what is left may not be whole yet. */
  readonly bytes: number;
}

/** What follows the bytes. */
export interface CutOptions {
  /** Nothing yet, or the record is long enough: it ends with its last whole line. */
  readonly isEnd: boolean;
  /** Nothing ever: the last line is whole as it is. */
  readonly isLast: boolean;
  /** A line that is longer is cut into several. */
  readonly lineBytesMax: number;
}

export function cutRecords(bytes: Buffer, joining: Joining, at: CutOptions): CutRecords {
  const records: string[] = [];
  let begun: string[] = [];
  let begunAt = 0;
  let from = 0;
  const end = (): void => {
    if (begun.length > 0) records.push(begun.join('\n'));
    begun = [];
    begunAt = from;
  };
  while (from < bytes.length) {
    const feed = bytes.indexOf(10, from);
    const isWhole = feed >= 0;
    const tooLong = !isWhole && bytes.length - from >= at.lineBytesMax;
    if (!isWhole && !at.isLast && !tooLong) break;
    const stop = isWhole ? feed : tooLong ? characterStart(bytes, from + at.lineBytesMax) : bytes.length;
    const line = textOf(bytes, from, stop);
    if (begun.length > 0 && (!goesOn(line, joining) || begun.length >= joinedLinesMax)) end();
    begun.push(line);
    from = isWhole ? feed + 1 : stop;
  }
  if (at.isLast || at.isEnd || joining === 'none') end();
  return { records, bytes: begunAt };
}

function textOf(bytes: Buffer, from: number, to: number): string {
  const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
  return bytes.toString('utf8', from, end);
}

/** Not in the middle of a character of UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  let start = Math.min(at, bytes.length);
  while (start > at - 4 && start < bytes.length && ((bytes[start] as number) & 0xc0) === 0x80) start--;
  return start;
}
