/** The workspaces as their manifests and TypeScript projects declare them. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { walk } from '../walk.ts';

/** One folder that is built and imported as a whole; `tools`, which has no manifest of its own, counts as one. */
export interface Workspace {
  /** Its folder's name: `wire` for `packages/wire`. */
  readonly name: string;
  /** Path from the root. */
  readonly folder: string;
  /** Path of the manifest that declares its dependencies. */
  readonly manifestPath: string;
  /** Names of packages that this very manifest declares, for users or for development. */
  readonly declared: ReadonlySet<string>;
  /** Names of packages that its code may import when it runs for users. */
  readonly dependencies: ReadonlySet<string>;
  /** Names of packages that its tests may import as well. */
  readonly testDependencies: ReadonlySet<string>;
  /** Names of workspaces that its TypeScript project refers to. */
  readonly references: ReadonlySet<string>;
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** Reads all workspaces under `root`, by their folder. */
export function readWorkspaces(root: string): Workspace[] {
  const rootManifest = readManifest(join(root, 'package.json'));
  const rootDevelopment = Object.keys(rootManifest.devDependencies ?? {});
  const folders = ['packages', 'apps']
    .flatMap((folder) => walk(root, folder))
    .filter((path) => /^[^/]+\/[^/]+\/package\.json$/.test(path))
    .map((path) => dirname(path));
  return [...folders, 'tests', 'bench', 'tools'].filter(isThere(root)).map((folder) => {
    const ownManifest = join(folder, 'package.json');
    const manifestPath = existsSync(join(root, ownManifest)) ? ownManifest : 'package.json';
    const manifest = readManifest(join(root, manifestPath));
    const dependencies = [
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
    ];
    const ownDevelopment = Object.keys(manifest.devDependencies ?? {});
    const development = [...ownDevelopment, ...rootDevelopment];
    const runsForUsers = folder.includes('/');
    return {
      name: basename(folder),
      folder,
      manifestPath,
      declared: new Set([...dependencies, ...ownDevelopment]),
      dependencies: new Set(runsForUsers ? dependencies : [...dependencies, ...development]),
      testDependencies: new Set([...dependencies, ...development]),
      references: readReferences(root, folder),
    };
  });
}

function isThere(root: string): (folder: string) => boolean {
  return (folder) => existsSync(join(root, folder, 'tsconfig.json'));
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function readReferences(root: string, folder: string): Set<string> {
  const project: { references?: { path: string }[] } = JSON.parse(
    readFileSync(join(root, folder, 'tsconfig.json'), 'utf8'),
  );
  return new Set((project.references ?? []).map(({ path }) => basename(path)));
}
