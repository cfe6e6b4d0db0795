/** AlterClientQuotas, versions 0 and 1. */
import {
  alterClientQuotas as alterClientQuotasApi,
  errorCodes,
  type RequestOf,
  type ResponseDraft,
} from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { type EntityType, entityKey, isEntityType, type QuotaEntity } from '../quotas/quota-entity.ts';
import { addressQuotaKey, clientQuotaKeys, type QuotaChange } from '../quotas/quota-table.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';

type Entry = RequestOf<typeof alterClientQuotasApi>['entries'][number];
type EntryDraft = ResponseDraft<typeof alterClientQuotasApi>['entries'][number];

/** Keys whose values are whole numbers, with the largest; the others take any. */
const wholeMax: ReadonlyMap<string, number> = new Map([
  [clientQuotaKeys.producer, 2 ** 63],
  [clientQuotaKeys.consumer, 2 ** 63],
  [addressQuotaKey, 2 ** 31 - 1],
]);
const clientKeys: ReadonlySet<string> = new Set(Object.values(clientQuotaKeys));
const addressKeys: ReadonlySet<string> = new Set([addressQuotaKey]);

export const alterClientQuotas: Handler<typeof alterClientQuotasApi> = {
  api: alterClientQuotasApi,

  async handle({ entries, validateOnly }, context) {
    const { table } = context.broker.cluster.quotas;
    if (!allows(context, 'AlterConfigs', 'Cluster', clusterResource)) {
      const denied = { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, message: 'Cluster authorization failed.' };
      return { entries: entries.map((entry) => result(entry, denied)) };
    }
    const seen = new Set<string>();
    const changes: QuotaChange[] = [];
    const results: [Entry, Refusal | undefined][] = [];
    for (const entry of entries) {
      const checked = changesOf(entry, seen);
      results.push([entry, 'errorCode' in checked ? checked : undefined]);
      if (!('errorCode' in checked)) changes.push(...checked);
    }
    const failure = validateOnly ? undefined : await refusalOfStorage(() => table.change(changes));
    return { entries: results.map(([entry, refusal]) => result(entry, refusal ?? failure)) };
  },
};

function result({ entity }: Entry, refusal: Refusal | undefined): EntryDraft {
  return { errorCode: refusal?.errorCode ?? errorCodes.NONE, errorMessage: refusal?.message ?? null, entity };
}

function changesOf(entry: Entry, seen: Set<string>): QuotaChange[] | Refusal {
  const entity = entityOf(entry);
  if ('errorCode' in entity) return entity;
  const id = entityKey(entity);
  if (seen.has(id)) return invalid('The request names this entity twice.');
  seen.add(id);
  const changes: QuotaChange[] = [];
  const keys = entity.ip === undefined ? clientKeys : addressKeys;
  for (const { key, value, remove } of entry.ops) {
    if (changes.some((change) => change.key === key)) return invalid(`Duplicate quota key ${key}`);
    const refusal = remove ? undefined : valueRefusal(keys, key, value);
    if (refusal !== undefined) return refusal;
    changes.push({ entity, key, value: remove ? null : value });
  }
  return changes;
}

function entityOf({ entity }: Entry): QuotaEntity | Refusal {
  if (entity.length === 0) return invalid('Invalid empty client quota entity');
  const parts: { [type in EntityType]?: string | null } = {};
  for (const { entityType, entityName } of entity) {
    if (!isEntityType(entityType)) return invalid(`Unhandled client quota entity type: ${entityType}`);
    if (parts[entityType] !== undefined) return invalid(`The entity names its ${entityType} twice.`);
    if (entityName === '') return invalid(`Empty ${entityType} not supported`);
    parts[entityType] = entityName;
  }
  if (parts.ip === undefined) return parts;
  if (entity.length > 1) return invalid('Invalid quota entity combination: ip goes with neither user nor client-id.');
  if (parts.ip !== null && !isAddress(parts.ip)) return invalid(`${parts.ip} is not a valid IP address.`);
  return parts;
}

function valueRefusal(keys: ReadonlySet<string>, key: string, value: number): Refusal | undefined {
  if (!keys.has(key)) return invalid(`Invalid configuration key ${key}`);
  if (!(value > 0)) return invalid(`Quota ${key} must be greater than 0`);
  const max = wholeMax.get(key);
  if (max === undefined) return undefined;
  if (value > max) return invalid(`Proposed value for ${key} is too large.`);
  return value % 1 > 1e-6 ? invalid(`${key} cannot be a fractional value.`) : undefined;
}

function invalid(message: string): Refusal {
  return { errorCode: errorCodes.INVALID_REQUEST, message };
}

/** Whether a text is an IP address: four numbers, or what may stand between brackets in a URL (RFC 3986). */
function isAddress(text: string): boolean {
  if (/^\d+(\.\d+){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return text.includes(':') && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`);
}
