/**
 * References to values that are not to stand where they are used: `env:NAME` is a variable of the environment,
 * `file:PATH` the text of a file without its last line end.
 */
import { readFile } from 'node:fs/promises';
import { MillraceError, messageOf } from '@millrace/base';

/** Variables of a process, handed in by the program: packages do not read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a reference names is not there. */
export class UnresolvedReferenceError extends MillraceError {
  readonly code = 'reference_unresolved';
  readonly reference: string;

  constructor(place: string, reference: string, problem: string, cause?: unknown) {
    super(`${place}: ${reference}: ${problem}`, { cause });
    this.reference = reference;
  }
}

/** The kind of a reference and what it names; undefined for a value that is none. */
export function parseReference(value: string): { readonly kind: 'env' | 'file'; readonly name: string } | undefined {
  const [, kind, name] = /^(env|file):(.+)$/s.exec(value) ?? [];
  return name === undefined ? undefined : { kind: kind as 'env' | 'file', name };
}

/**
 * The settings with references replaced by what they name. Paths that are not absolute are the current folder's.
 *
 * @throws UnresolvedReferenceError that names `source`, the key and the reference, never a value.
 */
export async function resolveReferences(
  settings: Readonly<Record<string, string>>,
  environment: Environment,
  source: string,
): Promise<Map<string, string>> {
  const resolved = new Map<string, string>();
  for (const [key, value] of Object.entries(settings)) {
    resolved.set(key, await resolve(value, environment, `${source}: ${key}`));
  }
  return resolved;
}

async function resolve(value: string, environment: Environment, place: string): Promise<string> {
  const reference = parseReference(value);
  if (reference === undefined) return value;
  if (reference.kind === 'env') {
    const found = environment[reference.name];
    if (found === undefined)
      throw new UnresolvedReferenceError(place, value, 'the environment has no such variable; set it');
    return found;
  }
  try {
    return (await readFile(reference.name, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new UnresolvedReferenceError(place, value, `the file can't be read: ${messageOf(error)}`, error);
  }
}
