/**
 * The journal against a disk that stops at any byte. The model is the list of states after 0, 1, 2, ... appended
 * entries. A recovery is right when it gives one of those states, not older than the last acknowledged entry and not
 * newer than the last one handed in.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { applyChange, type Change, JournaledMaps, journalPath } from '../testing/journaled-maps.ts';
import { settle } from '../testing/manual-platform.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

/** States after 0, 1, 2, ... entries, as `JournaledMaps.state` prints them. */
class Model {
  readonly #maps = { left: new Map<string, string>(), right: new Map<string, string>() };
  readonly states = [this.#print()];

  append(section: 'left' | 'right', change: Change): number {
    applyChange(this.#maps[section], change);
    return this.states.push(this.#print()) - 1;
  }

  #print(): string {
    return JSON.stringify([[...this.#maps.left].sort(), [...this.#maps.right].sort()]);
  }
}

test('killed at whichever byte, recovery gives a state between the acknowledged and the handed in', async () => {
  const run = async (disk: CrashingDisk) => {
    const model = new Model();
    const acknowledged = { written: 0, synced: 0 };
    void JournaledMaps.open(disk, 300).then(async (store) => {
      for (let round = 0; round < 9; round++) {
        const changes = Array.from({ length: 1 + (round % 3) }, (_, i) => ({
          section: i % 2 === 0 ? ('left' as const) : ('right' as const),
          change: { key: `k${(round + i) % 4}`, value: round % 5 === 4 ? null : `round ${round}.${i}` },
        }));
        const appends = changes.map(({ section, change }) => {
          const index = model.append(section, change);
          const sync = round % 4 === 0;
          return store.append(section, change, sync).then(() => {
            acknowledged.written = index;
            if (sync) acknowledged.synced = index;
          });
        });
        await Promise.all(appends);
      }
      await store.journal.close();
    });
    await settle();
    return { model, acknowledged };
  };

  const whole = new CrashingDisk();
  const complete = await run(whole);
  assert.equal(complete.acknowledged.written, complete.model.states.length - 1);
  assert.ok(whole.content(journalPath).length < 900, 'the run compacts');

  for (let budget = 1; budget < whole.used; budget++) {
    const disk = new CrashingDisk(budget);
    const { model, acknowledged } = await run(disk);
    const nextDisks = [
      { disk: disk.afterKill(), oldest: acknowledged.written },
      { disk: disk.afterPowerLoss(seededRandomness(budget)), oldest: acknowledged.synced },
    ];
    for (const { disk: next, oldest } of nextDisks) {
      const recovered = await JournaledMaps.open(next);
      assert.ok(model.states.slice(oldest).includes(recovered.state), `${budget} units: ${recovered.state}`);
      await recovered.append('left', { key: 'after', value: 'crash' });
      const again = await JournaledMaps.open(next);
      assert.equal(again.state, recovered.state, `${budget} units, second recovery`);
    }
  }
});

test('a synced append survives a loss of power', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new CrashingDisk();
    const store = await JournaledMaps.open(disk, 200);
    for (let i = 0; i < 8; i++) await store.append('left', { key: `k${i % 2}`, value: `value ${i}` }, true);
    void store.append('left', { key: 'k0', value: 'unsynced' });
    const recovered = await JournaledMaps.open(disk.afterPowerLoss(seededRandomness(seed)));
    assert.equal(recovered.state, '[[["k0","value 6"],["k1","value 7"]],[]]', `seed ${seed}`);
  }
});

test('property: however a journal is used, killed and reopened, replay gives what the model has', async () => {
  const change = fc.record({
    section: fc.constantFrom('left' as const, 'right' as const),
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.option(fc.string({ maxLength: 20, unit: 'grapheme' })),
  });
  const life = fc.record({
    groups: fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
    budget: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: Number.POSITIVE_INFINITY }),
    compactionBytesMin: fc.integer({ min: 50, max: 1000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
      let disk = new CrashingDisk();
      let model = new Model();
      for (const { groups, budget, compactionBytesMin } of lives) {
        disk = disk.afterKill(budget);
        let acknowledged = model.states.length - 1;
        void JournaledMaps.open(disk, compactionBytesMin).then(async (store) => {
          for (const group of groups) {
            const appends = group.map(({ section, key, value }) => {
              const index = model.append(section, { key, value });
              return store.append(section, { key, value }).then(() => {
                acknowledged = index;
              });
            });
            await Promise.all(appends);
          }
        });
        await settle();
        disk = disk.afterKill();
        const recovered = await JournaledMaps.open(disk);
        assert.ok(model.states.slice(acknowledged).includes(recovered.state), `unexpected state ${recovered.state}`);
        model = modelOf(recovered.state);
      }
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

function modelOf(state: string): Model {
  const model = new Model();
  const [left, right] = JSON.parse(state) as [[string, string][], [string, string][]];
  for (const [key, value] of left) model.append('left', { key, value });
  for (const [key, value] of right) model.append('right', { key, value });
  return model;
}
