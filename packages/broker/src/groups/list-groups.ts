/** How ListGroups shows groups, and which. */
import type { ListGroupsRequest, ListGroupsResponse } from '@millrace/wire';
import { ClassicGroup } from './classic-group.ts';
import type { Group } from './group-directory.ts';

type ListedGroup = ListGroupsResponse['groups'][number];

/** Groups that pass the filters, whose letters may be of either case; empty filters let all pass. */
export function listGroups(
  groups: Iterable<Group>,
  { statesFilter, typesFilter }: ListGroupsRequest,
  includes: (groupId: string) => boolean,
): ListedGroup[] {
  const states = new Set(statesFilter.map((state) => state.toLowerCase()));
  const types = new Set(typesFilter.map((type) => type.toLowerCase()));
  return [...groups]
    .filter(({ id }) => includes(id))
    .map(listed)
    .filter(({ groupState }) => states.size === 0 || states.has(groupState.toLowerCase()))
    .filter(({ groupType }) => types.size === 0 || types.has(groupType.toLowerCase()));
}

function listed(group: Group): ListedGroup {
  if (group instanceof ClassicGroup) {
    const { id, protocolType, state } = group;
    return { groupId: id, protocolType: protocolType ?? '', groupState: state, groupType: 'classic' };
  }
  return { groupId: group.id, protocolType: 'consumer', groupState: group.state.phase, groupType: 'consumer' };
}
