import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Randomness, randomUuidBytes, seededRandomness, systemRandomness } from './randomness.ts';

const kinds: readonly [string, () => Randomness][] = [
  ['seeded', () => seededRandomness(7)],
  ['system', () => systemRandomness],
];

function draw(randomness: Randomness): unknown[] {
  return [randomness.float(), randomness.integer(1000), [...randomness.bytes(9)], randomness.integer(2 ** 32)];
}

test('a seed always gives the same numbers, and another seed others', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (seed) => {
      assert.deepEqual(draw(seededRandomness(seed)), draw(seededRandomness(seed)));
      assert.notDeepEqual(draw(seededRandomness(seed)), draw(seededRandomness((seed + 1) % 2 ** 32)));
    }),
  );
});

test('the numbers of a seed do not change from version to version', () => {
  const randomness = seededRandomness(1);
  const drawn = Array.from({ length: 4 }, () => randomness.integer(2 ** 32));
  assert.deepEqual(drawn, [52107484, 3520520, 3760476048, 677231255]);
});

for (const [kind, make] of kinds) {
  test(`${kind} numbers stay within their bounds`, () => {
    const randomness = make();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
        const integer = randomness.integer(bound);
        const float = randomness.float();
        assert.ok(Number.isInteger(integer) && integer >= 0 && integer < bound);
        assert.ok(float >= 0 && float < 1);
      }),
    );
    assert.equal(randomness.bytes(0).length, 0);
    assert.equal(randomness.bytes(33).length, 33);
  });

  test(`${kind} integers reach every value about equally often`, () => {
    const randomness = make();
    const counts = new Array<number>(8).fill(0);
    for (let round = 0; round < 8000; round++) {
      const drawn = randomness.integer(8);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    // Ten standard deviations from the mean of 1000.
    for (const count of counts) assert.ok(count > 700 && count < 1300, `counts ${counts}`);
  });
}

test('a random UUID says that it is of version 4', () => {
  const uuid = randomUuidBytes(seededRandomness(3));
  assert.equal(uuid.length, 16);
  assert.equal((uuid[6] as number) >> 4, 4);
  assert.equal((uuid[8] as number) >> 6, 2);
});
