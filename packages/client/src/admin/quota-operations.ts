/** Client quotas: describe, alter. */
import { alterClientQuotas, describeClientQuotas } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { itemResults } from './item-results.ts';
import type { QuotaChange, QuotaEntity, QuotaEntry, QuotaFilter, QuotaMatch } from './quota-admin.ts';
import { onAny, onController, throwIfFailed } from './routes.ts';

const matchTypes = { exact: 0, default: 1, any: 2 } as const;

const cluster = { resourceType: 'cluster', resourceName: 'kafka-cluster' } as const;
const describing: NeededAccess = { operation: 'describe-configs', ...cluster };
const altering: NeededAccess = { operation: 'alter-configs', ...cluster };

export async function describeQuotas(from: Cluster, filter: QuotaFilter, bounds: CallBounds): Promise<QuotaEntry[]> {
  const parts: [string, QuotaMatch | undefined][] = [
    ['user', filter.user],
    ['client-id', filter.clientId],
    ['ip', filter.ip],
  ];
  const draft = {
    components: parts.flatMap(([type, match]) => (match === undefined ? [] : [componentDraft(type, match)])),
    strict: filter.strict ?? false,
  };
  const { entries } = await onAny(from, bounds, async (connection, timeoutMs) => {
    const response = await connection.request(describeClientQuotas, draft, { timeoutMs });
    throwIfFailed(response, 'describe client quotas', describing);
    return response;
  });
  return (entries ?? []).map(({ entity, values }) => ({
    entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    quotas: Object.fromEntries(values.map(({ key, value }) => [key, value])),
  }));
}

function componentDraft(entityType: string, match: QuotaMatch) {
  if (match === 'default' || match === 'any') return { entityType, matchType: matchTypes[match], match: null };
  return { entityType, matchType: matchTypes.exact, match: match.name };
}

export async function alterQuotas(
  on: Cluster,
  changes: readonly QuotaChange[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<{ readonly entity: QuotaEntity }>[]> {
  const draft = {
    entries: changes.map(({ entity, set = {}, remove = [] }) => ({
      entity: Object.entries(entity).map(([entityType, entityName]) => ({
        entityType,
        entityName: entityName ?? null,
      })),
      ops: [
        ...Object.entries(set).map(([key, value]) => ({ key, value, remove: false })),
        ...remove.map((key) => ({ key, value: 0, remove: true })),
      ],
    })),
    validateOnly,
  };
  const { entries } = await onController(on, bounds, (connection, timeoutMs) =>
    connection.request(alterClientQuotas, draft, { timeoutMs }),
  );
  return itemResults(
    changes.map(({ entity }) => ({ entity })),
    ({ entity }) => entries.find((answer) => isOf(answer.entity, entity)),
    ({ entity }) => `alter the quotas of ${nameOf(entity)}`,
    () => ({}),
    () => altering,
  );
}

function isOf(
  answer: readonly { readonly entityType: string; readonly entityName: string | null }[],
  entity: QuotaEntity,
): boolean {
  const parts = Object.entries(entity);
  return (
    answer.length === parts.length &&
    parts.every(([type, name]) =>
      answer.some(({ entityType, entityName }) => entityType === type && entityName === (name ?? null)),
    )
  );
}

function nameOf(entity: QuotaEntity): string {
  return Object.entries(entity)
    .map(([type, name]) => `${type} ${name ?? '(default)'}`)
    .join(', ');
}
