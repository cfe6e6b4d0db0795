/**
 * What folders of tests make of their own results: `summarize.ts` in a folder directly below `tests/` is run, when a
 * file of the folder was, with the results of the whole run on stdin as `MILLRACE_TEST_RESULTS` has them, and prints
 * a line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FileResult } from './process.ts';

export interface RunResults {
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the files that ran, from the root. */
  readonly paths: readonly string[];
  /** A line of JSON for every test. */
  readonly lines: string;
}

export interface FolderLines {
  readonly lines: readonly string[];
  /** Programs that ended with anything but 0, as files that failed. */
  readonly failures: readonly FileResult[];
}

/** Has all folders of which a file ran say their lines. */
export function folderLines({ root, environment, paths, lines }: RunResults): FolderLines {
  const folders = new Set(paths.flatMap((path) => /^tests\/[^/]+(?=\/)/.exec(path) ?? []));
  const said: string[] = [];
  const failures: FileResult[] = [];
  for (const folder of folders) {
    const path = `${folder}/summarize.ts`;
    if (!existsSync(join(root, path))) continue;
    const options = { cwd: root, env: environment, input: lines, encoding: 'utf8' } as const;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [path], options);
    said.push(...stdout.split('\n').filter((line) => line !== ''));
    if (status === 0) continue;
    const problems = [`It ended with ${signal ?? `exit code ${status}`}.`];
    failures.push({ path, durationMs: 0, tests: [], problems, notes: [], output: stderr });
  }
  return { lines: said, failures };
}
