/** Policies: what becomes of requests. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name } from './names.ts';

export const Policy = closed(
  {
    name: Name,
    description: Description,
    when: Type.String({
      minLength: 1,
      maxLength: 10_000,
      description: 'A CEL expression over `request`, `team`, `capacity` and `cost`: the policy speaks where it is true',
    }),
    decision: Type.Union([Type.Literal('refuse'), Type.Literal('ask'), Type.Literal('approve')], {
      description: 'The strictest of those that speak decides: refuse, then ask, then approve; nobody speaks: ask',
    }),
    message: Type.Optional(Type.String({ description: 'The reason that people are told' })),
  },
  'What is decided of a request, and why',
);
export type Policy = Static<typeof Policy>;
