/**
 * A line as a record of `logs.lines`. No line is too large for a batch of the producer or a record of the topic: one
 * that would be loses its attributes first, then the end of its body, and says so.
 */
import { type LogLine, streamOf } from './log-line.ts';

export interface EncodedLine {
  /** Its stream. */
  readonly key: string;
  readonly value: Buffer;
}

/** Largest line as it is stored, in bytes of JSON. */
export const lineBytesMax = 400 * 1024;
/** A character takes six bytes at most: `\u0000`. */
const bodyCharsLeft = 48 * 1024;

export function encodeLine(line: LogLine): EncodedLine {
  const key = streamOf(line);
  const value = Buffer.from(JSON.stringify(line));
  if (value.length <= lineBytesMax) return { key, value };
  const { attributes, ...rest } = line;
  if (attributes !== undefined) {
    const bytes = Buffer.byteLength(JSON.stringify(attributes));
    return encodeLine({
      ...rest,
      attributes: undefined,
      body: `${line.body} ... (${bytes} bytes of attributes were cut)`,
    });
  }
  const { body } = line;
  if (body.length <= bodyCharsLeft) throw new Error('a line without attributes has labels that are too large');
  const cut = body.length - bodyCharsLeft;
  return encodeLine({ ...rest, body: `${body.slice(0, bodyCharsLeft)} ... (${cut} more characters were cut)` });
}
