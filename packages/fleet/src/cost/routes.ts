/** Costs over HTTP. */
import { implement, type Route } from '@millrace/api';
import { costContract } from '@millrace/api/fleet';
import { Calculation } from '../capacity/calculation.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { FleetRecord } from '../record/record.ts';
import { costRows, topicCosts } from './fleet-cost.ts';

export interface CostParts {
  readonly record: FleetRecord;
  readonly inventory: Pick<Inventory, 'cluster'>;
}

const limitDefault = 1_000;

export function costRoutes({ record, inventory }: CostParts): Route[] {
  return [
    implement(costContract, ({ query }) => {
      const { by = 'team', limit = limitDefault, ...filter } = query;
      const current = record.current();
      const specs = <S>(list: readonly { readonly spec: S }[]): S[] => list.map(({ spec }) => spec);
      const fleet = {
        clusters: specs(current.list('cluster')),
        topics: specs(current.list('topic')),
        applications: specs(current.list('application')),
        mirrors: specs(current.list('mirror')),
        teams: specs(current.list('team')),
        observed: (name: string) => inventory.cluster(name),
      };
      const calculation = new Calculation(filter.topic === undefined ? 'silent' : 'shown');
      const costs = topicCosts(fleet, filter, calculation);
      const rows = costRows(costs, by, fleet.teams).slice(0, limit);
      return {
        monthly: costs.reduce((sum, { monthly }) => sum + monthly, 0),
        rows: rows.map(({ budget, ...row }) => ({ ...row, ...(budget !== undefined && { budget }) })),
        lines: calculation.lines,
      };
    }),
  ];
}
