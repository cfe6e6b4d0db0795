/**
 * PostgreSQL refuses to run as root. Where we are root, it runs as a user who may nothing: `postgres` where a system
 * has one, else `nobody`.
 */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PostgresError } from './postgres-error.ts';

export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whom PostgreSQL runs as; undefined where it can run as we do. Throws `PostgresError` where there is nobody. */
export async function unprivilegedUser(): Promise<UnprivilegedUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = known.find(([each]) => each === wanted) ?? [];
    if (name !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new PostgresError(
    'postgres_user_missing',
    'PostgreSQL does not run as root, and there is no user postgres; add one, or name a database in DATABASE_URL',
  );
}

/** The first directory on the way to a path that a user may not pass; undefined when there is none. */
export async function barrier(path: string, user: UnprivilegedUser | undefined): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const above = dirname(path);
  if (above === path) return undefined;
  const blocked = await barrier(above, user);
  if (blocked !== undefined) return blocked;
  await access(above, constants.X_OK);
  const { uid, gid, mode } = await stat(above);
  const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
  return (bits & 1) === 1 ? undefined : above;
}
