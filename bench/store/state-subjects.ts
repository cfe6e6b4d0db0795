/**
 * Stores of ordered bytes under measurement: ours, and bindings of others as they are meant to be used. The others are
 * in no clone; `MILLRACE_BENCH_PEERS` names a folder with a `node_modules` that has them.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type OrderedStore, openMemoryStore, openOrderedStore } from '@millrace/store';
import type { StateSubjectName } from './work.ts';

export interface StateSubject {
  write(changes: readonly (readonly [key: Buffer, value: Buffer])[]): Promise<void>;
  get(key: Buffer): Buffer | undefined;
  /** Reads so many entries from a key on; absent where only promises do. */
  range?(from: Buffer, limit: number): number;
  close(): Promise<void>;
}

const folder = process.env['MILLRACE_BENCH_PEERS'];

/** Whether a subject can be measured here. */
export function isThere(name: StateSubjectName): boolean {
  if (name !== 'classic-level' && name !== 'rocksdb') return true;
  try {
    requirePeer().resolve(packages[name]);
    return true;
  } catch {
    return false;
  }
}

export async function openSubject(name: StateSubjectName, directory: string): Promise<StateSubject> {
  switch (name) {
    case 'lmdb':
      return ours(openOrderedStore({ directory }));
    case 'lmdb-rebuildable':
      return ours(openOrderedStore({ directory, rebuildable: true }));
    case 'memory':
      return ours(openMemoryStore());
    default:
      return level(name, directory);
  }
}

function ours(store: OrderedStore): StateSubject {
  const space = store.space('state');
  return {
    write: (changes) => {
      const batch = store.batch();
      for (const [key, value] of changes) batch.put(space, key, value);
      return store.write(batch);
    },
    get: (key) => space.get(key),
    range: (from, limit) => {
      let bytes = 0;
      for (const { value } of space.range({ from, limit })) bytes += value.length;
      return bytes;
    },
    close: () => store.close(),
  };
}

const packages = { 'classic-level': 'classic-level', rocksdb: '@nxtedition/rocksdb' } as const;

/** What both bindings have of abstract-level's interface. */
interface Level {
  open(): Promise<void>;
  getSync?(key: Buffer): Buffer | undefined;
  _getManySync?(keys: readonly Buffer[]): readonly (Buffer | undefined)[];
  batch(): { put(key: Buffer, value: Buffer): void; write(): Promise<void> };
  close(): Promise<void>;
}

type LevelClass = new (directory: string, options: object) => Level;

function requirePeer(): NodeJS.Require {
  return createRequire(folder === undefined ? import.meta.url : join(folder, 'package.json'));
}

async function level(name: keyof typeof packages, directory: string): Promise<StateSubject> {
  const exported = requirePeer()(packages[name]) as { ClassicLevel?: LevelClass; RocksLevel?: LevelClass };
  const Class = exported.ClassicLevel ?? exported.RocksLevel;
  if (Class === undefined) throw new Error(`${packages[name]} has no class that is known here`);
  const mebibyte = 2 ** 20;
  const buffers = { keyEncoding: 'buffer', valueEncoding: 'buffer' };
  const database = new Class(directory, { ...buffers, cacheSize: 64 * mebibyte, writeBufferSize: 16 * mebibyte });
  await database.open();
  return {
    write: (changes) => {
      const batch = database.batch();
      for (const [key, value] of changes) batch.put(key, value);
      return batch.write();
    },
    get: (key) => database.getSync?.(key) ?? database._getManySync?.([key])[0],
    close: () => database.close(),
  };
}
