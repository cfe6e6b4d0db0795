/**
 * The journal against a disk that stops at any byte. The state is a map in two sections; the model is the list of states after
 * 0, 1, 2, ... appended entries. A recovery is right when it gives one of those states, not older than the last acknowledged
 * entry and not newer than the last one handed in.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { Journal, type JournalSection } from './journal.ts';
import { journalHeader } from './journal-entry.ts';

const path = '/data/journal';
const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

interface Change {
  readonly key: string;
  /** Null deletes. */
  readonly value: string | null;
}

/** Two sections of a journal, each a map. */
class Store {
  readonly journal: Journal;
  readonly warnings: string[] = [];
  readonly #maps = { left: new Map<string, string>(), right: new Map<string, string>() };
  readonly #sections: Record<'left' | 'right', JournalSection<Change>>;

  constructor(disk: CrashingDisk, compactionBytesMin?: number) {
    const report = (event: { message: string }) => void this.warnings.push(event.message);
    this.journal = new Journal({ disk, path, compactionBytesMin, report });
    this.#sections = { left: this.#section('left'), right: this.#section('right') };
  }

  static async open(disk: CrashingDisk, compactionBytesMin?: number): Promise<Store> {
    const store = new Store(disk, compactionBytesMin);
    await store.journal.open();
    return store;
  }

  append(section: 'left' | 'right', change: Change, sync = false): Promise<void> {
    return this.#sections[section].append(change, { sync });
  }

  get state(): string {
    return JSON.stringify([[...this.#maps.left].sort(), [...this.#maps.right].sort()]);
  }

  #section(name: 'left' | 'right'): JournalSection<Change> {
    const map = this.#maps[name];
    return this.journal.section<Change>(name, {
      apply: (change) => applyChange(map, change),
      *snapshot() {
        for (const [key, value] of map) yield { key, value };
      },
    });
  }
}

function applyChange(map: Map<string, string>, change: Change): void {
  if (change.value === null) map.delete(change.key);
  else map.set(change.key, change.value);
}

/** States after 0, 1, 2, ... entries, as `Store.state` prints them. */
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

/** Lets everything that can happen without time passing happen. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('replays what was appended, section by section', async () => {
  const disk = new CrashingDisk();
  const first = await Store.open(disk);
  await Promise.all([
    first.append('left', { key: 'a', value: 'ä' }),
    first.append('right', { key: 'a', value: '2' }),
    first.append('left', { key: 'b', value: '3' }),
    first.append('left', { key: 'b', value: null }),
  ]);
  await first.journal.close();
  const second = await Store.open(disk);
  assert.equal(second.state, first.state);
  assert.equal(second.state, '[[["a","ä"]],[["a","2"]]]');
  assert.deepEqual(second.warnings, []);
});

test('appends of one turn share one write', async () => {
  const disk = new CrashingDisk();
  let writes = 0;
  const open = disk.open.bind(disk);
  disk.open = async (name, options) => {
    const file = await open(name, options);
    const write = (chunks: readonly Uint8Array[], position: number): Promise<void> => {
      writes += 1;
      return file.write(chunks, position);
    };
    return { ...file, write };
  };
  const store = await Store.open(disk);
  writes = 0;
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.append('left', { key: `${i}`, value: 'x' })));
  assert.equal(writes, 1);
});

test('an append is applied before it resolves, and not before it is written', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  const appended = store.append('left', { key: 'a', value: '1' });
  assert.equal(store.state, '[[],[]]');
  await appended;
  assert.equal(store.state, '[[["a","1"]],[]]');
});

test('whichever byte the process is killed at, recovery gives a state between the acknowledged and the handed in', async () => {
  const run = async (disk: CrashingDisk) => {
    const model = new Model();
    const acknowledged = { written: 0, synced: 0 };
    void Store.open(disk, 300).then(async (store) => {
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
  assert.ok(whole.content(path).length < 900, 'the run compacts');

  for (let budget = 1; budget < whole.used; budget++) {
    const disk = new CrashingDisk(budget);
    const { model, acknowledged } = await run(disk);
    const nextDisks = [
      { disk: disk.afterKill(), oldest: acknowledged.written },
      { disk: disk.afterPowerLoss(seededRandomness(budget)), oldest: acknowledged.synced },
    ];
    for (const { disk: next, oldest } of nextDisks) {
      const recovered = await Store.open(next);
      assert.ok(model.states.slice(oldest).includes(recovered.state), `${budget} units: ${recovered.state}`);
      await recovered.append('left', { key: 'after', value: 'crash' });
      const again = await Store.open(next);
      assert.equal(again.state, recovered.state, `${budget} units, second recovery`);
    }
  }
});

test('a synced append survives a loss of power', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new CrashingDisk();
    const store = await Store.open(disk, 200);
    for (let i = 0; i < 8; i++) await store.append('left', { key: `k${i % 2}`, value: `value ${i}` }, true);
    void store.append('left', { key: 'k0', value: 'unsynced' });
    const recovered = await Store.open(disk.afterPowerLoss(seededRandomness(seed)));
    assert.equal(recovered.state, '[[["k0","value 6"],["k1","value 7"]],[]]', `seed ${seed}`);
  }
});

test('cuts a torn tail, says so, and goes on after it', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  await store.append('left', { key: 'a', value: '1' });
  const sound = disk.content(path).length;
  await store.append('left', { key: 'b', value: '2' });
  const file = await disk.open(path, { create: false });
  await file.truncate(disk.content(path).length - 1);
  const recovered = await Store.open(disk);
  assert.equal(recovered.state, '[[["a","1"]],[]]');
  assert.equal(disk.content(path).length, sound);
  assert.match(recovered.warnings.join(), /cut \d+ bytes of an unfinished write from the end of \/data\/journal/);
});

test('refuses a file that is damaged before its last sound entry, naming file and byte', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  for (const key of ['a', 'b', 'c']) await store.append('left', { key, value: 'x' });
  const whole = disk.content(path).slice();
  const entryLength = (whole.length - journalHeader.length) / 3;
  const second = journalHeader.length + entryLength;
  for (let at = second; at < second + entryLength; at++) {
    const damaged = new Uint8Array(whole);
    damaged[at]! ^= 0x10;
    const file = await disk.open(path, { create: false });
    await file.write([damaged], 0);
    await assert.rejects(Store.open(disk), (error) => {
      assert.ok(isMillraceError(error, 'journal_corrupt'), String(error));
      assert.match(error.message, new RegExp(`^the journal /data/journal is damaged at byte ${second}: `));
      return true;
    });
    assert.deepEqual(disk.content(path), damaged, 'the file is left as it was');
  }
});

test('refuses a file that is no journal', async () => {
  const disk = new CrashingDisk();
  await disk.writeFileAtomic(path, Buffer.from('something else\n'), { sync: true });
  await assert.rejects(Store.open(disk), (error) => isMillraceError(error, 'journal_corrupt'));
});

test('refuses entries of a section that nobody registered, rather than forget them', async () => {
  const disk = new CrashingDisk();
  const journal = new Journal({ disk, path });
  const section = journal.section<number>('newer', { apply: () => undefined, snapshot: () => [] });
  await journal.open();
  await section.append(1);
  await assert.rejects(Store.open(disk), /section newer is unknown to this version/);
});

test('compaction bounds the file by its live state', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk, 1000);
  for (let i = 0; i < 2000; i++) await store.append('left', { key: `k${i % 10}`, value: `${i}` });
  assert.ok(disk.content(path).length < 2500, `${disk.content(path).length} bytes`);
  assert.deepEqual(disk.paths(), [path]);
  assert.equal((await Store.open(disk)).state, store.state);
});

test('a journal that is mostly alive is not compacted at every append', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk, 100);
  for (let i = 0; i < 1000; i++) await store.append('left', { key: `k${i}`, value: 'x' });
  assert.ok(disk.used < 10 * disk.content(path).length, `wrote ${disk.used} for ${disk.content(path).length} bytes`);
});

test('a failed write rejects its appends, leaves no trace, and later appends succeed', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  await store.append('left', { key: 'a', value: '1' });
  disk.failing.push('write');
  const failed = await Promise.allSettled([
    store.append('left', { key: 'a', value: '2' }),
    store.append('left', { key: 'b', value: '2' }),
  ]);
  for (const result of failed) assert.ok(result.status === 'rejected' && isMillraceError(result.reason, 'disk_full'));
  assert.equal((await Store.open(disk.copy())).state, '[[["a","1"]],[]]');
  await store.append('left', { key: 'c', value: '3' });
  assert.equal(store.state, '[[["a","1"],["c","3"]],[]]');
  assert.equal((await Store.open(disk)).state, store.state);
});

test('a failed sync rejects its append, which is not there after a restart', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  disk.failing.push('sync');
  await assert.rejects(store.append('left', { key: 'a', value: '1' }, true), (error) =>
    isMillraceError(error, 'disk_full'),
  );
  await store.append('left', { key: 'b', value: '2' });
  assert.equal((await Store.open(disk)).state, '[[["b","2"]],[]]');
});

test('appends are refused once the tail of a failed write could not be cut', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  disk.failing.push('write', 'truncate');
  await assert.rejects(store.append('left', { key: 'a', value: '1' }));
  await assert.rejects(store.append('left', { key: 'b', value: '2' }), (error) => isMillraceError(error, 'disk_full'));
});

test('a compaction that fails loses nothing and is tried again later', async () => {
  for (const operation of ['open', 'sync', 'rename'] as const) {
    const disk = new CrashingDisk();
    const store = await Store.open(disk, 1000);
    disk.failing.push(operation);
    for (let i = 0; i < 1000; i++) {
      await store.append('left', { key: 'k', value: `${i}` });
      assert.equal((await Store.open(disk.copy())).state, store.state, `${operation}, append ${i}`);
    }
    assert.equal(store.warnings.length, 1);
    assert.match(store.warnings[0] ?? '', /could not compact the journal \/data\/journal/);
    assert.ok(disk.content(path).length < 1100, `${operation}: ${disk.content(path).length} bytes`);
  }
});

test('close waits for appends under way and refuses later ones', async () => {
  const disk = new CrashingDisk();
  const store = await Store.open(disk);
  const under = store.append('left', { key: 'a', value: '1' });
  const closed = store.journal.close();
  await assert.rejects(store.append('left', { key: 'b', value: '2' }), (error) =>
    isMillraceError(error, 'journal_closed'),
  );
  await Promise.all([under, closed]);
  assert.equal((await Store.open(disk)).state, '[[["a","1"]],[]]');
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
        void Store.open(disk, compactionBytesMin).then(async (store) => {
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
        const recovered = await Store.open(disk);
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
