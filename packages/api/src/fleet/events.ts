/** What changes in the fleet, one after the other, as the stream of events tells it. */
import { type Static, Type } from 'typebox';

export const FleetEvent = Type.Object(
  {
    seq: Type.Integer({ description: 'Grows with each, the same in all processes of the control plane' }),
    at: Type.String({ description: 'ISO 8601' }),
    kind: Type.String({ description: 'Of what has changed: `cluster`, `topic`, `operation`, and so on' }),
    id: Type.String({ description: 'Of the one that has' }),
    what: Type.String({ description: '`created`, `changed`, `removed`; of operations the names of their events' }),
  },
  { title: 'event', description: 'That something has changed; how it is now has to be asked' },
);
export type FleetEvent = Static<typeof FleetEvent>;
