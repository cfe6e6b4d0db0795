/**
 * A cluster's data directory: its parts, and `meta.json`, which says what format they have and whose they are. Records
 * without the files that say what they are must never be taken for rests of deleted topics, so such a directory is
 * refused.
 */
import { type Disk, MillraceError, messageOf, type Randomness, randomUuidBytes } from '@millrace/base';

/** The data directory was written by a newer version, or is damaged. */
export class ClusterDirectoryError extends MillraceError {
  readonly code = 'cluster_directory';
  readonly directory: string;

  constructor(directory: string, reason: string) {
    super(`the cluster's data directory ${directory} can't be used: ${reason}`);
    this.directory = directory;
  }
}

const formatVersion = 1;

/** Where the parts of a data directory are. */
export function clusterPaths(directory: string) {
  return { identity: `${directory}/meta.json`, journal: `${directory}/journal`, topics: `${directory}/topics` };
}

/** Makes the directory if need be and answers the cluster's id. Rejects with `ClusterDirectoryError` or `DiskError`. */
export async function openClusterDirectory(disk: Disk, randomness: Randomness, directory: string): Promise<string> {
  const paths = clusterPaths(directory);
  await disk.makeDirectory(paths.topics);
  const content = await disk.readFile(paths.identity);
  const names = new Set((await disk.list(directory)).map(({ name }) => name));
  const hasRecords = (await disk.list(paths.topics)).length > 0;
  if (hasRecords && !names.has('journal')) {
    const reason = `it holds records in ${paths.topics}, but its file journal, which says of which topics, is missing`;
    throw new ClusterDirectoryError(directory, `${reason}; restore that from a backup, or choose another directory`);
  }
  if (content !== undefined) return parseIdentity(Buffer.from(content).toString(), directory);
  if (hasRecords) {
    const reason = 'it holds records, but its file meta.json is missing';
    throw new ClusterDirectoryError(directory, `${reason}; restore that from a backup, or choose another directory`);
  }
  const clusterId = Buffer.from(randomUuidBytes(randomness)).toString('base64url');
  const text = `${JSON.stringify({ formatVersion, clusterId })}\n`;
  await disk.writeFileAtomic(paths.identity, Buffer.from(text), { sync: true });
  return clusterId;
}

function parseIdentity(text: string, directory: string): string {
  let identity: { formatVersion?: unknown; clusterId?: unknown } | null;
  try {
    identity = JSON.parse(text);
  } catch (error) {
    throw new ClusterDirectoryError(directory, `meta.json is damaged (${messageOf(error)}); restore it from a backup`);
  }
  if (identity?.formatVersion !== formatVersion) {
    const found = String(identity?.formatVersion);
    const reason = `its format is ${found}, and this version of Millrace reads ${formatVersion}`;
    throw new ClusterDirectoryError(directory, `${reason}; use the version that wrote it`);
  }
  if (typeof identity.clusterId !== 'string') {
    throw new ClusterDirectoryError(directory, 'meta.json names no cluster id; restore it from a backup');
  }
  return identity.clusterId;
}
