/**
 * Servers that somebody logged in to, by name, in the configuration folder of the user: `contexts.json`, mode 0600,
 * since it holds tokens.
 */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError, messageOf } from '@millrace/base';

export interface Context {
  readonly url: string;
  readonly token: string;
}

export interface Contexts {
  /** The one that is meant when none is named. */
  readonly current: string | undefined;
  readonly byName: ReadonlyMap<string, Context>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The file of contexts can't be read or written. */
class ContextsError extends MillraceError {
  readonly code = 'contexts_unusable';
}

export async function readContexts(environment: Environment): Promise<Contexts> {
  const path = pathOf(environment);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: undefined, byName: new Map() };
    throw new ContextsError(`${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const contexts = parse(text);
  if (contexts === undefined) throw new ContextsError(`${path} is not what \`millrace login\` wrote; remove it`);
  return contexts;
}

/** Keeps a context, and makes it the current one. */
export async function saveContext(environment: Environment, name: string, context: Context): Promise<void> {
  const { byName } = await readContexts(environment);
  await write(pathOf(environment), { current: name, byName: new Map([...byName, [name, context]]) });
}

async function write(path: string, { current, byName }: Contexts): Promise<void> {
  const text = `${JSON.stringify({ current, contexts: Object.fromEntries(byName) }, undefined, 2)}\n`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.tmp`, text, { mode: 0o600 });
    await chmod(`${path}.tmp`, 0o600);
    await rename(`${path}.tmp`, path);
  } catch (error) {
    throw new ContextsError(`${path} can't be written: ${messageOf(error)}`, { cause: error });
  }
}

function pathOf(environment: Environment): string {
  const folder = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
  return join(folder, 'millrace', 'contexts.json');
}

function parse(text: string): Contexts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { current, contexts } = Object(value) as { current?: unknown; contexts?: unknown };
  if (typeof contexts !== 'object' || contexts === null) return undefined;
  const entries = Object.entries(contexts);
  if (!entries.every(([, context]) => isContext(context))) return undefined;
  return { current: typeof current === 'string' ? current : undefined, byName: new Map(entries) };
}

function isContext(value: unknown): value is Context {
  const { url, token } = Object(value) as Partial<Record<keyof Context, unknown>>;
  return typeof url === 'string' && typeof token === 'string';
}
