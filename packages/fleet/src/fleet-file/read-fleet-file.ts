/**
 * The fleet file: YAML, checked whole before anything of it is used. All that is wrong is told at once, with its lines.
 *
 * It holds no secrets but references to them, which are resolved when a cluster is reached (`references.ts`). Paths in
 * it, in references as well, are those of the folder that it lies in.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type KindName, kindNames, type Spec } from '@millrace/api/declared';
import { messageOf } from '@millrace/base';
import { pathKeys } from '@millrace/client/java-configuration';
import { parseReference } from '../client-configuration/references.ts';
import { checkFleet } from '../declared/check/check-fleet.ts';
import type { Finding } from '../declared/check/finding.ts';
import { canonical, fullLists, kindOfList, type SomeLists } from '../declared/fleet-lists.ts';
import { checkSchema } from './check-schema.ts';
import { FleetFileError, type FleetFileProblem } from './fleet-file-error.ts';
import { readYaml, textCharactersMax } from './read-yaml.ts';
import type { WrittenFleet } from './schema.ts';
import { lineOf, pathOf } from './source-map.ts';

/** A fleet as it is declared. */
export interface FleetFile {
  /** What the file holds, in its one spelling, paths absolute; without the kinds that it has no list of. */
  readonly declared: SomeLists;
  /** Its clusters as they are reached; none in a part of a fleet. */
  readonly clusters: readonly DeclaredCluster[];
}

export interface DeclaredCluster {
  readonly name: string;
  /** Of one of the sites. */
  readonly site?: string | undefined;
  /** Of one of the environments. */
  readonly environment?: string | undefined;
  /** `host:port,host:port`. */
  readonly bootstrap: string;
  /** By the names of Java's clients; secrets are references, paths absolute. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ReadOptions {
  /**
   * Whether the file may hold a part of a fleet: one without clusters. What it refers to and has no list of is then
   * declared elsewhere. Default false: it names at least one cluster, and all that it refers to.
   */
  readonly mayBePart?: boolean | undefined;
}

/** More of a kind than anybody reads at once. */
const problemsMax = 100;

/** Reads a fleet file. @throws FleetFileError */
export async function readFleetFile(path: string, options?: ReadOptions): Promise<FleetFile> {
  let text: string;
  try {
    // A character takes up to 4 bytes; what is far beyond is not even read.
    const { size } = await stat(path);
    if (size > 4 * textCharactersMax) throw new FleetFileError(path, [], { reason: `it has ${size} bytes` });
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof FleetFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetFileError(path, [], {
      cause: error,
      reason: code === 'ENOENT' ? 'it is not there' : messageOf(error),
    });
  }
  return parseFleetFile(text, path, options);
}

/** The fleet of a file's text; `path` is for messages and for the paths in it. @throws FleetFileError */
export function parseFleetFile(text: string, path: string, { mayBePart = false }: ReadOptions = {}): FleetFile {
  const yaml = readYaml(text);
  if ('problems' in yaml) {
    throw new FleetFileError(
      path,
      yaml.problems.map((problem) => ({ ...problem, path: '' })),
    );
  }
  const { document, lines, value } = yaml;
  const refuse = (findings: readonly Finding[]): never => {
    const problems = findings.slice(0, problemsMax).map(
      ({ steps, message }): FleetFileProblem => ({
        path: pathOf(steps),
        line: lineOf(document, lines, steps),
        message,
      }),
    );
    const left = findings.length - problems.length;
    problems.sort((a, b) => a.line - b.line);
    if (left > 0) problems.push({ path: '', line: 1, message: `has ${left} more problems` });
    throw new FleetFileError(path, problems);
  };
  const checked = checkSchema(value ?? {});
  if ('findings' in checked) return refuse(checked.findings);
  const given = listsOf(checked.fleet);
  if (given.cluster === undefined && !mayBePart) refuse([{ steps: ['clusters'], message: 'is required' }]);
  const findings = checkFleet(fullLists(given), { elsewhere: elsewhereOf(given) });
  if (findings.length > 0) return refuse(findings);
  return fleetOf(given, dirname(resolve(path)));
}

/** A part of a fleet leaves to others what it has no list of. */
function elsewhereOf(given: SomeLists): ReadonlySet<KindName> {
  if (given.cluster !== undefined) return new Set();
  return new Set(kindNames.filter((kind) => given[kind] === undefined));
}

function listsOf(fleet: WrittenFleet): SomeLists {
  return Object.fromEntries(Object.entries(fleet).map(([list, specs]) => [kindOfList(list), specs]));
}

function fleetOf(given: SomeLists, folder: string): FleetFile {
  const declared = Object.fromEntries(
    kindNames
      .filter((kind) => given[kind] !== undefined)
      .map((kind) => [kind, (given[kind] ?? []).map((spec) => inFolder(kind, spec, folder))]),
  ) as SomeLists;
  return {
    declared,
    clusters: (declared.cluster ?? []).map(({ name, site, environment, bootstrap, client = {} }) => ({
      name,
      ...(site !== undefined && { site }),
      ...(environment !== undefined && { environment }),
      bootstrap,
      settings: client as Readonly<Record<string, string>>,
    })),
  };
}

/** The one spelling of a thing, with absolute paths. */
function inFolder<K extends KindName>(kind: K, written: Spec<K>, folder: string): Spec<K> {
  const spec = canonical(kind, written) as Record<string, unknown>;
  const settings = kind === 'cluster' ? 'client' : 'config';
  const values = spec[settings] as Readonly<Record<string, string>> | undefined;
  if (values !== undefined && (kind === 'cluster' || kind === 'connector')) {
    spec[settings] = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, withAbsolutePath(key, value, folder)]),
    );
  }
  if (kind === 'connect' && typeof spec['password'] === 'string') {
    spec['password'] = withAbsolutePath('password', spec['password'], folder);
  }
  return spec as Spec<K>;
}

function withAbsolutePath(key: string, value: string, folder: string): string {
  const reference = parseReference(value);
  if (reference?.kind === 'file') return `file:${resolve(folder, reference.name)}`;
  return reference === undefined && pathKeys.has(key) ? resolve(folder, value) : value;
}
