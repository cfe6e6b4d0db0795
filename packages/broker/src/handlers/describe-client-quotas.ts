/** DescribeClientQuotas, versions 0 and 1. */
import {
  describeClientQuotas as describeClientQuotasApi,
  errorCodes,
  type RequestOf,
  type ResponseDraft,
} from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { type EntityType, entityTypes, isEntityType, type QuotaEntity } from '../quotas/quota-entity.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { Refusal } from '../storage-failure.ts';

type Component = RequestOf<typeof describeClientQuotasApi>['components'][number];
type Draft = ResponseDraft<typeof describeClientQuotasApi>;

const matchTypes = { exact: 0, default: 1, specified: 2 } as const;

/** What an entity's name of a type must be: a name, null for the default, undefined for any. */
type Filter = ReadonlyMap<EntityType, string | null | undefined>;

export const describeClientQuotas: Handler<typeof describeClientQuotasApi> = {
  api: describeClientQuotasApi,

  handle(request, context) {
    if (!allows(context, 'DescribeConfigs', 'Cluster', clusterResource)) {
      return refused({ errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, message: 'Cluster authorization failed.' });
    }
    const filter = filterOf(request.components);
    if ('errorCode' in filter) return refused(filter);
    const entries: NonNullable<Draft['entries']>[number][] = [];
    for (const { entity, values } of context.broker.cluster.quotas.table.rows()) {
      if (!matches(entity, filter, request.strict)) continue;
      entries.push({
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        values: [...values].map(([key, value]) => ({ key, value })),
      });
    }
    return { errorCode: errorCodes.NONE, errorMessage: null, entries };
  },
};

function refused({ errorCode, message }: Refusal): Draft {
  return { errorCode, errorMessage: message, entries: null };
}

function filterOf(components: readonly Component[]): Filter | Refusal {
  const invalid = (message: string): Refusal => ({ errorCode: errorCodes.INVALID_REQUEST, message });
  const filter = new Map<EntityType, string | null | undefined>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return invalid('Invalid empty entity type.');
    if (!isEntityType(entityType)) {
      return { errorCode: errorCodes.UNSUPPORTED_VERSION, message: `Unsupported entity type ${entityType}` };
    }
    if (filter.has(entityType)) return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`);
    if (matchType === matchTypes.exact) {
      if (match === null) return invalid(`The name of ${entityType} to match exactly is null.`);
      filter.set(entityType, match);
    } else if (matchType === matchTypes.default || matchType === matchTypes.specified) {
      if (match !== null) return invalid(`A name of ${entityType} is given, but none is to be matched.`);
      filter.set(entityType, matchType === matchTypes.default ? null : undefined);
    } else return invalid(`Unknown match type ${matchType}`);
  }
  if (filter.has('ip') && filter.size > 1) {
    return invalid('Invalid entity filter component combination: ip goes with neither user nor client-id.');
  }
  return filter;
}

function matches(entity: QuotaEntity, filter: Filter, strict: boolean): boolean {
  for (const type of entityTypes) {
    const name = entity[type];
    if (!filter.has(type)) {
      if (strict && name !== undefined) return false;
      continue;
    }
    const wanted = filter.get(type);
    if (name === undefined || (wanted !== undefined && wanted !== name)) return false;
  }
  return true;
}
