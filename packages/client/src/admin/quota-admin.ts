/** Client quotas as an admin sees them, apart from how that is done (KIP-546). */
import type { AdminCallOptions, ItemResult } from '../admin.ts';

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** Whom a quota is for; null stands for all that have none of their own. For example `{ user: 'alice' }`. */
export type QuotaEntity = { readonly [Type in QuotaEntityType]?: string | null };

export interface QuotaFilter {
  /** A name, null for the default, or `any`. */
  readonly user?: QuotaMatch | undefined;
  readonly clientId?: QuotaMatch | undefined;
  readonly ip?: QuotaMatch | undefined;
  /** Leave out entities that have more parts than the filter. Default false. */
  readonly strict?: boolean | undefined;
}

export type QuotaMatch = { readonly name: string } | 'default' | 'any';

/** Values by quota name, for example `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`. */
export type QuotaValues = { readonly [name: string]: number };

export interface QuotaEntry {
  readonly entity: QuotaEntity;
  readonly quotas: QuotaValues;
}

export interface QuotaChange {
  readonly entity: QuotaEntity;
  readonly set?: QuotaValues | undefined;
  readonly remove?: readonly string[] | undefined;
}

export interface QuotaAdmin {
  describeClientQuotas(filter?: QuotaFilter, options?: AdminCallOptions): Promise<QuotaEntry[]>;
  alterClientQuotas(
    changes: readonly QuotaChange[],
    options?: AdminCallOptions & { readonly validateOnly?: boolean | undefined },
  ): Promise<ItemResult<{ readonly entity: QuotaEntity }>[]>;
}
