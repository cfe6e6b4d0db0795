/** Logs that users import: whatever the file, each of its lines is an event that can be read again, or a complaint. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  issuesOfStored,
  openLog,
  readLog,
  type TrackingEvent,
  VisitorNames,
} from '@millrace/pipelines/testing/decoders';
import type { FuzzTarget } from '../fuzz-target.ts';

const line =
  '83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "GET /a/b.png?x=1 HTTP/1.1" 200 203023 ' +
  '"http://example.org/\\"q\\"" "Mozilla/5.0 (X11) \\xc3\\xa9" 0.004';
const lines = [
  line,
  '::1 - - [29/Feb/2016:23:59:60 -1159] "-" 400 - "-" "-"',
  'host.example - a b [01/Jan/0100:00:00:00 +0000] "OPTIONS * HTTP/1.0" 204 0 "-" "curl/8"',
  '10.0.0.1 - - [31/Dec/9999:23:59:59 +0000] "GET http://x.example HTTP/1.1" 301 5 "-" "x"\r',
  '10.0.0.1 - - [31/Dec/9999:23:59:59 -9959] "GET / HTTP/1.1" 200 5 "-" "x"',
  'no line of a log',
];
const origin = { site: 'site', visitorNames: new VisitorNames(Buffer.alloc(32, 1)), receivedAt: 1_700_000_000_000 };
const folder = mkdtempSync(join(tmpdir(), 'millrace-fuzz-log-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** An input is a file, plain or gzip. */
export const accessLogs: FuzzTarget = {
  name: 'access-logs',
  inputs: 1500,
  seeds: () => {
    const texts = [line, lines.join('\n'), `${lines.join('\n')}\n`].map((text) => Buffer.from(text));
    return [...texts, ...texts.map((text) => gzipSync(text)), Buffer.from(`${line}\n`.repeat(40))];
  },
  async run(input) {
    const file = join(folder, 'log');
    writeFileSync(file, input);
    await using log = await openLog(file);
    const events: TrackingEvent[] = [];
    const { malformed, firstMalformed, cut } = await readLog(log, origin, {
      onEvent: (event) => events.push(event),
      onChunk: () => Promise.resolve(),
    });
    for (const event of events)
      assert.deepEqual(issuesOfStored(JSON.parse(JSON.stringify(event))), [], `${event.timestamp}`);
    const reason = firstMalformed[0]?.reason.replace(/".*"|\d+/g, '');
    return `${Math.min(events.length, 3)} ${Math.min(malformed, 2)} ${reason} ${cut?.replace(/\d+/g, '')}`;
  },
};
