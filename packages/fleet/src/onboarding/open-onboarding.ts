/** Onboarding as a part of the control plane, with the capacity model and the costs that it reckons with. */

import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import { capacityRoutes } from '../capacity/routes.ts';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Part } from '../control-plane/control-plane.ts';
import { costRoutes } from '../cost/routes.ts';
import type { Schema } from '../database/schema.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Operations } from '../operations/open-operations.ts';
import type { FleetRecord } from '../record/record.ts';
import { Onboarding } from './onboarding.ts';
import { PolicyEvaluator } from './policies/policy-evaluator.ts';
import { onboardKind, type SchemaRegistrar } from './provisioning/onboard-kind.ts';
import { RequestStore } from './request-store.ts';
import { onboardingRoutes } from './routes.ts';

export interface OnboardingOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly record: FleetRecord;
  readonly operations: Operations;
  readonly clusters: FleetClusters;
  readonly inventory: Pick<Inventory, 'cluster'>;
  /** Where schemas of requests are registered; without it they are left to whoever produces. */
  readonly schemas?: SchemaRegistrar | undefined;
  readonly report: (message: string) => void;
}

export function openOnboarding(options: OnboardingOptions): Part & { readonly onboarding: Onboarding } {
  const { db, platform, record, operations, clusters, inventory, schemas, report } = options;
  const store = new RequestStore(db);
  const evaluator = new PolicyEvaluator();
  const onboarding = new Onboarding({ store, record, inventory, operations, evaluator, platform, report });
  return {
    onboarding,
    routes: [
      ...onboardingRoutes({ onboarding, store, record, evaluator }),
      ...capacityRoutes({ record, inventory, now: () => platform.clock.now() }),
      ...costRoutes({ record, inventory }),
    ],
    planKinds: [onboardKind({ store, record, clusters, platform, operations, schemas })],
    async close() {
      await onboarding.close();
      await evaluator.close();
    },
  };
}
