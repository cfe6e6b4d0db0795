/**
 * `run.json` in a data directory: what runs there and where it answers, for the commands that look for it.
 *
 * Mode 0600: who can read it has the token with which the platform is administered. It is there only while its writer
 * runs, or after that was killed; so a reader checks that the process it names still runs.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';
import { parseJson } from './parse-json.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const NAME = 'run.json';

/** Where a running platform answers. */
export interface RunAddresses {
  /** What runs: `millrace up` or `millrace broker`. */
  readonly purpose: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The control plane and console, e.g. `http://127.0.0.1:8800`; null when only a broker runs. */
  readonly url: string | null;
  /** The collectors' base URL; null when only a broker runs. */
  readonly collectorUrl: string | null;
  /** The schema registry; absent or null when only a broker runs. */
  readonly registryUrl?: string | null | undefined;
  /** Those of other clusters, which hold the schemas too. */
  readonly registryReplicas?: readonly { readonly cluster: string; readonly url: string }[] | undefined;
  /** The installation's token, for the control plane's API; absent or null when only a broker runs. */
  readonly token?: string | null | undefined;
  readonly clusters: readonly RunCluster[];
}

export interface RunCluster {
  readonly name: string;
  readonly site?: string | undefined;
  readonly environment?: string | undefined;
  /** Null when nobody had reached it when this was written. */
  readonly clusterId: string | null;
  /** `host:port,host:port`. */
  readonly bootstrap: string;
  /** The like by the names of listeners, where there are several. */
  readonly listeners?: Readonly<Record<string, string>> | undefined;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  /** How clients reach it, by the names that Java's clients use; secrets are references. Absent: as they are. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** A running platform as its `run.json` tells it. */
export interface RunFile extends RunAddresses {
  readonly pid: number;
}

type Stored = RunAddresses & { readonly process: ProcessIdentity };

/** Writes the addresses of the calling process; `removeRunFile` takes them back. */
export async function writeRunFile(directory: string, addresses: RunAddresses): Promise<void> {
  const path = join(directory, NAME);
  const stored: Stored = { process: await ownIdentity(), ...addresses };
  await rm(`${path}.tmp`, { force: true });
  await writeFile(`${path}.tmp`, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(`${path}.tmp`, path);
}

export async function removeRunFile(directory: string): Promise<void> {
  await rm(join(directory, NAME), { force: true });
}

/**
 * What runs from this data directory; undefined when nothing does. Rejects when the file is there but can't be read.
 */
export async function readRunFile(directory: string): Promise<RunFile | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, NAME), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const stored = parseJson(text);
  if (!isStored(stored)) {
    const message = `${join(directory, NAME)} is not what Millrace wrote; remove it, then start what ran there again`;
    throw new DataDirectoryError('data_directory_damaged', directory, message);
  }
  const { process: writer, ...addresses } = stored;
  // A process in another pid namespace can't be seen; its addresses may still answer.
  if ((await isRunning(writer)) === false) return undefined;
  return { pid: writer.pid, ...addresses };
}

/** What readers rely on; its writer replaces the file as a whole. */
function isStored(value: unknown): value is Stored {
  const { process: writer, clusters, url } = Object(value) as Partial<Record<keyof Stored, unknown>>;
  const { pid, started, place } = Object(writer) as Partial<Record<keyof ProcessIdentity, unknown>>;
  const isWriter = Number.isSafeInteger(pid) && typeof started === 'string' && typeof place === 'string';
  const areClusters = Array.isArray(clusters) && clusters.every(isCluster);
  return isWriter && areClusters && (url === null || typeof url === 'string');
}

function isCluster(value: unknown): value is RunCluster {
  const { name, bootstrap } = Object(value) as Partial<Record<keyof RunCluster, unknown>>;
  return typeof name === 'string' && typeof bootstrap === 'string';
}
