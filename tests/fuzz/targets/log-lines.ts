/** Lines of logs as anybody sends them: each is a line that can be stored and shown again, or is refused. */
import assert from 'node:assert/strict';
import {
  encodeLine,
  givenLineOfSyslog,
  LineJoiner,
  lineBytesMax,
  linesOf,
  linesOfExport,
  Masker,
  messagesOf,
} from '@millrace/pipelines/testing/logs';
import { ExportLogsRequest } from '@millrace/telemetry';
import type { FuzzTarget } from '../fuzz-target.ts';

type Line = ReturnType<typeof linesOf>[number];

const now = 1_700_000_000_000;
const masker = new Masker();

/** An input is what a connection brings, whose chunks end where its first bytes say. */
export const syslog: FuzzTarget = {
  name: 'syslog',
  inputs: 10_000,
  seeds: () => {
    const structured =
      '<165>1 2003-10-11T22:14:15.003Z host app 1 ID47 [a@1 iut="3" b="App\\"x\\]"][c@1 d="e"] \ufeffAn entry';
    const traditional =
      "<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed\n<34>Oct 11 22:14:15 mymachine su[7]: \tat x";
    const bodies = [`${structured}\n${traditional}\n`, `${structured.length} ${structured}`, 'bare\n\tat x\n<999>x\n'];
    return bodies.map((body) => Buffer.from(`ab${body}`));
  },
  run(input) {
    const bytes = Buffer.from(input.subarray(2));
    const whole = messagesOf(bytes);
    const parted: Buffer[] = [];
    let left: Buffer = Buffer.alloc(0);
    const cuts = [...input.subarray(0, 2)].map((byte) => Math.min(byte, bytes.length)).sort((a, b) => a - b);
    for (const [from, to] of [
      [0, cuts[0] ?? 0],
      [cuts[0] ?? 0, cuts[1] ?? 0],
      [cuts[1] ?? 0, bytes.length],
    ] as const) {
      const found = messagesOf(Buffer.concat([left, bytes.subarray(from, to)]));
      parted.push(...found.messages.map((message) => Buffer.from(message)));
      left = Buffer.from(found.left);
    }
    assert.deepEqual([parted.map(String), String(left)], [whole.messages.map(String), String(whole.left)]);
    const joiner = new LineJoiner('traces');
    const lines = whole.messages.flatMap((message) => joiner.add(givenLineOfSyslog(message.toString(), 'sender', now)));
    lines.push(...joiner.flush());
    assert.ok(lines.length <= whole.messages.length);
    return outcomeOf(lines);
  },
};

/** An input is a body of `POST /logs`; its first byte says of which kind. */
export const jsonLines: FuzzTarget = {
  name: 'json-lines',
  inputs: 10_000,
  seeds: () => {
    const objects = [
      { level: 'warn', msg: 'slow', time: 1_767_607_202_000, service: 'db', took: [1, { a: null }] },
      {
        severity: 30,
        message: { text: 'x' },
        '@timestamp': '2026-01-05T10:00:00Z',
        labels: { a: 'b' },
        trace_id: 'ab',
      },
      { time: 1e300, constructor: 'x', toString: 1, password: 'hunter2' },
    ].map((each) => JSON.stringify(each));
    const text = '2026-01-05 10:00:00 ERROR [main] shop.Pay: no\n  at a (b.js:1)\n\r\nCaused by: x';
    const bodies = [objects.join('\n'), `${text}\n${objects[0]}`, `[${objects.join(',')},"a line"]`, '{'.repeat(70)];
    return bodies.flatMap((body) => ['0', '1'].map((kind) => Buffer.from(kind + body)));
  },
  run(input) {
    const isJson = ((input[0] ?? 0) & 1) === 1;
    const text = Buffer.from(input.subarray(1)).toString();
    return outcomeOf(linesOf(text, { isJson, joining: 'traces', labels: { host: 'a' }, now }));
  },
};

/** An input is a request of OTLP, in Protobuf, or in JSON where it begins with a brace. */
export const otlpLogs: FuzzTarget = {
  name: 'otlp-logs',
  inputs: 10_000,
  seeds: () => {
    const attributes = [
      { key: 'service.name', value: { stringValue: 'cart' } },
      {
        key: 'list',
        value: { arrayValue: { values: [{ intValue: '3' }, { doubleValue: 0.5 }, { bytesValue: 'AAE=' }] } },
      },
    ];
    const record = {
      ...{ timeUnixNano: '1767607203000000000', severityNumber: 17, severityText: 'ERROR', attributes },
      ...{ body: { kvlistValue: { values: attributes } }, traceId: '5b8efff798038103d269b633813fc60c' },
    };
    const far = { observedTimeUnixNano: '18446744073709551615', eventName: 'an event' };
    const request = {
      resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope: { name: 'http' }, logRecords: [record, far] }] }],
    };
    const protobuf = ExportLogsRequest.encode(ExportLogsRequest.fromJson(request));
    return [Buffer.from(JSON.stringify(request)), protobuf];
  },
  run(input) {
    const isJson = input[0] === 0x7b;
    return outcomeOf(linesOfExport(isJson ? ofJson(input) : ExportLogsRequest.decode(input), now));
  },
};

function ofJson(input: Uint8Array): ReturnType<typeof ExportLogsRequest.decode> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(input).toString());
  } catch {
    value = {};
  }
  return ExportLogsRequest.fromJson(value);
}

function outcomeOf(lines: readonly Line[]): string {
  const kinds = new Set<string>();
  for (const line of lines) {
    const masked = masker.line(line);
    const { key, value } = encodeLine(masked);
    assert.ok(value.length <= lineBytesMax && key.length < 2_000, `${value.length} bytes under a key of ${key.length}`);
    const { time, body, labels, message = 0, attributes } = JSON.parse(value.toString()) as Line;
    new Date(time).toISOString();
    assert.ok(message <= body.length);
    for (const [name, label] of Object.entries(labels)) {
      assert.ok(typeof label === 'string' && /^[^(){}]*$/.test(name), `a label ${name}`);
    }
    kinds.add(`${line.severity} ${Object.keys(labels).length} ${message > 0} ${attributes !== undefined}`);
  }
  return `${Math.min(lines.length, 3)} ${[...kinds].slice(0, 3).join(', ')}`;
}
