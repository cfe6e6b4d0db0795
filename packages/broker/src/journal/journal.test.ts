/** What a journal promises while the process lives, and when it finds a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { crc32c } from '@millrace/wire';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { JournaledMaps, journalPath } from '../testing/journaled-maps.ts';
import { Journal } from './journal.ts';
import { encodeEntry, journalHeader } from './journal-entry.ts';
import { sectionShapes } from './section-shapes.ts';

test('replays what was appended, section by section', async () => {
  const disk = new CrashingDisk();
  const first = await JournaledMaps.open(disk);
  await Promise.all([
    first.append('left', { key: 'a', value: 'ä' }),
    first.append('right', { key: 'a', value: '2' }),
    first.append('left', { key: 'b', value: '3' }),
    first.append('left', { key: 'b', value: null }),
  ]);
  await first.journal.close();
  const second = await JournaledMaps.open(disk);
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
  const store = await JournaledMaps.open(disk);
  writes = 0;
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.append('left', { key: `${i}`, value: 'x' })));
  assert.equal(writes, 1);
});

test('an append is applied before it resolves, and not before it is written', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  const appended = store.append('left', { key: 'a', value: '1' });
  assert.equal(store.state, '[[],[]]');
  await appended;
  assert.equal(store.state, '[[["a","1"]],[]]');
});

test('cuts a torn tail, says so, and goes on after it', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  await store.append('left', { key: 'a', value: '1' });
  const sound = disk.content(journalPath).length;
  await store.append('left', { key: 'b', value: '2' });
  const file = await disk.open(journalPath, { create: false });
  await file.truncate(disk.content(journalPath).length - 1);
  const recovered = await JournaledMaps.open(disk);
  assert.equal(recovered.state, '[[["a","1"]],[]]');
  assert.equal(disk.content(journalPath).length, sound);
  assert.match(recovered.warnings.join(), /cut \d+ bytes of an unfinished write from the end of \/data\/journal/);
});

test('refuses a file that is damaged before its last sound entry, naming file and byte', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  for (const key of ['a', 'b', 'c']) await store.append('left', { key, value: 'x' });
  const whole = disk.content(journalPath).slice();
  const entryLength = (whole.length - journalHeader.length) / 3;
  const second = journalHeader.length + entryLength;
  for (let at = second; at < second + entryLength; at++) {
    const damaged = new Uint8Array(whole);
    damaged[at]! ^= 0x10;
    const file = await disk.open(journalPath, { create: false });
    await file.write([damaged], 0);
    await assert.rejects(JournaledMaps.open(disk), (error) => {
      assert.ok(isMillraceError(error, 'journal_corrupt'), String(error));
      assert.match(error.message, new RegExp(`^the journal /data/journal is damaged at byte ${second}: `));
      return true;
    });
    assert.deepEqual(disk.content(journalPath), damaged, 'the file is left as it was');
  }
});

test('what lies behind a sector that power took before it was written is cut', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  await store.append('left', { key: 'a', value: '1' });
  const { state } = store;
  const synced = disk.content(journalPath).length;
  for (let index = 0; index < 40; index++) await store.append('left', { key: `b${index}`, value: 'x'.repeat(20) });
  await store.journal.close();
  // The first sector holds what was synced and nothing more; those behind it were written.
  disk.content(journalPath).fill(0, synced, 512);
  const again = await JournaledMaps.open(disk);
  assert.equal(again.state, state);
  assert.match(again.warnings.join(), /cut \d+ bytes of an unfinished write/);
  await again.append('left', { key: 'c', value: '3' });
  assert.match((await JournaledMaps.open(disk)).state, /"c","3"/);
});

test('refuses a file that is no journal', async () => {
  const disk = new CrashingDisk();
  await disk.writeFileAtomic(journalPath, Buffer.from('something else\n'), { sync: true });
  await assert.rejects(JournaledMaps.open(disk), (error) => isMillraceError(error, 'journal_corrupt'));
});

test('refuses entries of a section that nobody registered, rather than forget them', async () => {
  const disk = new CrashingDisk();
  const journal = new Journal({ disk, path: journalPath });
  const section = journal.section<number>('newer', { apply: () => undefined, snapshot: () => [] });
  await journal.open();
  await section.append(1);
  await assert.rejects(JournaledMaps.open(disk), /section newer is unknown to this version/);
});

test('compaction bounds the file by its live state', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk, 1000);
  for (let i = 0; i < 2000; i++) await store.append('left', { key: `k${i % 10}`, value: `${i}` });
  assert.ok(disk.content(journalPath).length < 2500, `${disk.content(journalPath).length} bytes`);
  assert.deepEqual(disk.paths(), [journalPath]);
  assert.equal((await JournaledMaps.open(disk)).state, store.state);
});

test('a journal that is mostly alive is not compacted at every append', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk, 100);
  for (let i = 0; i < 1000; i++) await store.append('left', { key: `k${i}`, value: 'x' });
  assert.ok(
    disk.used < 10 * disk.content(journalPath).length,
    `wrote ${disk.used} for ${disk.content(journalPath).length} bytes`,
  );
});

test('a failed write rejects its appends, leaves no trace, and later appends succeed', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  await store.append('left', { key: 'a', value: '1' });
  disk.failing.push('write');
  const failed = await Promise.allSettled([
    store.append('left', { key: 'a', value: '2' }),
    store.append('left', { key: 'b', value: '2' }),
  ]);
  for (const result of failed) assert.ok(result.status === 'rejected' && isMillraceError(result.reason, 'disk_full'));
  assert.equal((await JournaledMaps.open(disk.copy())).state, '[[["a","1"]],[]]');
  await store.append('left', { key: 'c', value: '3' });
  assert.equal(store.state, '[[["a","1"],["c","3"]],[]]');
  assert.equal((await JournaledMaps.open(disk)).state, store.state);
});

test('a failed sync rejects its append, which is not there after a restart', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  disk.failing.push('sync');
  await assert.rejects(store.append('left', { key: 'a', value: '1' }, true), (error) =>
    isMillraceError(error, 'disk_full'),
  );
  await store.append('left', { key: 'b', value: '2' });
  assert.equal((await JournaledMaps.open(disk)).state, '[[["b","2"]],[]]');
});

test('appends are refused once the tail of a failed write could not be cut', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  disk.failing.push('write', 'truncate');
  await assert.rejects(store.append('left', { key: 'a', value: '1' }));
  await assert.rejects(store.append('left', { key: 'b', value: '2' }), (error) => isMillraceError(error, 'disk_full'));
});

test('a compaction that fails loses nothing and is tried again later', async () => {
  for (const operation of ['open', 'sync', 'rename'] as const) {
    const disk = new CrashingDisk();
    const store = await JournaledMaps.open(disk, 1000);
    disk.failing.push(operation);
    for (let i = 0; i < 1000; i++) {
      await store.append('left', { key: 'k', value: `${i}` });
      assert.equal((await JournaledMaps.open(disk.copy())).state, store.state, `${operation}, append ${i}`);
    }
    assert.equal(store.warnings.length, 1);
    assert.match(store.warnings[0] ?? '', /could not compact the journal \/data\/journal/);
    assert.ok(disk.content(journalPath).length < 1100, `${operation}: ${disk.content(journalPath).length} bytes`);
  }
});

test('close waits for appends under way and refuses later ones', async () => {
  const disk = new CrashingDisk();
  const store = await JournaledMaps.open(disk);
  const under = store.append('left', { key: 'a', value: '1' });
  const closed = store.journal.close();
  await assert.rejects(store.append('left', { key: 'b', value: '2' }), (error) =>
    isMillraceError(error, 'journal_closed'),
  );
  await Promise.all([under, closed]);
  assert.equal((await JournaledMaps.open(disk)).state, '[[["a","1"]],[]]');
});

/** An entry of any payload, whose checksum fits. */
function forged(payload: string): Buffer {
  const bytes = Buffer.concat([encodeEntry('', null).subarray(0, 9), Buffer.from(payload)]);
  bytes.writeUInt32BE(bytes.length - 9, 1);
  bytes.writeUInt32BE(crc32c(bytes, crc32c(bytes, 0, 1, 5), 9, bytes.length), 5);
  return bytes;
}

for (const [payload, reason] of [
  ['["left",', /is not of its format/],
  ['null', /is not of its format/],
  ['[1,{}]', /is not of its format/],
  ['["left",null]', /the section left can't take an entry/],
] as const) {
  test(`refuses to open with ${payload} for an entry, whose checksum fits, and says where it lies`, async () => {
    const disk = new CrashingDisk();
    const sound = encodeEntry('left', { key: 'a', value: '1' });
    const content = Buffer.concat([journalHeader, sound, forged(payload)]);
    await disk.writeFileAtomic(journalPath, content, { sync: false });
    await assert.rejects(JournaledMaps.open(disk), (error) => {
      assert.ok(isMillraceError(error, 'journal_corrupt'), String(error));
      assert.match(error.message, reason);
      assert.match(error.message, new RegExp(`at byte ${journalHeader.length + sound.length}`));
      return true;
    });
  });
}

test('lengths that a damaged tail claims cost no more than reading it', async () => {
  const claim = Buffer.from('ff0020000000000000', 'hex');
  const tail = Buffer.concat(new Array<Buffer>(400_000).fill(claim));
  const disk = new CrashingDisk();
  await disk.writeFileAtomic(journalPath, Buffer.concat([journalHeader, tail]), { sync: false });
  // Each of the claims is of 2 MiB: to sum all of them up would take minutes.
  const began = process.cpuUsage();
  const { warnings } = await JournaledMaps.open(disk);
  const { user, system } = process.cpuUsage(began);
  assert.match(warnings.join(), /cut 3600000 bytes/);
  assert.ok(user + system < 20e6, `${(user + system) / 1e6} s`);
});

test('refuses to open with an entry that does not look like one of its section', async () => {
  const sound = ['topics', { kind: 'delete', id: 'A'.repeat(22) }] as const;
  const odd = [
    ['topics', { kind: 'delete', id: 'no id' }],
    ['topics', { kind: 'create', id: 'A'.repeat(22), name: 'orders', assignment: [null], configuration: {} }],
    ['transactions', { kind: 'change', id: 't' }],
    ['groups', { kind: 'commit', group: 'g', topics: [['orders', [[-1, 0, 0, '', 0]]]] }],
    ['groups', { kind: 'consumer-group', group: 'g', change: { members: [{}] } }],
    ['client-quotas', { entity: null, key: 'k', value: 1 }],
    ['acls', { add: { resourceType: 2 } }],
  ] as const;
  for (const [section, entry] of odd) {
    const disk = new CrashingDisk();
    const content = Buffer.concat([journalHeader, encodeEntry(...sound), encodeEntry(section, entry)]);
    await disk.writeFileAtomic(journalPath, content, { sync: false });
    const journal = new Journal({ disk, path: journalPath, shapes: sectionShapes });
    for (const name of new Set([sound[0], section])) {
      journal.section(name, { apply: () => undefined, snapshot: () => [] });
    }
    await assert.rejects(journal.open(), (error) => {
      assert.ok(isMillraceError(error, 'journal_corrupt'), String(error));
      assert.match(error.message, new RegExp(`an entry is none of the section ${section}`));
      return true;
    });
  }
});
