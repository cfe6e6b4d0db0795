import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

/** Room for so many, which comes when the test says. */
function roomFor(places: number) {
  let left = places;
  let came = Promise.withResolvers<void>();
  return {
    isThere: () => left > 0,
    comes: () => came.promise,
    take: () => void left--,
    add(count: number) {
      left += count;
      came.resolve();
      came = Promise.withResolvers();
    },
  };
}

test('who waits for room gets it in the order of the calls, one place each', async () => {
  const [turns, room, order] = [new Turns(), roomFor(1), [] as number[]];
  const act = (number: number) => (): void => {
    room.take();
    order.push(number);
  };
  const all = [1, 2, 3, 4].map((number) => turns.take(room, act(number), undefined));
  await all[0];
  assert.deepEqual(order, [1]);
  room.add(2);
  await all[2];
  assert.deepEqual(order, [1, 2, 3]);
  assert.ok(turns.isBusy);
  room.add(1);
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3, 4]);
  assert.ok(!turns.isBusy);
});

test('who gives up lets nobody pass who came before', async () => {
  const [turns, room, order] = [new Turns(), roomFor(0), [] as string[]];
  const enough = new AbortController();
  const first = turns.take(room, () => void order.push('first'), undefined);
  const second = turns.take(room, () => void order.push('second'), enough.signal);
  const third = turns.take(room, () => void order.push('third'), undefined);
  enough.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
  assert.deepEqual(order, []);
  room.add(1);
  await Promise.all([first, third]);
  assert.deepEqual(order, ['first', 'third']);
});

test('what is done in a turn is not waited for by the next', async () => {
  const [turns, room] = [new Turns(), roomFor(2)];
  const never = new Promise<void>(() => undefined);
  void turns.take(room, () => never, undefined);
  await turns.take(room, async () => undefined, undefined);
});
