/** What steps of an apply do: each one thing, to many things of one cluster. Values of JSON; never a secret. */
import type { KindName, Spec } from '@millrace/api/declared';
import type { AclBinding, QuotaEntity } from '@millrace/client';

export type Deed =
  | Declare
  | CreateTopics
  | AddPartitions
  | AlterSettings
  | CreateAcls
  | DeleteAcls
  | SetQuotas
  | DeleteTopics;

export interface Declare {
  readonly deed: 'declare';
  /** Null takes it out of the record. */
  readonly changes: readonly { readonly kind: KindName; readonly id: string; readonly spec: Spec<KindName> | null }[];
}

export interface CreateTopics {
  readonly deed: 'create_topics';
  readonly cluster: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: number;
    readonly replicas?: number;
    readonly configs: Readonly<Record<string, string>>;
  }[];
}

export interface AddPartitions {
  readonly deed: 'add_partitions';
  readonly cluster: string;
  readonly topics: readonly { readonly topic: string; readonly from: number; readonly to: number }[];
}

export interface AlterSettings {
  readonly deed: 'alter_settings';
  readonly cluster: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly set: Readonly<Record<string, string>>;
    readonly unset: readonly string[];
  }[];
}

export interface CreateAcls {
  readonly deed: 'create_acls';
  readonly cluster: string;
  readonly acls: readonly AclBinding[];
}

export interface DeleteAcls {
  readonly deed: 'delete_acls';
  readonly cluster: string;
  readonly acls: readonly AclBinding[];
}

export interface SetQuotas {
  readonly deed: 'set_quotas';
  readonly cluster: string;
  readonly quotas: readonly {
    readonly entity: QuotaEntity;
    readonly set: Readonly<Record<string, number>>;
    readonly remove: readonly string[];
  }[];
}

export interface DeleteTopics {
  readonly deed: 'delete_topics';
  readonly cluster: string;
  readonly topics: readonly string[];
}
