/**
 * Plants a bug: one piece of one source file is replaced as the file is loaded, in this thread only. Nothing on disk
 * changes.
 */
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

export interface PlantedBug {
  /** What is wrong, as a person would say it. */
  readonly name: string;
  /** One that has found it; the code has changed since, and the next one may. */
  readonly seed: number;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const root = pathToFileURL(`${import.meta.dirname}/../../../`);

/** To be called before the file is loaded. */
export function plant(bug: PlantedBug): { readonly assertLoaded: () => void } {
  const target = new URL(bug.file, root).href;
  let loaded = false;
  registerHooks({
    load(url, context, nextLoad) {
      const module = nextLoad(url, context);
      if (url !== target) return module;
      loaded = true;
      return { ...module, source: withBug(bug, String(module.source)) };
    },
  });
  return { assertLoaded: () => assert.ok(loaded, `${bug.file} was not loaded, so the bug is not planted`) };
}

function withBug({ name, file, find, replace }: PlantedBug, source: string): string {
  const pieces = source.split(find);
  assert.equal(pieces.length, 2, `"${name}": ${file} holds the piece to be replaced ${pieces.length - 1} times`);
  return pieces.join(replace);
}
