/** The messages that Kafka's own classes wrote, which wire keeps, as seeds. */
import { readFileSync } from 'node:fs';

export interface GoldenFrame {
  /** `FetchRequest`, or a message that is no API's. */
  readonly message: string;
  readonly version: number;
  /** A frame without its length. */
  readonly frame: Buffer;
}

/** All of them, or those of one kind: `Request`, `Response`, or a message's name. */
export function goldenFrames(ending = ''): GoldenFrame[] {
  const url = new URL('../../packages/wire/src/testing/golden-messages.jsonl', import.meta.url);
  const lines = readFileSync(url, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const { message, version, frame } = JSON.parse(line) as { message: string; version: number; frame: string };
    return message.endsWith(ending) ? [{ message, version, frame: Buffer.from(frame, 'hex') }] : [];
  });
}
