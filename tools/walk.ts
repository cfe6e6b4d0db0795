/** Lists the project's own files, without what was installed or built. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders that hold the project's sources. */
export const SOURCE_FOLDERS = ['packages', 'apps', 'tools', 'tests', 'bench'];

const NOT_OURS = new Set(['node_modules', 'dist', '.millrace']);

/** Paths of all files below `folder`, from `root`, with forward slashes; none when the folder is not there. */
export function walk(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) found.push(path);
    else if (!NOT_OURS.has(entry.name)) found.push(...walk(root, path));
  }
  return found;
}
