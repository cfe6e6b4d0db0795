/**
 * The fleet file: YAML, checked whole before anything of it is used. All that is wrong is told at once, with its lines.
 *
 * It holds no secrets but references to them, which are resolved when a cluster is reached (`references.ts`). Paths in
 * it, in references as well, are those of the folder that it lies in.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from '@millrace/base';
import { LineCounter, parseDocument } from 'yaml';
import { parseReference } from '../client-configuration/references.ts';
import { pathKeys } from '../client-configuration/security-configuration.ts';
import { checkNames } from './check-names.ts';
import { checkSchema, type Finding } from './check-schema.ts';
import { FleetFileError } from './fleet-file-error.ts';
import type { WrittenFleet } from './schema.ts';
import { lineOf, pathOf } from './source-map.ts';

/** A fleet as it is declared. */
export interface FleetFile {
  readonly environments: readonly DeclaredName[];
  readonly sites: readonly DeclaredName[];
  /** At least one, each with a name of its own. */
  readonly clusters: readonly DeclaredCluster[];
}

export interface DeclaredName {
  readonly name: string;
  readonly description?: string | undefined;
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

/** Reads a fleet file. @throws FleetFileError */
export async function readFleetFile(path: string): Promise<FleetFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetFileError(path, [], {
      cause: error,
      reason: code === 'ENOENT' ? 'it is not there' : messageOf(error),
    });
  }
  return parseFleetFile(text, path);
}

/** The fleet of a file's text; `path` is for messages and for the paths in it. @throws FleetFileError */
export function parseFleetFile(text: string, path: string): FleetFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const refuse = (findings: readonly Finding[]): never => {
    const problems = findings.map(({ steps, message }) => ({
      path: pathOf(steps),
      line: lineOf(document, lines, steps),
      message,
    }));
    throw new FleetFileError(
      path,
      problems.sort((a, b) => a.line - b.line),
    );
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({
      path: '',
      line: lines.linePos(pos[0]).line,
      message,
    }));
    throw new FleetFileError(path, problems);
  }
  const checked = checkSchema(toValue(document, path) ?? {});
  if ('findings' in checked) return refuse(checked.findings);
  const findings = checkNames(checked.fleet);
  if (findings.length > 0) return refuse(findings);
  return fleetOf(checked.fleet, dirname(resolve(path)));
}

/** Aliases are the one thing that is judged only when the value is made of the document. */
function toValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new FleetFileError(path, [{ path: '', line: 1, message: error.message }], { cause: error });
  }
}

function fleetOf({ environments = [], sites = [], clusters }: WrittenFleet, folder: string): FleetFile {
  return {
    environments,
    sites,
    clusters: clusters.map(({ client = {}, bootstrap, ...cluster }) => ({
      ...cluster,
      bootstrap: bootstrap.replaceAll(/\s/g, ''),
      settings: Object.fromEntries(
        Object.entries(client).map(([key, value]) => [key, withAbsolutePath(key, String(value), folder)]),
      ),
    })),
  };
}

function withAbsolutePath(key: string, value: string, folder: string): string {
  const reference = parseReference(value);
  if (reference?.kind === 'file') return `file:${resolve(folder, reference.name)}`;
  return reference === undefined && pathKeys.has(key) ? resolve(folder, value) : value;
}
