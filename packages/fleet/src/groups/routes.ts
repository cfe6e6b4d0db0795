/** What can be asked of groups and their offsets. */
import { implement, type Route } from '@millrace/api';
import { previewGroupReset } from '@millrace/api/fleet';
import { requireOn } from '../access/index.ts';
import { type GroupParts, previewOf } from './group-reset.ts';
import { teamOfGroup } from './team-of-group.ts';

export function groupRoutes(parts: GroupParts): Route[] {
  return [
    implement(previewGroupReset, ({ body, principal, signal }) => {
      const team = teamOfGroup(parts.record.current(), body.cluster, body.group);
      requireOn(principal, 'operate', { team }, `group ${body.group}`);
      return previewOf(parts, body, signal);
    }),
  ];
}
