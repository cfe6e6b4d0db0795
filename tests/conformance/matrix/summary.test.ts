import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Behaviour, ListedDifference } from './behaviour.ts';
import { summaryLine } from './summary.ts';

const nothing = async (): Promise<null> => null;
const by = { millrace: nothing, kcat: nothing };
const list: readonly Behaviour[] = [
  { name: 'first', apis: ['Produce'], shows: null, by },
  { name: 'second', apis: ['Produce'], shows: new ListedDifference('a row', { embedded: 1, kafka: 2 }), by },
  { name: 'third', apis: ['Fetch'], shows: null, by: { millrace: nothing }, profile: 'moves' },
];
const embedded = 'tests/conformance/embedded-open.test.ts';
const kafka = 'tests/conformance/kafka-open.kafka.test.ts';
const moves = 'tests/conformance/kafka-moves.kafka.test.ts';

const passed = (path: string, ...names: readonly string[]) =>
  names.map((name) => ({ path, name: [path === embedded ? 'embedded' : 'kafka', name], outcome: 'passed' as const }));

test('adds up brokers, clients and profiles, and counts what differs once', () => {
  const results = [
    ...passed(embedded, 'millrace: first', 'kcat: first', 'millrace: second', 'kcat: second'),
    ...passed(kafka, 'millrace: first', 'kcat: first', 'millrace: second'),
    ...passed(moves, 'millrace: third'),
    ...passed('tests/integration/other.test.ts', 'whatever'),
  ];
  assert.equal(
    summaryLine(list, results, false),
    'conformance: 3 cases x 2 brokers x 2 clients: 8 cells passed, 0 failed, 1 listed difference',
  );
  assert.match(summaryLine(list, results, true) ?? '', /: 8 cells passed, 1 failed,/, 'kcat: second was not tried');
});

test('cells that a file did not reach have failed', () => {
  const results = [
    ...passed(embedded, 'millrace: first'),
    { path: embedded, name: ['embedded', 'kcat: first'], outcome: 'failed' as const },
    { path: embedded, name: [], outcome: 'failed' as const },
  ];
  assert.equal(
    summaryLine(list, results, false),
    'conformance: 2 cases x 1 broker x 2 clients: 1 cell passed, 3 failed, 1 listed difference',
  );
});

test('a kind of broker that is not there counts as skipped, and a run without the matrix says nothing', () => {
  const skipped = { path: kafka, name: ['kafka'], outcome: 'skipped' as const };
  const ran = passed(embedded, 'millrace: first', 'kcat: first', 'millrace: second', 'kcat: second');
  assert.equal(
    summaryLine(list, [...ran, skipped], false),
    'conformance: 2 cases x 1 broker x 2 clients: 4 cells passed, 0 failed, 3 skipped, 1 listed difference',
  );
  assert.equal(summaryLine(list, passed('tests/integration/other.test.ts', 'whatever'), false), undefined);
});
