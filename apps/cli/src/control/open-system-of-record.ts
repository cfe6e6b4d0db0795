/** The system of record of a platform: an embedded PostgreSQL of its own, or the one that it was told of. */
import { ClosingStack, isMillraceError } from '@millrace/base';
import type { DataDirectory } from '@millrace/engines';
import type { Database } from '@millrace/fleet/database';

export interface SystemOfRecordOptions {
  readonly dataDirectory: DataDirectory;
  /** Of the database to work with; undefined: one is started here. */
  readonly url: string | undefined;
  readonly warn: (message: string) => void;
  /** Told what is done to a database of an earlier version. */
  readonly tell: (line: string) => void;
}

export interface SystemOfRecord extends AsyncDisposable {
  /** Undefined on a machine that has no PostgreSQL, which was told. */
  readonly database: Database | undefined;
  /** Of a database that is started here, whose changes may be captured. */
  readonly captureUrl: string | undefined;
}

export async function openSystemOfRecord(options: SystemOfRecordOptions): Promise<SystemOfRecord> {
  const { dataDirectory, url, warn, tell } = options;
  await using parts = new ClosingStack();
  const found = url ?? (await start(parts, dataDirectory, warn));
  const { openDatabase } = await import('@millrace/fleet/database');
  const database = found === undefined ? undefined : parts.use(await openDatabase({ url: found, report: warn, tell }));
  const open = parts.move();
  const captureUrl = url === undefined ? found : undefined;
  return { database, captureUrl, [Symbol.asyncDispose]: () => open.close() };
}

/** Its changes are captured; a capture that stands still can't fill the disk. */
const settings = { wal_level: 'logical', max_slot_wal_keep_size: '1GB' };

/** Its URL; undefined where there are no programs of PostgreSQL for this machine. */
async function start(
  parts: ClosingStack,
  { databaseDirectory: directory }: DataDirectory,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const { startPostgres } = await import('@millrace/engines');
  try {
    return parts.use(await startPostgres({ directory, settings, report: warn })).url;
  } catch (error) {
    if (!isMillraceError(error, 'postgres_missing') && !isMillraceError(error, 'postgres_user_missing')) throw error;
    warn(`there is no control plane, only clusters and pipelines: ${error.message}`);
    return undefined;
  }
}
