/** ACLs as an admin sees them, apart from how that is done. */
import type { AdminCallOptions, ItemResult } from '../admin.ts';
import type { AclOperation, AclResourceType } from '../authorization.ts';

/** One rule: a principal from a host may, or may not, do something to resources. */
export interface AclBinding {
  readonly resourceType: AclResourceType;
  /** `*` with pattern `literal` for all; `kafka-cluster` for the cluster. */
  readonly resourceName: string;
  readonly patternType: 'literal' | 'prefixed';
  /** `User:alice`; `User:*` for everybody. */
  readonly principal: string;
  /** An address; `*` for all. */
  readonly host: string;
  readonly operation: AclOperation;
  readonly permission: 'allow' | 'deny';
}

/** What is left out matches all. */
export interface AclFilter {
  readonly resourceType?: AclResourceType | undefined;
  readonly resourceName?: string | undefined;
  /** `match`: whatever applies to a resource of that name. Default `any`. */
  readonly patternType?: 'any' | 'match' | 'literal' | 'prefixed' | undefined;
  readonly principal?: string | undefined;
  readonly host?: string | undefined;
  readonly operation?: AclOperation | undefined;
  readonly permission?: 'allow' | 'deny' | undefined;
}

export interface AclAdmin {
  describeAcls(filter?: AclFilter, options?: AdminCallOptions): Promise<AclBinding[]>;
  /** A rule that is there already is no error. */
  createAcls(acls: readonly AclBinding[], options?: AdminCallOptions): Promise<ItemResult<AclBinding>[]>;
  /** Deletes what matches; tells for each filter what that was. */
  deleteAcls(
    filters: readonly AclFilter[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<{ readonly filter: AclFilter }, { readonly deleted: readonly ItemResult<AclBinding>[] }>[]>;
}
