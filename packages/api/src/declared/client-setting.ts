/** Rules for the settings of clients, beyond the standard that each kind of use has. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name, nameOf, Setting } from './names.ts';
import { Role } from './topic.ts';

const some = (list: string) => Type.Array(nameOf(list), { minItems: 1 });

export const ClientSettingMatch = closed(
  {
    applications: Type.Optional(some('applications')),
    teams: Type.Optional(some('teams')),
    topics: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 249 }), {
        minItems: 1,
        description: 'Names; with a * at the end, all that begin so',
      }),
    ),
    clusters: Type.Optional(some('clusters')),
    environments: Type.Optional(some('environments')),
    sites: Type.Optional(some('sites')),
    roles: Type.Optional(Type.Array(Role, { minItems: 1 })),
  },
  'For whom it holds: one of each list that is given; without any, for all',
);
export type ClientSettingMatch = Static<typeof ClientSettingMatch>;

export const ClientSetting = closed(
  {
    name: Name,
    description: Description,
    match: Type.Optional(ClientSettingMatch),
    set: Type.Record(Type.String(), Setting, {
      minProperties: 1,
      description: 'By the names that Java clients use; never a secret, nor where to connect',
    }),
  },
  'Settings of clients that the config service answers; of two rules the more specific one holds',
);
export type ClientSetting = Static<typeof ClientSetting>;
