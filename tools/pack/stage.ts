/**
 * Stages one publishable package: what its tarball will hold, in a folder of its own.
 *
 * A staged package holds `dist` with JavaScript and types of every source but tests, the files beside the sources that
 * are no TypeScript, `bin`, the licence and a README. Its manifest's `exports` lead to `dist`, those of the source to
 * `src`. The workspace must have been built (`tsc -b`); nothing in it is changed.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isTestPath } from '../tidy/source-file.ts';
import { walk } from '../walk.ts';

/** What published JavaScript runs on. */
const ENGINES = { node: '>=22.15' };

/** The fields of a source manifest that matter here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly private?: boolean;
  readonly license: string;
  readonly type: string;
  readonly bin?: Record<string, string>;
  readonly exports?: Record<string, string>;
  readonly sideEffects?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional: boolean }>;
  readonly optionalDependencies?: Record<string, string>;
}

/** A package that has been staged. */
export interface Staged {
  readonly name: string;
  /** Absolute path of the folder to pack. */
  readonly folder: string;
}

/** Folders of all workspaces that are published, from `root`. */
export function publishableFolders(root: string): string[] {
  return ['packages', 'apps']
    .flatMap((folder) => walk(root, folder))
    .filter((path) => /^[^/]+\/[^/]+\/package\.json$/.test(path))
    .filter((path) => readManifest(join(root, path)).private !== true)
    .map((path) => dirname(path))
    .sort();
}

/** Stages the workspace in `folder` (from `root`) below `target`. */
export function stage(root: string, folder: string, target: string): Staged {
  const manifest = readManifest(join(root, folder, 'package.json'));
  const staged = join(target, folder.replace('/', '-'));
  mkdirSync(staged, { recursive: true });
  const sources = walk(root, `${folder}/src`).filter((path) => !isTestPath(path));
  for (const path of sources) stageSource(root, folder, path.slice(folder.length + '/src/'.length), staged);
  for (const path of walk(root, `${folder}/bin`)) {
    const copy = join(staged, path.slice(folder.length + 1));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(root, path), copy);
    chmodSync(copy, 0o755);
  }
  copyFileSync(join(root, 'LICENSE'), join(staged, 'LICENSE'));
  const readme = join(root, folder, 'README.md');
  if (existsSync(readme)) copyFileSync(readme, join(staged, 'README.md'));
  else writeFileSync(join(staged, 'README.md'), `# ${manifest.name}\n\n${manifest.description}.\n`);
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  return { name: manifest.name, folder: staged };
}

/**
 * The manifest as published: leads to `dist` where the source's leads to `src`, and has no door to what is for tests.
 */
export function publishedManifest(manifest: Manifest): Record<string, unknown> {
  const exports = Object.fromEntries(
    Object.entries(manifest.exports ?? {})
      .filter(([, path]) => !isTestPath(path))
      .map(([door, path]) => [door, publishedDoor(path)]),
  );
  const { name, version, description, license, type, bin, sideEffects } = manifest;
  const { dependencies, peerDependencies, peerDependenciesMeta, optionalDependencies } = manifest;
  return {
    name,
    version,
    description,
    license,
    type,
    engines: ENGINES,
    ...(bin && { bin }),
    exports,
    files: ['dist', ...(bin ? ['bin'] : [])],
    ...(sideEffects !== undefined && { sideEffects }),
    ...(dependencies && { dependencies }),
    ...(peerDependencies && { peerDependencies }),
    ...(peerDependenciesMeta && { peerDependenciesMeta }),
    ...(optionalDependencies && { optionalDependencies }),
  };
}

function publishedDoor(path: string): string | { types: string; default: string } {
  const source = /^\.\/src\/(.*)\.ts$/.exec(path)?.[1];
  return source === undefined ? path : { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` };
}

function stageSource(root: string, folder: string, path: string, staged: string): void {
  const target = join(staged, 'dist', path);
  mkdirSync(dirname(target), { recursive: true });
  if (!path.endsWith('.ts')) {
    copyFileSync(join(root, folder, 'src', path), target);
    return;
  }
  const built = join(root, folder, 'dist', path).replace(/\.ts$/, '');
  const stem = target.replace(/\.ts$/, '');
  copyFileSync(`${built}.js`, `${stem}.js`);
  writeFileSync(`${stem}.d.ts`, publishedTypes(readFileSync(`${built}.d.ts`, 'utf8')));
}

/** Leads relative imports in declarations to the JavaScript beside them: the compiler rewrites only those in code. */
export function publishedTypes(declarations: string): string {
  return declarations.replace(/(\bfrom |\bimport |\bimport\()(['"])(\.{1,2}\/[^'"]*)\.ts\2/g, '$1$2$3.js$2');
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8'));
}
