/** How both APIs that change configuration treat a request: what is refused before anything is looked at, and how. */
import { errorCodes } from '@millrace/wire';
import type { RequestContext } from '../handler.ts';
import { configurationRefusal } from '../security/configuration-permission.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';
import { TimeSlices } from '../time-slices.ts';
import { type ConfigurableResource, configurableResource } from './configurable-resource.ts';
import { ConfigurationError } from './definition.ts';
import { resourceTypes } from './resource-types.ts';

/** A resource of a request that changes configuration. */
export interface AlteredResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

/** What is answered for each. */
export interface AlterationResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

/**
 * Changes the resources of a request one after the other, as `alter` does it for each. What that throws as
 * `ConfigurationError` is answered with INVALID_CONFIG or INVALID_REQUEST.
 */
export async function alterResources<R extends AlteredResource>(
  resources: readonly R[],
  context: RequestContext,
  mayBeNull: (config: R['configs'][number]) => boolean,
  alter: (asked: R, resource: ConfigurableResource) => Promise<void>,
): Promise<AlterationResult[]> {
  const results: AlterationResult[] = [];
  const counts = new Map<string, number>();
  for (const resource of resources) counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1);
  const slices = new TimeSlices(context.broker.cluster.platform);
  for (const resource of resources) {
    if (slices.isOver) await slices.rest();
    const { resourceType, resourceName } = resource;
    const refusal =
      malformed(resource, counts.get(keyOf(resource)) ?? 0, mayBeNull) ??
      (await refusalOf(resource, context, (found) => alter(resource, found)));
    const { errorCode, message } = refusal ?? { errorCode: errorCodes.NONE, message: null };
    results.push({ errorCode, errorMessage: message, resourceType, resourceName });
  }
  return results;
}

function keyOf({ resourceType, resourceName }: AlteredResource): string {
  return `${resourceType} ${resourceName}`;
}

function malformed<R extends AlteredResource>(
  { configs }: R,
  count: number,
  mayBeNull: (config: R['configs'][number]) => boolean,
): Refusal | undefined {
  const invalid = (message: string): Refusal => ({ errorCode: errorCodes.INVALID_REQUEST, message });
  if (count > 1) return invalid('Each resource must appear at most once.');
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return invalid('Error due to duplicate config keys');
  }
  const nulls = configs.filter((config) => config.value === null && !mayBeNull(config)).map(({ name }) => name);
  return nulls.length > 0 ? invalid(`Null value not supported for : ${nulls.join(', ')}`) : undefined;
}

async function refusalOf(
  { resourceType, resourceName }: AlteredResource,
  context: RequestContext,
  alter: (resource: ConfigurableResource) => Promise<void>,
): Promise<Refusal | undefined> {
  const denied = configurationRefusal(context, 'AlterConfigs', resourceType, resourceName);
  if (denied !== errorCodes.NONE) return { errorCode: denied, message: 'Authorization failed.' };
  const resource = configurableResource(context.broker, resourceType, resourceName);
  if ('errorCode' in resource) return resource;
  try {
    return await refusalOfStorage(() => alter(resource));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    // Kafka says so of brokers, and of subscriptions except of their patterns.
    const isRequest =
      resourceType === resourceTypes.broker ||
      (resourceType === resourceTypes.clientMetrics && error.configurationName !== 'match');
    const errorCode = isRequest ? errorCodes.INVALID_REQUEST : errorCodes.INVALID_CONFIG;
    return { errorCode, message: error.message };
  }
}
