/**
 * What the outside world says of a package before it is published: publint on the folder, arethetypeswrong on the
 * tarball.
 */
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { Staged } from './stage.ts';

/**
 * The packages are ES modules alone: that CommonJS cannot `require` their types, and that Node 10 finds none, is meant.
 */
const MEANT = new Set(['CJSResolvesToESM']);

/** Returns one sentence a problem; `tarball` is the path of the packed file. */
export async function checkPublished({ name, folder }: Staged, tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, level: 'warning', strict: true, pack: false });
  const problems = messages.map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false })}`);
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (!('problems' in analysis)) return problems; // a package without types to judge, as the command is
  for (const problem of analysis.problems) {
    if (MEANT.has(problem.kind)) continue;
    if ('resolutionKind' in problem && problem.resolutionKind === 'node10') continue;
    problems.push(`${name}: types: ${JSON.stringify(problem)}`);
  }
  return problems;
}
