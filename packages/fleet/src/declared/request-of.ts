/** What the API's callers ask for, by the names of lists, as what is worked with, by kinds. */
import type { FleetRequest } from '@millrace/api/fleet';
import type { Request } from './difference/intent.ts';
import { kindOfList, type SomeLists } from './fleet-lists.ts';

export function requestOf({ fleet, ...rest }: FleetRequest): Request {
  return { ...rest, ...(fleet !== undefined && { file: someListsOf(fleet) }) };
}

export function someListsOf(fleet: NonNullable<FleetRequest['fleet']>): SomeLists {
  return Object.fromEntries(
    Object.entries(fleet).flatMap(([list, specs]) => {
      const kind = kindOfList(list);
      return kind === undefined ? [] : [[kind, specs]];
    }),
  );
}
