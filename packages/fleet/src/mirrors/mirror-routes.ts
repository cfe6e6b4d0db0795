/** Routes of declared mirrors. */
import { implement, ProblemError, type Route } from '@millrace/api';
import { getMirrorContract, listMirrorsContract, type MirrorView } from '@millrace/api/fleet';
import { selectPage } from '../inventory/views/select-page.ts';
import type { FleetRecord } from '../record/record.ts';
import type { MirrorStore } from './mirror-store.ts';
import { mirrorView } from './mirror-views.ts';

export interface MirrorRouteParts {
  readonly record: Pick<FleetRecord, 'current'>;
  readonly store: MirrorStore;
}

export function mirrorRoutes({ record, store }: MirrorRouteParts): Route[] {
  return [
    implement(listMirrorsContract, async ({ query }) => {
      const { q, cluster, state } = query;
      const runs = await store.runs();
      const needle = q?.toLowerCase();
      const fit = record
        .current()
        .list('mirror')
        .map(({ id, spec }) => mirrorView(spec, runs.get(id)))
        .filter(
          (view) =>
            (needle === undefined || view.name.toLowerCase().includes(needle)) &&
            (cluster === undefined || view.source === cluster || view.target === cluster) &&
            (state === undefined || view.state === state),
        );
      const nameOf = ({ name }: MirrorView): string => name;
      const page = selectPage(fit, { keyOf: nameOf, idOf: nameOf, descending: false }, query);
      return { items: [...page.rows], next: page.next };
    }),
    implement(getMirrorContract, async ({ params: { name } }) => {
      const declared = record.current().get('mirror', name);
      if (declared === undefined) {
        const sentence = `there is no mirror ${JSON.stringify(name)} in the record of the fleet`;
        throw new ProblemError('not_found', `${sentence}; /api/v1/mirrors lists those there are`);
      }
      const run = await store.run(name);
      const view = mirrorView(declared.spec, run);
      const isRun = run !== undefined && view.state !== 'paused';
      const partitionList = isRun ? [...run.partitions] : [];
      return { ...view, partitionList, troubles: isRun ? [...run.troubles] : [] };
    }),
  ];
}
