/**
 * Which test files a run holds, and how each is run.
 *
 * A file that starts servers or other processes has a process to itself; all others share a few. Files are told apart
 * by name alone, so that a reader of the name knows how it runs.
 */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** One test file of a run. */
export interface TestFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  /** True when the file must have a process to itself. */
  readonly ownProcess: boolean;
}

const FOLDERS = ['packages', 'apps', 'tools', 'tests', 'bench'];
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.millrace']);
const OWN_PROCESS = /^tests\/|\.(?:e2e|kafka|pg|aerospike|browser)\.test\.ts$/;

/**
 * Finds the test files under `root` whose path contains one of `filters` (all, when there is none), paths ascending.
 *
 * @throws Error when a filter fits no file: a run of nothing must not look like a pass.
 */
export function findTestFiles(root: string, filters: readonly string[]): TestFile[] {
  const all = FOLDERS.flatMap((folder) => walk(root, folder)).sort();
  const wanted = filters.map((filter) => normalize(root, filter));
  for (const [index, filter] of wanted.entries()) {
    if (!all.some((path) => path.includes(filter))) {
      throw new Error(`No test file's path contains '${filters[index]}'; give a folder or a part of a file's path.`);
    }
  }
  return all
    .filter((path) => wanted.length === 0 || wanted.some((filter) => path.includes(filter)))
    .map((path) => ({ path, ownProcess: OWN_PROCESS.test(path) }));
}

function normalize(root: string, filter: string): string {
  const fromRoot = filter.startsWith(sep) ? relative(root, filter) : filter;
  return fromRoot.split(sep).join('/').replace(/^\.\//, '');
}

function walk(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) found.push(...walk(root, path));
    } else if (entry.name.endsWith('.test.ts')) {
      found.push(path);
    }
  }
  return found;
}
