/** The files beside a log that rotation made of it: `app.log.1`, `app.log-20240501`. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FilePosition, holds, isSamePlace, placeOf } from './file-position.ts';

export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
}

const compressed = /\.(?:gz|bz2|xz|zst|zip|lz4)$/;

/** Opens a file; undefined when there is none. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file that was being read: the one of the same place, else a copy of it. The log itself is not looked at. */
export async function findRotated(log: string, position: FilePosition): Promise<OpenFile | undefined> {
  let copy: OpenFile | undefined;
  for (const path of await rotatedNames(log)) {
    const handle = await openIfThere(path);
    if (handle === undefined) continue;
    const place = await placeOf(handle);
    const isIt = place.size >= position.offset && (await holds(handle, position));
    const isSame = isSamePlace(place, position);
    if (isIt && isSame) {
      await copy?.handle.close();
      return { path, handle };
    }
    if (isIt && copy === undefined && position.offset > 0) copy = { path, handle };
    else await handle.close();
  }
  return copy;
}

/** The file that came right after another one, by when they were last written; undefined when it is the log. */
export async function nextRotated(log: string, after: FileHandle): Promise<OpenFile | undefined> {
  const done = await placeOf(after);
  let next: (OpenFile & { readonly changedNs: bigint }) | undefined;
  for (const path of await rotatedNames(log)) {
    const handle = await openIfThere(path);
    if (handle === undefined) continue;
    const place = await placeOf(handle);
    const comesAfter = place.changedNs > done.changedNs && !isSamePlace(place, done);
    if (comesAfter && (next === undefined || place.changedNs < next.changedNs)) {
      await next?.handle.close();
      next = { path, handle, changedNs: place.changedNs };
    } else await handle.close();
  }
  return next;
}

async function rotatedNames(log: string): Promise<string[]> {
  const directory = dirname(log);
  const name = basename(log);
  const names = await readdir(directory).catch(() => []);
  const isRotated = (each: string): boolean =>
    each !== name && (each.startsWith(`${name}.`) || each.startsWith(`${name}-`)) && !compressed.test(each);
  return names.filter(isRotated).map((each) => join(directory, each));
}
