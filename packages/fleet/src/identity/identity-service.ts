/** What the parts of identities share: the record, what was observed, credentials, and what follows from these. */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { Finding } from '@millrace/api/fleet';
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import type { Schema } from '../database/schema.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { FleetRecord } from '../record/record.ts';
import type { Known } from './application-views.ts';
import type { ClusterFactsWatch } from './cluster-facts.ts';
import { type Credential, type CredentialStore, mayBeKnown, type ShutOut } from './credentials/credential-store.ts';
import type { Deliveries, StartOperations } from './credentials/deliver.ts';
import { allFindings } from './findings/all-findings.ts';
import type { FindingsInput, SeenCluster } from './findings/finding.ts';
import type { UseObservations } from './observations.ts';
import { knownAuthorities } from './secrets/authorities.ts';
import type { ServerCertificateWatch } from './server-certificates.ts';

export interface IdentityServiceOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly record: FleetRecord;
  readonly feed: Pick<EventFeed, 'head'>;
  readonly inventory: Pick<Inventory, 'clusters' | 'revision'>;
  readonly observations: UseObservations;
  readonly facts: ClusterFactsWatch;
  readonly serverCertificates: ServerCertificateWatch;
  readonly store: CredentialStore;
  readonly deliveries: Deliveries;
  readonly operations: StartOperations;
  readonly unusedDays: number;
}

const findingsMs = 10_000;

export class IdentityService {
  readonly db: Kysely<Schema>;
  readonly record: FleetRecord;
  readonly store: CredentialStore;
  readonly observations: UseObservations;
  readonly deliveries: Deliveries;
  readonly operations: StartOperations;
  readonly #options: IdentityServiceOptions;
  #found: { readonly key: string; readonly findings: Promise<readonly Finding[]> } | undefined;

  constructor(options: IdentityServiceOptions) {
    this.db = options.db;
    this.record = options.record;
    this.store = options.store;
    this.observations = options.observations;
    this.deliveries = options.deliveries;
    this.operations = options.operations;
    this.#options = options;
  }

  now(): Date {
    return new Date(this.#options.platform.clock.now());
  }

  /** Whether idempotent producers need a right of their own there; false while that is not known. */
  readonly needsIdempotentWrite = (cluster: string): boolean =>
    this.#options.facts.of(cluster)?.needsIdempotentWrite ?? false;

  shutOut(): Promise<ShutOut> {
    return this.store.shutOut();
  }

  async findingsInput(): Promise<FindingsInput> {
    const { inventory, facts, serverCertificates, unusedDays } = this.#options;
    const [credentials, shutOut, seen, known] = await Promise.all([
      this.store.list(),
      this.store.shutOut(),
      this.observations.look(),
      knownAuthorities(this.db),
    ]);
    const authorities = known.map(({ id, state, certificate: { subject, notAfter: expiresAt } }) => {
      return { id, state, subject, expiresAt };
    });
    const clusters = inventory.clusters().map((cluster): SeenCluster => {
      const { name, observedAt, stale, acls, quotas, brokers, topics } = cluster;
      const known = facts.of(name);
      return {
        ...{
          name,
          observedAt,
          stale,
          acls,
          quotas,
          users: known?.users,
          usersAt: known?.observedAt,
          topics: [...topics.keys()],
        },
        brokers: brokers.map(({ nodeId, configs }) => ({ nodeId, configs })),
      };
    });
    const { needsIdempotentWrite } = this;
    const fleet = this.record.current();
    return {
      ...{ fleet, clusters, credentials, shutOut, authorities, seen, needsIdempotentWrite, unusedDays },
      serverCertificates: serverCertificates.known,
      now: this.now(),
    };
  }

  /** Worked out anew when something has changed that they are made of, and every few seconds. */
  findings(): Promise<readonly Finding[]> {
    const { inventory, facts, serverCertificates, feed, platform } = this.#options;
    const bucket = Math.floor(platform.clock.monotonic() / findingsMs);
    const seen = [inventory.revision, facts.revision, serverCertificates.revision];
    const key = [...seen, feed.head, this.record.current().revision, bucket].join(' ');
    if (this.#found?.key === key) return this.#found.findings;
    const findings = this.findingsInput().then(allFindings);
    const found = { key, findings };
    this.#found = found;
    findings.catch(() => {
      if (this.#found === found) this.#found = undefined;
    });
    return findings;
  }

  async known(): Promise<Known> {
    const all = [this.store.list(), this.store.shutOut(), this.findings()] as const;
    const [credentials, shutOut, findings] = await Promise.all(all);
    return { credentials, shutOut, findings, now: this.now() };
  }

  /** Notes that an application uses a credential, and by whom that is said. Said twice it is noted once. */
  async confirm(application: string, id: string, principal: Principal, why: string): Promise<Credential> {
    const own = (await this.store.list(application)).find((each) => each.id === id);
    if (own === undefined) throw new ProblemError('not_found', `application ${application} has no credential ${id}`);
    if (own.endedAt !== null || !mayBeKnown(own)) {
      throw new ProblemError('conflict', `nobody can use the credential ${id}: it has ended, or was told to nobody`);
    }
    await this.db.transaction().execute(async (transaction) => {
      if (!(await this.store.confirm(transaction, own, principalText(principal)))) return;
      const after = { credential: id, principal: own.principal };
      const what = { action: 'credential.confirmed', kind: 'application', id: application, after, why };
      await appendAudit(transaction, [{ principal, ...what }]);
    });
    return (await this.store.list(application)).find((each) => each.id === id) ?? own;
  }
}
