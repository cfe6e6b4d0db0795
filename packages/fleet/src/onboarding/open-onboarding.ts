/** Onboarding as a part of the control plane, with the capacity model and the costs that it reckons with. */

import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import { capacityRoutes } from '../capacity/routes.ts';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Part } from '../control-plane/control-plane.ts';
import { costRoutes } from '../cost/routes.ts';
import type { Schema } from '../database/schema.ts';
import type { WantedAccess } from '../declared/wanted-access.ts';
import type { Identity } from '../identity/open-identity.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Operations } from '../operations/open-operations.ts';
import type { FleetRecord } from '../record/record.ts';
import { Onboarding } from './onboarding.ts';
import { PolicyEvaluator } from './policies/policy-evaluator.ts';
import { onboardKind } from './provisioning/onboard-kind.ts';
import { RequestStore } from './request-store.ts';
import { onboardingRoutes } from './routes.ts';
import type { SchemaRegistrar } from './schema-registrar.ts';

export interface OnboardingOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly record: FleetRecord;
  readonly operations: Operations;
  readonly clusters: FleetClusters;
  readonly inventory: Pick<Inventory, 'cluster'>;
  /** What of access is wanted on clusters, as of now. */
  readonly access: () => Promise<WantedAccess>;
  /** Issues passwords; without it nobody gets one. */
  readonly identity?: Pick<Identity, 'issuePassword'> | undefined;
  /** Where schemas of requests are registered; without it they are left to whoever produces. */
  readonly schemas?: SchemaRegistrar | undefined;
  readonly report: (message: string) => void;
}

export function openOnboarding(options: OnboardingOptions): Part {
  const { db, platform, record, operations, clusters, inventory, access, identity, schemas, report } = options;
  const store = new RequestStore(db);
  const evaluator = new PolicyEvaluator();
  // One of its own, so that nobody's trying of policies holds up requests.
  const checker = new PolicyEvaluator();
  const onboarding = new Onboarding({
    store,
    record,
    inventory,
    operations,
    evaluator,
    identity,
    schemas,
    platform,
    report,
  });
  return {
    routes: [
      ...onboardingRoutes({ onboarding, store, record, evaluator: checker }),
      ...capacityRoutes({ record, inventory, now: () => platform.clock.now() }),
      ...costRoutes({ record, inventory }),
    ],
    planKinds: [onboardKind({ store, record, clusters, access, platform, operations, schemas })],
    async close() {
      await onboarding.close();
      await Promise.all([evaluator.close(), checker.close()]);
    },
  };
}
