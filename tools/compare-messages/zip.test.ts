import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { readZip } from './zip.ts';

/** An archive of the given files, `[name, content, compressed]`, with a comment at its end. */
function archiveOf(files: readonly (readonly [string, string, boolean])[], method = 8): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let position = 0;
  for (const [name, content, compressed] of files) {
    const packed = compressed ? deflateRawSync(content) : Buffer.from(content);
    const extra = Buffer.from('extra');
    const local = Buffer.alloc(30);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(compressed ? method : 0, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(position, 42);
    const written = [local, Buffer.from(name), extra, packed];
    parts.push(...written);
    entries.push(entry, Buffer.from(name));
    position += written.reduce((total, part) => total + part.length, 0);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...parts, ...entries, end, Buffer.from('a comment')]);
}

test('reads stored and deflated files that are wanted, and only those', () => {
  const archive = archiveOf([
    ['a.txt', 'stored', false],
    ['b.bin', 'not wanted', true],
    ['c.txt', 'deflated '.repeat(100), true],
  ]);
  const read = readZip(archive, (name) => name.endsWith('.txt')).map(([name, bytes]) => [name, bytes.toString()]);
  assert.deepEqual(read, [
    ['a.txt', 'stored'],
    ['c.txt', 'deflated '.repeat(100)],
  ]);
});

test('says what is wrong with an archive that it can not read', () => {
  assert.throws(() => readZip(Buffer.from('no archive'), () => true), /no zip archive/);
  assert.throws(() => readZip(archiveOf([['a', 'text', true]], 12), () => true), /holds a in a compression \(12\)/);
  const damaged = archiveOf([['a', 'text', false]]);
  damaged.fill(0, damaged.length - 31 - 47, damaged.length - 31 - 43);
  assert.throws(() => readZip(damaged, () => true), /entry 0 is damaged/);
});
