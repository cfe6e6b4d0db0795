/**
 * Which test files a run holds, and how each is run.
 *
 * A file that starts servers or other processes has a process to itself, and so has one that computes for long; all
 * others share a few. Files are told apart by name alone, so that a reader of the name knows how it runs.
 */
import { relative, sep } from 'node:path';
import { SOURCE_FOLDERS, walk } from '../walk.ts';

/** One test file of a run. */
export interface TestFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  /**
   * `serving` starts servers and waits for them most of the time, `computing` keeps a processor busy for long; either
   * must have a process to itself. What is `brief` shares one with others.
   */
  readonly kind: 'serving' | 'computing' | 'brief';
}

const COMPUTING = /^tests\/(?:fuzz|simulation)\//;
const SERVING = /^tests\/|\.(?:e2e|kafka|pg|aerospike|browser)\.test\.ts$/;

/**
 * Finds the test files under `root` whose path contains one of `filters` (all, when there is none), paths ascending.
 *
 * @throws Error when a filter fits no file: a run of nothing must not look like a pass.
 */
export function findTestFiles(root: string, filters: readonly string[]): TestFile[] {
  const all = SOURCE_FOLDERS.flatMap((folder) => walk(root, folder))
    .filter((path) => path.endsWith('.test.ts'))
    .sort();
  const wanted = filters.map((filter) => normalize(root, filter));
  for (const [index, filter] of wanted.entries()) {
    if (!all.some((path) => path.includes(filter))) {
      throw new Error(`No test file's path contains '${filters[index]}'; give a folder or a part of a file's path.`);
    }
  }
  return all
    .filter((path) => wanted.length === 0 || wanted.some((filter) => path.includes(filter)))
    .map((path) => ({ path, kind: kindOf(path) }));
}

function kindOf(path: string): TestFile['kind'] {
  if (COMPUTING.test(path)) return 'computing';
  return SERVING.test(path) ? 'serving' : 'brief';
}

function normalize(root: string, filter: string): string {
  const fromRoot = filter.startsWith(sep) ? relative(root, filter) : filter;
  return fromRoot.split(sep).join('/').replace(/^\.\//, '');
}
