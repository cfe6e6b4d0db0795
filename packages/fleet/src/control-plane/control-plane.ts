/**
 * The control plane: the parts that work on the fleet, put together. Several processes may run one over the same
 * database at the same time.
 *
 * A part is opened by one function that takes what it needs and answers its routes and kinds of plans, if it has any;
 * it is closed after all that were opened later.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Route } from '@millrace/api';
import { ClosingStack, type Platform } from '@millrace/base';
import type { ClientOptions } from '@millrace/client';
import { type Access, type AccessSettings, openAccess } from '../access/access.ts';
import type { AnchoringOptions } from '../audit/anchoring.ts';
import { openAudit } from '../audit/open-audit.ts';
import type { Environment } from '../client-configuration/references.ts';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import { openFleetClusters } from '../clusters/open-fleet-clusters.ts';
import { keepStays } from '../config/asked-questions.ts';
import {
  type ConfigService,
  type ConfigSettings,
  openConfig,
  withApplications,
  withConfigAnswers,
} from '../config/open-config.ts';
import { openConnect } from '../connect/index.ts';
import type { Database } from '../database/database.ts';
import { openDeclared } from '../declared/open-declared.ts';
import { recordAccess, type WantedAccess } from '../declared/wanted-access.ts';
import { type EventFeed, openEventFeed } from '../events/event-feed.ts';
import { openGroups } from '../groups/index.ts';
import { type Identity, openIdentity } from '../identity/open-identity.ts';
import { lazySealingKey, openKeyFile } from '../identity/secrets/sealing-key.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type InventorySettings, openInventory } from '../inventory/open-inventory.ts';
import { messageRoutes } from '../messages/message-routes.ts';
import { type MirrorSettings, openMirrors } from '../mirrors/open-mirrors.ts';
import { openOnboarding } from '../onboarding/open-onboarding.ts';
import type { SchemaRegistrar } from '../onboarding/schema-registrar.ts';
import { type Operations, openOperations } from '../operations/open-operations.ts';
import type { RunnerLimits } from '../operations/operation-runner.ts';
import type { PlanKind } from '../operations/plan-kind.ts';
import { openRecord } from '../record/fleet-record.ts';
import type { FleetRecord } from '../record/record.ts';
import type { ClusterFactory } from '../twins/cluster-factory.ts';
import { openTwins, type SchemaValues } from '../twins/index.ts';
import { withDatabaseAnswers } from './database-answers.ts';
import { housekeeping, type Retention } from './housekeeping.ts';

export interface ControlPlaneOptions {
  /** The caller's, who closes it afterwards. */
  readonly database: Database;
  readonly platform: Platform;
  /** Told what went wrong in the background, as a sentence. */
  readonly report: (message: string) => void;
  /** This process, for people: host and pid. */
  readonly name?: string | undefined;
  readonly limits?: Partial<RunnerLimits> | undefined;
  readonly retention?: Retention | undefined;
  /** What references of the form `env:NAME` mean. Default: nothing. */
  readonly environment?: Environment | undefined;
  /** How clusters that run in this process are reached, by name: in place of what is declared. */
  readonly ownClusters?: ReadonlyMap<string, ClientOptions> | undefined;
  /**
   * Where the keys lie under which secrets are sealed and records masked, made at their first use. Processes of one
   * database have the same. Without one there are no credentials of applications, and no twins.
   */
  readonly keyDirectory?: string | undefined;
  /** What makes embedded clusters for twins. */
  readonly twins?: ClusterFactory | undefined;
  /** What reads values of Avro and Protobuf, so that their fields can be masked. */
  readonly schemas?: SchemaValues | undefined;
  /** Where schemas of onboarded topics are registered. Without it they are left to whoever produces. */
  readonly registrar?: SchemaRegistrar | undefined;
  readonly inventory?: InventorySettings | undefined;
  readonly anchors?: Pick<AnchoringOptions, 'entriesMax' | 'intervalMs'> | undefined;
  readonly access?: AccessSettings | undefined;
  readonly config?: ConfigSettings | undefined;
  readonly mirrors?: MirrorSettings | undefined;
  /** Parts that come from elsewhere; closed with the control plane. */
  readonly parts?: readonly Part[] | undefined;
}

/** A part of the control plane. */
export interface Part {
  readonly routes?: readonly Route[] | undefined;
  readonly planKinds?: readonly PlanKind[] | undefined;
  close?(): Promise<void>;
}

export interface ControlPlane extends AsyncDisposable {
  readonly routes: readonly Route[];
  readonly record: FleetRecord;
  readonly feed: EventFeed;
  readonly operations: Operations;
  readonly clusters: FleetClusters;
  readonly inventory: Inventory;
  /** Who shows a token or a session, for the server to ask. */
  readonly access: Access;
  close(): Promise<void>;
}

/** Opens all parts, or none. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { database, platform, report } = options;
  await using parts = new ClosingStack();
  const feed = parts.use(await openEventFeed(database, platform, report));
  const record = parts.use(await openRecord(database.db, feed, keepStays));
  const holder = `${options.name ?? 'control plane'} (${randomUUID().slice(0, 8)})`;
  const operations = openOperations({ db: database.db, platform, feed, holder, report, limits: options.limits });
  const routes: Route[] = [...operations.routes];
  /** Adds what a part brings. */
  const add = (part: Part): void => {
    routes.push(...(part.routes ?? []));
    operations.register(part.planKinds ?? []);
    parts.use({ [Symbol.asyncDispose]: async () => await part.close?.() });
  };
  const { db } = database;
  const { environment = {}, ownClusters: own, keyDirectory } = options;
  const clusters = parts.use(openFleetClusters({ record, environment, own, report }));
  const observed = await openInventory({ ...options.inventory, database, platform, record, clusters, report });
  add(observed);
  const { inventory } = observed;
  add(housekeeping({ db, platform, holder, report, retention: options.retention }));
  add(openAudit({ ...options.anchors, db, platform, clusters, holder, report }));
  let identity: Identity | undefined;
  let config: ConfigService | undefined;
  let access = async (): Promise<WantedAccess> => recordAccess;
  if (keyDirectory !== undefined) {
    const whose = { db, platform, feed, holder, record, clusters, inventory, operations, report };
    const sealingKey = lazySealingKey(join(keyDirectory, 'sealing-key'));
    identity = openIdentity({ ...whose, sealingKey });
    add({ planKinds: identity.planKinds, close: identity.close });
    const settings = { publicUrl: options.access?.publicUrl, environment, ...options.config };
    config = await openConfig({ ...whose, ...settings, identity, sealingKey });
    add(config);
    add({ routes: withConfigAnswers(identity.routes, config) });
    access = identity.wantedAccess;
    const maskingKey = (): Promise<Uint8Array> => openKeyFile(join(keyDirectory, 'masking-key'));
    const { twins: factory, schemas } = options;
    add(openTwins({ record, clusters, platform, factory, maskingKey, schemas }));
  }
  const connect = { record, platform, environment };
  add(openConnect(connect));
  add(openDeclared({ record, clusters, access, connect }));
  add(openMirrors({ ...options.mirrors, db, platform, record, clusters, holder, report }));
  const asOf = { record, operations, clusters, inventory, access, identity };
  add(openOnboarding({ ...asOf, db, platform, schemas: options.registrar, report }));
  add(openGroups({ record, clusters }));
  const people = openAccess({ db, record, settings: options.access });
  add(people);
  const callers = withApplications(people, config);
  add({ routes: messageRoutes({ db, record, clusters }) });
  for (const part of options.parts ?? []) add(part);
  // Before the parts that its kinds belong to.
  parts.use({ [Symbol.asyncDispose]: () => operations.close() });
  operations.begin();
  const open = parts.move();
  const close = (): Promise<void> => open.close();
  return {
    routes: routes.map(withDatabaseAnswers),
    record,
    feed,
    operations,
    clusters,
    inventory,
    access: callers,
    close,
    [Symbol.asyncDispose]: close,
  };
}
