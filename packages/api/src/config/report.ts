/** What clients of applications see, told by themselves, and shown per application and topic. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Role } from '../declared/topic.ts';

const Rate = Type.Number({ minimum: 0 });
const Ms = Type.Number({ minimum: 0, description: 'Milliseconds' });
const Uncounted = Type.Number({ minimum: 0, description: 'Absent where nobody counts them: sidecars do not' });
const latency =
  'Of a producer: from the first record of a batch to its acknowledgement. Of a consumer: from the time that a ' +
  'record bears to its being handed out. Of a sidecar: of requests, until brokers answered them';
const Short = Type.String({ maxLength: 100 });
const Time = Type.String({ description: 'ISO 8601' });

export const StreamReport = Type.Object(
  {
    topic: Type.String({ minLength: 1, maxLength: 249 }),
    role: Role,
    cluster: Short,
    /** Of the answer that it obeys. */
    answerVersion: Type.Optional(Type.Integer({ minimum: 0 })),
    credential: Type.Optional(Type.String({ maxLength: 100, description: 'Id of the one that it logs in with now' })),
    otherCredentials: Type.Optional(
      Type.Array(Short, { maxItems: 100, description: 'Ids of those that connections use besides, until they end' }),
    ),
    recordsPerSecond: Type.Optional(Uncounted),
    bytesPerSecond: Rate,
    errorsPerSecond: Type.Optional(Uncounted),
    latencyMs: Type.Object({ p50: Ms, p99: Ms }, { description: latency }),
    lag: Type.Optional(Type.Integer({ minimum: 0, description: 'Of a consumer, in records' })),
    strays: Type.Array(
      Type.Object({ name: Short, value: Type.String({ maxLength: 200 }), standard: Type.String({ maxLength: 200 }) }),
      { maxItems: 50, description: 'Settings that it was given by hand, and what they would be; never a secret' },
    ),
  },
  { description: 'One producer or consumer of a topic, over the time since the report before' },
);
export type StreamReport = Static<typeof StreamReport>;

export const ConfigReport = Type.Object(
  {
    instance: Type.String({ minLength: 1, maxLength: 100 }),
    site: Type.Optional(Short),
    library: Type.Object({ name: Short, version: Short, language: Type.Optional(Short) }),
    streams: Type.Array(StreamReport, { maxItems: 1_000 }),
  },
  { additionalProperties: false },
);
export type ConfigReport = Static<typeof ConfigReport>;

export const configReportContract = defineContract({
  method: 'POST',
  path: '/api/v1/config/reports',
  summary: 'What the clients of an instance of an application see',
  description: 'Every 10 s. Reports of all instances that name the new credential confirm a rotation.',
  permission: 'configure',
  body: ConfigReport,
  response: Type.Object({ everyMs: Type.Integer({ description: 'When the next one is expected' }) }),
});

export const ClientKpi = Type.Object(
  {
    application: Type.String(),
    topic: Type.String(),
    role: Role,
    clusters: Type.Array(Type.String()),
    instances: Type.Integer({ description: 'That reported within the last minute' }),
    recordsPerSecond: Type.Union([Rate, Type.Null()], { description: 'Null where none of its instances counts them' }),
    bytesPerSecond: Rate,
    errorsPerSecond: Type.Union([Rate, Type.Null()]),
    latencyMs: Type.Object({ p50: Ms, p99: Ms }, { description: `The worst of its instances. ${latency}` }),
    lag: Type.Union([Type.Integer(), Type.Null()], { description: 'Of all instances; null where none tells' }),
    libraries: Type.Array(Type.Object({ name: Type.String(), version: Type.String(), instances: Type.Integer() })),
    strays: Type.Array(
      Type.Object({ name: Type.String(), value: Type.String(), standard: Type.String(), instances: Type.Integer() }),
    ),
    reportedAt: Time,
  },
  { description: 'What the clients of an application see of a topic' },
);
export type ClientKpi = Static<typeof ClientKpi>;

export const configClientsContract = defineContract({
  method: 'GET',
  path: '/api/v1/config/clients',
  summary: 'What clients see, per application and topic',
  query: Type.Object({
    application: Type.Optional(Type.String()),
    topic: Type.Optional(Type.String()),
    strays: Type.Optional(Type.Boolean({ description: 'Only those with settings that stray from the standard' })),
  }),
  response: Type.Object({ items: Type.Array(ClientKpi) }),
});
