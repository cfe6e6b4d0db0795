/** Kafka Connect: its clusters, their connectors and tasks, and what is done with them. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';

const closed = { additionalProperties: false } as const;

const State = Type.String({ description: 'running, paused, stopped, failed, unassigned or restarting' });
const Failure = Type.Optional(Type.String({ description: 'The first line of why it failed' }));

export const ConnectorTask = Type.Object({
  id: Type.Integer({ minimum: 0 }),
  state: State,
  worker: Type.String({ description: 'HOST:PORT of the worker that has it; empty when none has' }),
  failure: Failure,
});
export type ConnectorTask = Static<typeof ConnectorTask>;

export const ConnectorView = Type.Object({
  connect: Type.String(),
  name: Type.String(),
  type: Type.String({ description: 'source, sink or unknown; empty where it is declared and not there' }),
  class: Type.String({ description: 'Its connector.class' }),
  owner: Type.Optional(Type.String({ description: 'The team that it belongs to, as declared' })),
  declared: Type.Boolean(),
  present: Type.Boolean({ description: 'Whether Connect has it' }),
  state: State,
  wanted: Type.Optional(Type.String({ description: 'The state that is declared: running, paused or stopped' })),
  worker: Type.String(),
  failure: Failure,
  tasks: Type.Array(ConnectorTask),
  config: Type.Record(Type.String(), Type.String(), { description: 'Secrets are hidden, references to them shown' }),
});
export type ConnectorView = Static<typeof ConnectorView>;

export const ConnectView = Type.Object({
  name: Type.String(),
  cluster: Type.String(),
  url: Type.String(),
  version: Type.Optional(Type.String({ description: 'Of Kafka Connect' })),
  observedAt: Type.String({ format: 'date-time' }),
  problem: Type.Optional(Type.String({ description: 'Why it could not be asked; its connectors are not known then' })),
  connectors: Type.Array(ConnectorView, { description: 'By name' }),
});
export type ConnectView = Static<typeof ConnectView>;

export const connectListContract = defineContract({
  method: 'GET',
  path: '/api/v1/connect',
  summary: 'All Kafka Connect clusters with their connectors, asked now',
  response: Type.Object({ items: Type.Array(ConnectView) }),
});

export const connectorContract = defineContract({
  method: 'GET',
  path: '/api/v1/connect/{connect}/{connector}',
  summary: 'A connector, asked now',
  params: Type.Object({ connect: Type.String(), connector: Type.String() }),
  response: ConnectorView,
  problems: ['not_found', 'unavailable'],
});

export const ConnectApply = Type.Object(
  {
    connects: Type.Optional(
      Type.Array(Type.String(), { description: 'Kafka Connect clusters; default all that are declared' }),
    ),
    connectors: Type.Optional(
      Type.Array(Type.String(), { description: 'CONNECT/NAME; default all that are declared' }),
    ),
    delete: Type.Optional(
      Type.Array(Type.String(), { description: 'CONNECT/NAME of connectors that are not declared and shall go' }),
    ),
  },
  { ...closed, description: 'Makes connectors what they are declared to be' },
);
export type ConnectApply = Static<typeof ConnectApply>;

export const ConnectRestart = Type.Object(
  {
    connect: Type.String({ minLength: 1 }),
    connector: Type.String({ minLength: 1 }),
    all: Type.Optional(Type.Boolean({ description: 'Also what has not failed; default false' })),
  },
  { ...closed, description: 'Restarts a connector and its tasks' },
);
export type ConnectRestart = Static<typeof ConnectRestart>;
