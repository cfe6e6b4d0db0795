/** Configuration as single requests describe and change it. */
import { alterConfigs, describeConfigs, incrementalAlterConfigs, type ResponseOf } from '@millrace/wire';
import { errorName, type RawConnection } from './raw-connection.ts';

/** Kafka's numbers of what can be configured. */
export const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
/** Kafka's numbers of changes. */
export const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export type Change = readonly [operation: keyof typeof operations | number, name: string, value?: string | null];
export type DescribedConfig = ResponseOf<typeof describeConfigs>['results'][number]['configs'][number];

/** Makes changes one by one, in one request; answers Kafka's name of the error. */
export async function change(
  connection: RawConnection,
  resource: Resource,
  changes: readonly Change[],
  validateOnly = false,
): Promise<string> {
  const configs = changes.map(([operation, name, value = null]) => {
    return { name, value, configOperation: typeof operation === 'number' ? operation : operations[operation] };
  });
  const draft = { resources: [{ ...resource, configs }], validateOnly };
  return errorName((await connection.request(incrementalAlterConfigs, 1, draft)).responses[0]?.errorCode);
}

/** Replaces all that a resource sets; answers Kafka's name of the error. */
export async function replace(
  connection: RawConnection,
  resource: Resource,
  values: Readonly<Record<string, string | null>>,
  validateOnly = false,
): Promise<string> {
  const configs = Object.entries(values).map(([name, value]) => ({ name, value }));
  const draft = { resources: [{ ...resource, configs }], validateOnly };
  return errorName((await connection.request(alterConfigs, 2, draft)).responses[0]?.errorCode);
}

/** Describes a resource; `keys` null asks for all. */
export async function describe(
  connection: RawConnection,
  resource: Resource,
  keys: readonly string[] | null = null,
): Promise<{ readonly error: string; readonly configs: readonly DescribedConfig[] }> {
  const draft = {
    resources: [{ ...resource, configurationKeys: keys }],
    includeSynonyms: true,
    includeDocumentation: true,
  };
  const result = (await connection.request(describeConfigs, 4, draft)).results[0];
  return { error: errorName(result?.errorCode), configs: result?.configs ?? [] };
}

/** Values with their sources by name, of those asked for. */
export async function valuesOf(
  connection: RawConnection,
  resource: Resource,
  keys: readonly string[],
): Promise<Record<string, unknown>> {
  const { configs } = await describe(connection, resource, keys);
  return Object.fromEntries(configs.map(({ name, value, configSource }) => [name, [value, configSource]]));
}
