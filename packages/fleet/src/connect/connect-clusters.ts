/** The declared Kafka Connect clusters: how each is reached, and what is declared of its connectors. */
import { ProblemError } from '@millrace/api';
import type { Spec } from '@millrace/api/declared';
import type { Platform } from '@millrace/base';
import { type Environment, resolveReferences } from '../client-configuration/index.ts';
import type { FleetRecord } from '../record/record.ts';
import { ConnectClient } from './connect-client.ts';

export interface ConnectParts {
  readonly record: Pick<FleetRecord, 'current'>;
  readonly platform: Platform;
  /** What references of the form `env:NAME` mean. */
  readonly environment: Environment;
}

/** A connector as it is declared, its values as text, references unresolved. */
export interface DeclaredConnector {
  /** `CONNECT/NAME`. */
  readonly id: string;
  readonly connect: string;
  readonly name: string;
  readonly owner: string | undefined;
  readonly state: 'running' | 'paused' | 'stopped';
  readonly config: Readonly<Record<string, string>>;
}

export function connectIds(parts: ConnectParts): string[] {
  return declaredConnects(parts).map(({ name }) => name);
}

export function declaredConnects({ record }: ConnectParts): Spec<'connect'>[] {
  return record
    .current()
    .list('connect')
    .map(({ spec }) => spec);
}

/** @throws ProblemError `not_found` */
export function declaredConnect(parts: ConnectParts, name: string): Spec<'connect'> {
  const found = declaredConnects(parts).find((spec) => spec.name === name);
  if (found !== undefined) return found;
  const names = connectIds(parts).join(', ') || 'none';
  throw new ProblemError('not_found', `there is no Kafka Connect cluster ${name} in the record; there are: ${names}`);
}

export function declaredConnectors({ record }: ConnectParts): DeclaredConnector[] {
  const all = record.current().list('connector');
  return all.map(({ id, spec: { connect, name, owner, state = 'running', config } }) => {
    const texts = Object.entries(config).map(([key, value]) => [key, String(value)] as const);
    return { id, connect, name, owner, state, config: Object.fromEntries(texts) };
  });
}

/** A client of the cluster; its password is resolved here and stays in the client. */
export async function connectClient(parts: ConnectParts, name: string): Promise<ConnectClient> {
  const { url, user, password } = declaredConnect(parts, name);
  const { environment, platform } = parts;
  const secrets = await resolveReferences(password === undefined ? {} : { password }, environment, `connect ${name}`);
  return new ConnectClient({ name, url, user, password: secrets.get('password') }, platform);
}

/**
 * A configuration with its secrets, for the call that needs it, and the secrets by themselves, to be kept from view.
 */
export async function resolvedConfig(
  { environment }: ConnectParts,
  { id, config }: Pick<DeclaredConnector, 'id' | 'config'>,
): Promise<{ readonly config: Readonly<Record<string, string>>; readonly secrets: readonly string[] }> {
  const resolved = await resolveReferences(config, environment, `connector ${id}`);
  const secrets = [...resolved].filter(([name, value]) => config[name] !== value).map(([, value]) => value);
  return { config: Object.fromEntries(resolved), secrets };
}
