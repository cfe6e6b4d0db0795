/**
 * Identities as a part of the control plane: what applications log in with, what they may, and whether that is as it
 * should be.
 */
import type { Principal, Route } from '@millrace/api';
import type { IssuedSecret } from '@millrace/api/fleet';
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Schema } from '../database/schema.ts';
import type { WantedAccess } from '../declared/wanted-access.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Operations } from '../operations/open-operations.ts';
import type { PlanKind } from '../operations/plan-kind.ts';
import type { FleetRecord } from '../record/record.ts';
import { applicationRoutes, credentialRoutes } from './application-routes.ts';
import { authorityRoutes } from './authority-routes.ts';
import { ClusterFactsWatch, isOld } from './cluster-facts.ts';
import { credentialPlanKinds } from './credentials/credential-plan-kinds.ts';
import { type Credential, CredentialStore } from './credentials/credential-store.ts';
import { type Asked, Deliveries, type StartOperations } from './credentials/deliver.ts';
import { RotationWatch } from './credentials/rotation-watch.ts';
import { findingRoutes } from './finding-routes.ts';
import { IdentityService } from './identity-service.ts';
import { openUseObservations } from './observations.ts';
import type { SealingKey } from './secrets/sealing-key.ts';
import { ServerCertificateWatch } from './server-certificates.ts';
import { wantedAcls } from './wanted-acls.ts';
import { wantedQuotas } from './wanted-quotas.ts';

export interface IdentityOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: EventFeed;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly record: FleetRecord;
  readonly clusters: FleetClusters;
  readonly inventory: Pick<Inventory, 'clusters' | 'cluster' | 'revision'>;
  readonly operations: Pick<Operations, 'start' | 'view'>;
  /** The key under which secrets of the control plane itself lie in the database. */
  readonly sealingKey: () => Promise<SealingKey>;
  readonly report: (message: string) => void;
  /** What was not used for so long is said to be unused. Default 30. */
  readonly unusedDays?: number | undefined;
  readonly factsRefreshMs?: number | undefined;
}

export interface Identity {
  readonly routes: readonly Route[];
  readonly planKinds: readonly PlanKind[];
  /** The ACLs and quotas that are to be there as of now: denials for principals that are shut out among them. */
  wantedAccess(): Promise<WantedAccess>;
  /** Issues the first password of an application, and answers it, this once; nothing where it is sealed to a key. */
  issuePassword(application: string, asked: Asked): Promise<IssuedSecret | undefined>;
  /** Every credential that was ever issued, oldest first. */
  credentials(): Promise<readonly Credential[]>;
  /** Notes that an application uses a credential, and by whom that is said. */
  confirm(application: string, credential: string, by: Principal, why: string): Promise<void>;
  close(): Promise<void>;
}

const unusedDaysDefault = 30;

export function openIdentity(options: IdentityOptions): Identity {
  const { db, platform, record, clusters, report } = options;
  const observations = openUseObservations(db, options.inventory, platform.clock);
  const store = new CredentialStore(db);
  const operations = startOperations(options.operations);
  const facts = new ClusterFactsWatch({ clusters, platform, report, refreshMs: options.factsRefreshMs });
  const deliveries = new Deliveries(store, operations, platform);
  const unusedDays = options.unusedDays ?? unusedDaysDefault;
  const serverCertificates = new ServerCertificateWatch({ inventory: options.inventory, platform, report });
  const parts = { observations, facts, serverCertificates, store, deliveries, operations, unusedDays };
  const service = new IdentityService({ ...options, ...parts });
  const { sealingKey } = options;
  const planKinds = credentialPlanKinds({
    ...{ db, store, record, clusters, platform, inventory: options.inventory },
    sealingKey,
    needsIdempotentWrite: (_cluster, client, signal) => isOld(client, { signal }),
  });
  const { feed, holder } = options;
  const watch = new RotationWatch({ db, platform, feed, holder, store, operations, observations, report });
  return {
    routes: [
      ...applicationRoutes(service),
      ...credentialRoutes(service),
      ...authorityRoutes(service, sealingKey),
      ...findingRoutes(service),
    ],
    planKinds,
    wantedAccess: async () => {
      const { needsIdempotentWrite } = service;
      const shutOut = await store.shutOut();
      return { acls: (fleet) => wantedAcls(fleet, { shutOut, needsIdempotentWrite }), quotas: wantedQuotas };
    },
    issuePassword: async (application, asked) => {
      const { secret } = await deliveries.issue('credential_issue', { application, kind: 'scram' }, asked);
      return secret;
    },
    credentials: () => store.list(),
    confirm: async (application, credential, by, why) => {
      await service.confirm(application, credential, by, why);
    },
    close: async () => {
      await Promise.all([watch.close(), facts.close(), serverCertificates.close()]);
    },
  };
}

function startOperations(operations: Pick<Operations, 'start' | 'view'>): StartOperations {
  return {
    // Who calls this has been asked whether it is meant.
    start: (kind, input, asked) => operations.start(kind, input, { ...asked, confirm: true }),
    failure: async (id) => {
      const { state, failure } = await operations.view(id);
      if (state === 'cancelled') return 'it was cancelled';
      return state === 'failed' ? (failure?.message ?? 'it failed') : undefined;
    },
  };
}
