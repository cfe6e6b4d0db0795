/** What is declared, as a part of the control plane: looked at, changed, compared with what is there, and applied. */
import type { Part } from '../control-plane/control-plane.ts';
import type { PlanKind } from '../operations/plan-kind.ts';
import type { FleetRecord } from '../record/record.ts';
import { type FleetApplyParts, fleetApply } from './apply/fleet-apply.ts';
import { declaredRoutes } from './routes.ts';

export interface DeclaredParts extends FleetApplyParts {
  readonly record: FleetRecord;
}

export function openDeclared(parts: DeclaredParts): Part {
  return { routes: declaredRoutes(parts), planKinds: [fleetApply(parts) as unknown as PlanKind] };
}
