/** Message definitions in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DefinitionsFolder extends Disposable {
  /** Absolute. */
  readonly path: string;
}

/** A folder with one definition a file, removed at the end of its scope. */
export function definitionsFolder(texts: readonly string[]): DefinitionsFolder {
  const path = mkdtempSync(join(tmpdir(), 'millrace-definitions-'));
  for (const [index, text] of texts.entries()) writeFileSync(join(path, `${index}.json`), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}
