import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Calculation, calculate, quantity } from './calculation.ts';
import { type Kept, type Surge, type TopicDemand, type TopicLoad, topicLoad } from './topic-load.ts';

interface Numbers {
  readonly bytesIn: number;
  readonly recordBytes: number;
  readonly consumers: number;
  readonly mirrors: number;
  readonly partitions: number;
  readonly replicas: number;
  readonly cleanup: Kept['cleanup'];
  readonly seconds: number | undefined;
  readonly partitionBytes: number | undefined;
  readonly keys: number | undefined;
  readonly segmentBytes: number;
  readonly segmentSeconds: number;
  readonly factor: number;
  readonly seasonSeconds: number;
}

const numbers: fc.Arbitrary<Numbers> = fc.record({
  bytesIn: fc.double({ min: 0, max: 1e9, noNaN: true }),
  recordBytes: fc.double({ min: 1, max: 1e6, noNaN: true }),
  consumers: fc.integer({ min: 0, max: 20 }),
  mirrors: fc.integer({ min: 0, max: 5 }),
  partitions: fc.integer({ min: 1, max: 500 }),
  replicas: fc.integer({ min: 1, max: 5 }),
  cleanup: fc.constantFrom('delete', 'compact', 'compact,delete'),
  seconds: fc.option(fc.integer({ min: 0, max: 1e8 }), { nil: undefined }),
  partitionBytes: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
  keys: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
  segmentBytes: fc.integer({ min: 1, max: 2 ** 30 }),
  segmentSeconds: fc.integer({ min: 1, max: 1e7 }),
  factor: fc.double({ min: 1, max: 50, noNaN: true }),
  seasonSeconds: fc.integer({ min: 1, max: 1e8 }),
});

function demandOf(given: Numbers): TopicDemand {
  const { seconds, partitionBytes, keys } = given;
  return {
    bytesIn: quantity('in', given.bytesIn, 'bytes/s', 'requested'),
    recordBytes: quantity('size', given.recordBytes, 'bytes/record', 'requested'),
    consumers: quantity('consumers', given.consumers, 'times', 'requested'),
    mirrors: quantity('mirrors', given.mirrors, 'times', 'requested'),
    partitions: quantity('partitions', given.partitions, 'partitions', 'requested'),
    replicas: quantity('replicas', given.replicas, 'replicas', 'requested'),
    kept: {
      cleanup: given.cleanup,
      seconds: seconds === undefined ? undefined : quantity('time', seconds, 's', 'requested'),
      partitionBytes: partitionBytes === undefined ? undefined : quantity('size', partitionBytes, 'bytes', 'requested'),
      keys: keys === undefined ? undefined : quantity('keys', keys, 'records', 'requested'),
      segmentBytes: quantity('segment', given.segmentBytes, 'bytes', 'assumed'),
      segmentSeconds: quantity('segment', given.segmentSeconds, 's', 'assumed'),
    },
  };
}

function surgeOf({ factor, seasonSeconds }: Numbers): Surge {
  return {
    factor: quantity('season', factor, 'times', 'declared'),
    seconds: quantity('season', seasonSeconds, 's', 'declared'),
  };
}

function loadOf(given: Numbers, withSurge = true): TopicLoad {
  return topicLoad(demandOf(given), withSurge ? surgeOf(given) : undefined, new Calculation('silent'));
}

const parts = ['peakIn', 'storedOnce', 'stored', 'received', 'sent', 'partitionReplicas'] as const;

/** Rounding of floating point aside. */
function notLess(more: TopicLoad, less: TopicLoad, of: readonly (keyof TopicLoad)[] = parts): void {
  for (const part of of) {
    const slack = 1e-9 * Math.abs(less[part].value);
    assert.ok(more[part].value >= less[part].value - slack, `${part}: ${more[part].value} < ${less[part].value}`);
  }
}

const growing: readonly (readonly [string, (given: Numbers, by: number) => Numbers])[] = [
  ['rate', (given, by) => ({ ...given, bytesIn: given.bytesIn * (1 + by) })],
  ['replicas', (given, by) => ({ ...given, replicas: given.replicas + Math.ceil(by) })],
  ['retention by time', (given, by) => ({ ...given, seconds: given.seconds && given.seconds * (1 + by) })],
  [
    'retention by size',
    (given, by) => ({ ...given, partitionBytes: given.partitionBytes && given.partitionBytes * (1 + by) }),
  ],
  ['consumers', (given, by) => ({ ...given, consumers: given.consumers + Math.ceil(by) })],
  ['mirrors', (given, by) => ({ ...given, mirrors: given.mirrors + Math.ceil(by) })],
  ['keys', (given, by) => ({ ...given, keys: given.keys && given.keys * (1 + by) })],
  ['the season', (given, by) => ({ ...given, factor: given.factor * (1 + by) })],
  ['the length of the season', (given, by) => ({ ...given, seasonSeconds: given.seasonSeconds * (1 + by) })],
  ['partitions', (given, by) => ({ ...given, partitions: given.partitions + Math.ceil(by) })],
];

for (const [what, more] of growing) {
  test(`more of ${what} never takes less of a cluster`, () => {
    const by = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(fc.property(numbers, by, (given, grown) => notLess(loadOf(more(given, grown)), loadOf(given))));
  });
}

test('a season never takes less than ordinary days', () => {
  fc.assert(fc.property(numbers, (given) => notLess(loadOf(given), loadOf(given, false))));
});

test('every line that is shown is right, and is of numbers that are given or shown before', () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const calculation = new Calculation();
      const load = topicLoad(demandOf(given), surgeOf(given), calculation);
      const shown = new Set<object>();
      for (const { result, operation, of, text } of calculation.lines) {
        assert.equal(
          result.value,
          calculate(
            operation,
            of.map(({ value }) => value),
          ),
          text,
        );
        for (const each of of)
          assert.ok(each.origin !== 'calculated' || [...shown].some((known) => same(known, each)), text);
        shown.add(result);
      }
      for (const part of parts) assert.ok(part === 'peakIn' || shown.has(load[part]), part);
    }),
  );
});

function same(known: object, each: { readonly value: number }): boolean {
  return 'value' in known && known.value === each.value;
}

test('traffic adds up: replicas receive what producers send, leaders send what followers and readers take', () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const { peakIn, received, sent, stored, storedOnce } = loadOf(given);
      const { replicas, consumers, mirrors } = given;
      near(received.value, peakIn.value * replicas);
      near(sent.value, peakIn.value * (replicas - 1 + consumers + mirrors));
      near(stored.value, storedOnce.value * replicas);
    }),
  );
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual} is not ${expected}`);
}

test('a day of 1 MiB/s is 84.4 GiB and the segment that is open, three times over', () => {
  const given = {
    bytesIn: 2 ** 20,
    recordBytes: 1024,
    consumers: 2,
    mirrors: 1,
    partitions: 6,
    replicas: 3,
    cleanup: 'delete',
    seconds: 86_400,
    partitionBytes: undefined,
    keys: undefined,
    segmentBytes: 2 ** 30,
    segmentSeconds: 7 * 86_400,
    factor: 4,
    seasonSeconds: 12 * 3_600,
  } as const;
  const ordinary = loadOf(given, false);
  assert.equal(ordinary.storedOnce.value, 86_400 * 2 ** 20 + 6 * 2 ** 30);
  assert.equal(ordinary.received.value, 3 * 2 ** 20);
  assert.equal(ordinary.sent.value, (2 + 2 + 1) * 2 ** 20);
  // Half of what is kept is of the season, half from before it.
  assert.equal(loadOf(given).storedOnce.value, 43_200 * 5 * 2 ** 20 + 6 * 2 ** 30);
});

test('what is kept for ever counts with a year, what is compacted with its keys', () => {
  const given = { ...fc.sample(numbers, { numRuns: 1, seed: 1 })[0], bytesIn: 100, recordBytes: 10 } as Numbers;
  const forever = { ...given, cleanup: 'delete', seconds: undefined, partitionBytes: undefined } as const;
  const open = Math.min(100 * given.segmentSeconds, given.partitions * given.segmentBytes);
  assert.equal(loadOf(forever, false).storedOnce.value, 100 * 365 * 86_400 + open);
  const compacted = { ...given, cleanup: 'compact', keys: 1_000 } as const;
  assert.equal(loadOf(compacted, false).storedOnce.value, 1_000 * 10 * 2 + open);
});
