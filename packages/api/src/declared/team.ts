/** Teams: who owns topics and applications, and how much they may use. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name } from './names.ts';

export const Budget = closed(
  {
    monthlyCost: Type.Optional(Type.Number({ minimum: 0, description: 'In the currency of the prices' })),
    topics: Type.Optional(Type.Integer({ minimum: 0 })),
    partitions: Type.Optional(Type.Integer({ minimum: 0 })),
    storedBytes: Type.Optional(Type.Integer({ minimum: 0, description: 'With all replicas' })),
  },
  'What the topics of a team may come to; without a bound where none is given',
);
export type Budget = Static<typeof Budget>;

export const Team = closed(
  {
    name: Name,
    description: Description,
    contact: Type.Optional(Type.String({ description: 'Where alerts and questions go' })),
    owners: Type.Optional(Type.Array(Type.String(), { description: 'Users who decide for the team' })),
    members: Type.Optional(Type.Array(Type.String(), { description: 'Its other users' })),
    budget: Type.Optional(Budget),
  },
  'Those who answer for topics and applications',
);
export type Team = Static<typeof Team>;
