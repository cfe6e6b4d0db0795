/** The rules about who imports what: directions, declared dependencies and references, pipelines apart. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { ALLOWED_IMPORTS, BROWSER_SAFE } from './allowed-imports.ts';
import type { Import, Problem, SourceFile } from './source-file.ts';
import type { Workspace } from './workspace.ts';

const OURS = /^@millrace\/([^/]+)/;

/** Checks the imports of one file of `workspace`. */
export function checkImports(file: SourceFile, workspace: Workspace): Problem[] {
  const problems: Problem[] = [];
  for (const each of file.imports) {
    const sentence = importProblem(file, workspace, each);
    if (sentence !== undefined) problems.push({ path: file.path, line: each.line, sentence });
  }
  return problems;
}

function importProblem(file: SourceFile, workspace: Workspace, { specifier }: Import): string | undefined {
  if (specifier.startsWith('.')) return relativeProblem(file, workspace, specifier);
  const ours = OURS.exec(specifier)?.[1];
  if (ours !== undefined) return ourProblem(file, workspace, specifier, ours);
  const packageName = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (specifier.startsWith('node:') || builtinModules.includes(packageName)) {
    if (!specifier.startsWith('node:')) return `'${specifier}' is Node's; import 'node:${specifier}'.`;
    if (workspace.name === 'api' && !file.isTest) return `api runs in a browser, which has no '${specifier}'.`;
    return undefined;
  }
  const declared = file.isTest ? workspace.testDependencies : workspace.dependencies;
  if (declared.has(packageName)) return undefined;
  return `'${packageName}' is not among the dependencies in ${workspace.manifestPath}; declare it there.`;
}

function relativeProblem(file: SourceFile, workspace: Workspace, specifier: string): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
  if (!target.startsWith(`${workspace.folder}/`)) {
    return `'${specifier}' reaches outside of ${workspace.folder}; import the other package by its name.`;
  }
  if (!/\.(?:ts|mjs|js|json)$/.test(specifier))
    return `'${specifier}' lacks its extension; write it out, as in './x.ts'.`;
  const here = pipelineOf(file.path);
  const there = pipelineOf(target);
  if (here !== undefined && there !== undefined && here !== there) {
    return `The pipeline ${here} imports the pipeline ${there}; pipelines meet in topics only.`;
  }
  return undefined;
}

/**
 * The pipeline that a file belongs to: `tracking` for `packages/pipelines/src/tracking/session.ts`. What collectors
 * have in common belongs to none.
 */
function pipelineOf(path: string): string | undefined {
  return /^packages\/pipelines\/src\/(?!collecting\/)([^/]+)\//.exec(path)?.[1];
}

function ourProblem(file: SourceFile, workspace: Workspace, specifier: string, imported: string): string | undefined {
  const allowed = ALLOWED_IMPORTS[workspace.name];
  if (allowed === undefined) return `${workspace.name} has no line in tools/tidy/allowed-imports.ts; add one.`;
  if (imported === workspace.name) return `'${specifier}' is this package itself; import the file by a relative path.`;
  if (!allowed.includes(imported)) {
    return `${workspace.name} may not import ${imported}; see tools/tidy/allowed-imports.ts for who may.`;
  }
  if (workspace.name === 'api' && !file.isTest && !BROWSER_SAFE.has(specifier)) {
    return `api runs in a browser; of base it may import ${[...BROWSER_SAFE].join(', ')} only.`;
  }
  const declared = file.isTest ? workspace.testDependencies : workspace.dependencies;
  if (!declared.has(`@millrace/${imported}`)) {
    return `@millrace/${imported} is not among the dependencies in ${workspace.manifestPath}; declare it there.`;
  }
  if (!workspace.references.has(imported)) {
    return `${workspace.folder}/tsconfig.json lacks a reference to ${imported}; add it.`;
  }
  return undefined;
}

/** Checks that a workspace declares no package of ours that none of its files imports. */
export function checkDeclared(workspace: Workspace, files: readonly SourceFile[]): Problem[] {
  const imported = new Set(files.flatMap((file) => file.imports.map(({ specifier }) => OURS.exec(specifier)?.[1])));
  const problems: Problem[] = [];
  for (const name of workspace.declared) {
    const ours = OURS.exec(name)?.[1];
    if (ours === undefined || imported.has(ours)) continue;
    const sentence = `${name} is declared and never imported; remove it from the dependencies.`;
    problems.push({ path: workspace.manifestPath, line: 1, sentence });
  }
  for (const name of workspace.references) {
    if (imported.has(name)) continue;
    const sentence = `The reference to ${name} has no import behind it; remove it.`;
    problems.push({ path: `${workspace.folder}/tsconfig.json`, line: 1, sentence });
  }
  return problems;
}
