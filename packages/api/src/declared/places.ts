/** Where and what for: environments, sites and zones, which clusters refer to. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name } from './names.ts';

export const Environment = closed({ name: Name, description: Description }, 'What clusters are for: production, qa');
export type Environment = Static<typeof Environment>;

export const Site = closed({ name: Name, description: Description }, 'A data centre or region');
export type Site = Static<typeof Site>;

export const Zone = closed({ name: Name, description: Description }, 'A security zone');
export type Zone = Static<typeof Zone>;

export const Season = closed(
  {
    name: Name,
    description: Description,
    from: Type.String({ format: 'date', description: 'First day, YYYY-MM-DD' }),
    until: Type.String({ format: 'date', description: 'Last day, YYYY-MM-DD' }),
    factor: Type.Number({ exclusiveMinimum: 0, description: 'What the rates of an ordinary day are multiplied by' }),
  },
  'A time of the year that has to be reckoned with',
);
export type Season = Static<typeof Season>;
