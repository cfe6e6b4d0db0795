/**
 * A second try for files that start servers. They wait for real processes by the clock, and a machine that stood still
 * for a while makes them fail without a bug; what fails twice, the second time with the machine to itself, is none of
 * that. What passed at the second try only is told with its failure, so that nobody overlooks it.
 *
 * Unit files have no second try, since nothing of them depends on time; and no file has one when many failed.
 */
import type { FileResult } from './process.ts';

const FILES_MAX = 2;

export interface SecondTry {
  /** Whether the file starts servers. */
  mayTry(result: FileResult): boolean;
  hasFailed(result: FileResult): boolean;
  /** Runs the file with nothing beside it. */
  run(path: string): Promise<FileResult>;
}

/** The results with those of second tries in place of the first, and the first ones of the files that then passed. */
export async function trySecondTime(
  results: readonly FileResult[],
  { mayTry, hasFailed, run }: SecondTry,
): Promise<{ readonly results: FileResult[]; readonly unsteady: readonly FileResult[] }> {
  const failed = results.filter(hasFailed);
  if (failed.length > FILES_MAX || !failed.every(mayTry)) return { results: [...results], unsteady: [] };
  const unsteady: FileResult[] = [];
  const second = new Map<string, FileResult>();
  for (const first of failed) {
    const result = await run(first.path);
    second.set(first.path, result);
    if (!hasFailed(result)) unsteady.push(first);
  }
  return { results: results.map((result) => second.get(result.path) ?? result), unsteady };
}
