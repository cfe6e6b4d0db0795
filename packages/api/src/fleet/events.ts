/** The one stream of events, which serves whoever watches the platform without ever asking again. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';

export const FleetEvent = Type.Object(
  {
    seq: Type.Integer({ description: 'Grows with each, the same in all processes of the control plane' }),
    at: Type.String({ description: 'ISO 8601' }),
    kind: Type.String({ description: 'Of what has changed: `cluster`, `topic`, `operation`, and so on' }),
    id: Type.String({ description: 'Of the one that has' }),
    what: Type.String({
      description:
        '`created`, `changed`, `removed`; of operations the names of their events, of mirrors also their states',
    }),
  },
  { title: 'event', description: 'That something has changed; how it is now has to be asked' },
);
export type FleetEvent = Static<typeof FleetEvent>;

const revision = Type.Integer();

export const HubEvent = Type.Union([
  Type.Object(
    {
      revision,
      values: Type.Record(Type.String(), Type.Unknown()),
      seq: Type.Optional(Type.Integer({ description: 'Events after this one follow' })),
    },
    { title: 'snapshot' },
  ),
  Type.Object({ revision, name: Type.String(), value: Type.Unknown() }, { title: 'change' }),
  FleetEvent,
]);
export type HubEvent = Static<typeof HubEvent>;

export const eventsContract = defineContract({
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Everything that changes, as server-sent events: a snapshot, then changes',
  description:
    'Event `snapshot` carries all values at a revision, event `change` one new value, event `event` that something ' +
    'of the fleet has changed. Send the id of the last event as `Last-Event-ID` to get only what changed since. A ' +
    'snapshot whose `seq` is not that of the last event seen says that events were missed: look at everything again. ' +
    'A comment line every 10 s shows that the stream is alive.',
  kind: 'event-stream',
  response: HubEvent,
});
