/** Findings: something about access that is not as it should be, how that is known, and what to do about it. */
import { createHash } from 'node:crypto';
import type { Finding } from '@millrace/api/fleet';
import type { AclBinding, QuotaEntry } from '@millrace/client';
import type { DeclaredFleet } from '../../record/record.ts';
import type { Credential, ShutOut } from '../credentials/credential-store.ts';
import type { SeenUses } from '../observations.ts';
import { principalsOf } from '../principals.ts';
import type { ServerCertificate } from '../server-certificates.ts';

/** What is known of a cluster, as far as findings need it. */
export interface SeenCluster {
  readonly name: string;
  /** Null while it was never reached. */
  readonly observedAt: Date | null;
  readonly stale: boolean;
  /** Undefined where there is no authorizer, or we may not see them. */
  readonly acls?: readonly AclBinding[] | undefined;
  readonly quotas?: readonly QuotaEntry[] | undefined;
  /** Those with a SCRAM password; undefined where they could not be asked for. */
  readonly users?: ReadonlySet<string> | undefined;
  /** When they were asked for. */
  readonly usersAt?: Date | undefined;
  readonly brokers: readonly SeenBroker[];
  readonly topics: readonly string[];
}

export interface SeenBroker {
  readonly nodeId: number;
  /** By Kafka's names, those that are not the defaults; undefined while not known. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

/** A certificate authority of the fleet. */
export interface SeenAuthority {
  readonly id: string;
  readonly state: 'current' | 'next' | 'former';
  readonly subject: string;
  readonly expiresAt: Date;
}

/** Everything that findings are made of. */
export interface FindingsInput {
  readonly fleet: Pick<DeclaredFleet, 'list' | 'get'>;
  readonly clusters: readonly SeenCluster[];
  readonly credentials: readonly Credential[];
  readonly shutOut: ShutOut;
  readonly authorities: readonly SeenAuthority[];
  readonly serverCertificates: readonly ServerCertificate[];
  readonly seen: SeenUses;
  readonly needsIdempotentWrite: (cluster: string) => boolean;
  readonly now: Date;
  /** What was not used for so long is said to be unused. */
  readonly unusedDays: number;
}

export type FindingDraft = Omit<Finding, 'id' | 'team' | 'observedAt' | 'stale'> & {
  /** What tells it from others of its kind. */
  readonly key: string;
};

export function findingId(kind: string, key: string): string {
  return createHash('sha256').update(`${kind} ${key}`).digest('hex').slice(0, 16);
}

/** Applications by their principals. */
export function ownersOf(fleet: Pick<DeclaredFleet, 'list'>): ReadonlyMap<string, string> {
  return new Map(
    fleet.list('application').flatMap(({ spec }) => principalsOf(spec).map((principal) => [principal, spec.name])),
  );
}
