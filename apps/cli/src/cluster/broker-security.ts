/** What the options of `millrace broker` say of listeners, users and configuration files. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '@millrace/base';
import { flag, many, text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import type { Setting } from './configuration-option.ts';

/** A user of SCRAM as `--add-scram` names it: with its password, or the file that holds it. */
export interface ScramOption {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly iterations: number | undefined;
  readonly password: string | { readonly file: string };
}

export const brokerSecurityOptions = {
  listener: many(
    {
      placeholder: 'NAME://HOST:PORT',
      help: 'In place of --port: what the first broker listens on, such as SASL_SSL://127.0.0.1:9093',
    },
    (value) => value,
  ),
  addScram: many(
    {
      placeholder: 'SPEC',
      help: "A user, if absent: 'SCRAM-SHA-512=[name=alice,password=secret]'; or password-file=FILE",
    },
    parseScram,
  ),
  configFile: text({ placeholder: 'FILE', help: "Broker configuration by Kafka's names, as in server.properties" }),
  allowAnonymous: flag({ help: 'Let other machines in although they need not log in' }),
};

const specShape = /^(SCRAM-SHA-256|SCRAM-SHA-512)=\[(.+)\]$/;
const fieldNames = ['name', 'password', 'password-file', 'iterations'] as const;

/** `MECHANISM=[name=...,password=...]`, as `kafka-storage format --add-scram` takes it. @throws UsageError */
export function parseScram(spec: string): ScramOption {
  const [, mechanism, inner = ''] = specShape.exec(spec) ?? [];
  const refuse = (): never => {
    throw new UsageError('--add-scram is not of the form SCRAM-SHA-512=[name=NAME,password=PASSWORD]');
  };
  if (mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512') return refuse();
  const fields = new Map<string, string>();
  // A value goes on to the next field that has a name, so that a password may hold commas.
  for (const part of inner.split(/,(?=[a-z-]+=)/)) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals);
    if (!fieldNames.some((each) => each === name) || fields.has(name)) refuse();
    fields.set(name, unquoted(part.slice(equals + 1)));
  }
  const username = fields.get('name') ?? '';
  const file = fields.get('password-file');
  const password = file === undefined ? (fields.get('password') ?? '') : { file };
  if (username === '' || password === '' || (file !== undefined && fields.has('password'))) refuse();
  const iterations = fields.get('iterations');
  if (iterations !== undefined && !/^\d+$/.test(iterations)) refuse();
  return { mechanism, username, password, iterations: iterations === undefined ? undefined : Number(iterations) };
}

/** The users with their passwords read. @throws UsageError */
export async function scramUsers(options: readonly ScramOption[]) {
  const users = [];
  for (const { mechanism, username, iterations, password } of options) {
    const clear =
      typeof password === 'string' ? password : (await read('--add-scram', password.file)).replace(/\r?\n$/, '');
    users.push({ mechanism, username, password: clear, ...(iterations !== undefined && { iterations }) });
  }
  return users;
}

/** Loads the parser only where there is something to parse: most brokers are started without. */
async function propertiesOf(file: string): Promise<ReadonlyArray<readonly [string, string]>> {
  const { parseProperties } = await import('@millrace/fleet/client-configuration');
  return [...parseProperties(await read('--config-file', file))];
}

/** Configuration of the file, over which single settings win, over which listeners do. @throws UsageError */
export async function brokerConfiguration(
  file: string | undefined,
  settings: readonly Setting[],
  listeners: readonly string[],
): Promise<Record<string, string>> {
  const ofFile = file === undefined ? [] : await propertiesOf(file);
  return Object.fromEntries([
    ...ofFile,
    ...settings,
    ...(listeners.length > 0 ? [['listeners', listeners.join(',')] as const] : []),
  ]);
}

async function read(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${messageOf(error)}`);
  }
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value;
}
