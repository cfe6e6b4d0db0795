/**
 * How a command's client is set: by the cluster's own settings as the fleet file gives them, over which those of
 * `--client-config` win.
 */
import { readFile } from 'node:fs/promises';
import { isMillraceError } from '@millrace/base';
import type { ClientConfiguration } from '@millrace/fleet/client-configuration';
import { UsageError } from '../framework/usage-error.ts';

/** A cluster that runs, as the platform tells of it. */
export interface SettledCluster {
  readonly name: string;
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** The properties of `--client-config`; none without it. @throws UsageError */
export async function readClientConfig(file: string | undefined): Promise<ReadonlyMap<string, string>> {
  if (file === undefined) return new Map();
  const { parseProperties } = await import('@millrace/fleet/client-configuration');
  try {
    return parseProperties(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--client-config: ${code === 'ENOENT' ? `there is no file ${file}` : message}`, {
      cause: error,
    });
  }
}

/**
 * What the properties of `file`, and those of a cluster of the fleet, mean to clients.
 *
 * @throws UsageError for what the file says, and as `resolveReferences` for what the fleet file says.
 */
export async function clientSettings(
  properties: ReadonlyMap<string, string>,
  file: string | undefined,
  cluster?: SettledCluster,
): Promise<ClientConfiguration> {
  if (properties.size === 0 && cluster?.settings === undefined) return { client: {}, producer: {}, consumer: {} };
  const { clientConfiguration, resolveReferences } = await import('@millrace/fleet/client-configuration');
  const source = `cluster ${cluster?.name}`;
  const ofCluster = await resolveReferences(cluster?.settings ?? {}, process.env, source);
  try {
    return clientConfiguration(new Map([...ofCluster, ...properties]), file ?? source);
  } catch (error) {
    throw isMillraceError(error, 'client_configuration') && file !== undefined
      ? new UsageError(error.message, { cause: error, hint: error.hint })
      : error;
  }
}
