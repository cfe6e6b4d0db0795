/**
 * Bytes that a point takes in a chunk of two hours, a point a minute, beside what Gorilla's encoding takes for the same
 * points. Its paper tells 1.37 bytes a point of what Facebook monitored: half of the values there were the same as the
 * one before, and nearly all times regular. `mixed` is of that kind; the other cases show what it is made of.
 */
import { seededRandomness } from '@millrace/base';
import { Chunk, encodeChunk } from '@millrace/pipelines/testing/metrics';
import type { Benchmark } from '../harness/benchmark.ts';
import { gorillaBits } from './gorilla-bits.ts';

const pointsOfChunk = 120;
const chunks = 500;
const random = seededRandomness(7);

/** A series' next value from the one before. */
type Next = (before: number, at: number) => number;

const kinds: Readonly<Record<string, () => Next>> = {
  'a gauge that seldom changes': () => (before) => (random.integer(40) === 0 ? random.integer(100) : before),
  'a count of things in work': () => (before) => Math.max(0, before + random.integer(5) - 2),
  'a counter': () => {
    const pace = 1 + random.integer(200);
    return (before) => before + random.integer(2 * pace);
  },
  'a percentage, two decimals': () => () => random.integer(10_000) / 100,
  'a measured fraction': () => () => random.float(),
};
/** So that half of the values repeat, in parts of ten. */
const shares = [
  ...Array<string>(4).fill('a gauge that seldom changes'),
  ...Array<string>(3).fill('a count of things in work'),
  ...(['a counter', 'a counter', 'a percentage, two decimals'] as const),
];

export const benchmark: Benchmark = {
  description: 'bytes a point in chunks of series',

  async run({ isWanted, report }) {
    for (const name of ['mixed', ...Object.keys(kinds)]) {
      if (!isWanted(name)) continue;
      let own = 0;
      let gorilla = 0;
      for (let each = 0; each < chunks; each++) {
        const kind = name === 'mixed' ? (shares[each % shares.length] as string) : name;
        const chunk = chunkOf((kinds[kind] as () => Next)());
        own += encodeChunk(chunk).length;
        gorilla += gorillaBits(chunk.times, chunk.values, chunk.count) / 8;
      }
      const points = chunks * pointsOfChunk;
      report({
        ...{ bench: 'metrics-size', case: name, unit: 'bytes a point', moreIsBetter: false },
        values: new Map([
          ['millrace', [own / points]],
          ["Gorilla's encoding", [gorilla / points]],
        ]),
      });
    }
  },
};

/** One point in 25 comes a second late, as in the paper. */
function chunkOf(next: Next): Chunk {
  const chunk = new Chunk(pointsOfChunk);
  let value = random.integer(1_000);
  for (let at = 0; at < pointsOfChunk; at++) {
    value = next(value, at);
    chunk.put(1_700_000_000_000 + at * 60_000 + (random.integer(25) === 0 ? 1_000 : 0), value);
  }
  return chunk;
}
