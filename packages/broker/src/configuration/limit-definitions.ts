/** The configuration of brokers that bounds what clients may use: connections, memory, quotas' windows, telemetry. */
import type { Definition } from './definition.ts';

const unbounded = '2147483647';

export const limitDefinitions: readonly Definition[] = [
  {
    name: 'max.connection.creation.rate',
    type: 'int',
    default: unbounded,
    min: 0,
    dynamic: true,
    documentation: 'How many connections a second a broker serves; those that come faster wait to be served.',
  },
  {
    name: 'max.connections',
    type: 'int',
    default: unbounded,
    min: 0,
    dynamic: true,
    documentation: 'The most connections that a broker has at once; more are closed as they come.',
  },
  {
    name: 'max.connections.per.ip',
    type: 'int',
    default: unbounded,
    min: 0,
    dynamic: true,
    documentation: 'The most connections that a broker has at once from one address.',
  },
  {
    name: 'max.connections.per.ip.overrides',
    type: 'list',
    default: '',
    elements: /^.+:\d+$/,
    dynamic: true,
    documentation: 'Other bounds for single addresses, each as address:count.',
  },
  {
    name: 'queued.max.request.bytes',
    type: 'long',
    default: '268435456',
    min: -1,
    documentation: 'The bytes of requests in memory from which on those who send most are read no more; -1 for any.',
  },
  {
    name: 'quota.window.num',
    type: 'int',
    default: '11',
    min: 1,
    documentation: "Over how many windows of time clients' quotas are measured.",
  },
  {
    name: 'quota.window.size.seconds',
    type: 'int',
    default: '1',
    min: 1,
    documentation: "How long a window of clients' quotas is, in seconds.",
  },
  {
    name: 'controller.quota.window.num',
    type: 'int',
    default: '11',
    min: 1,
    documentation: 'How many windows of time a burst of changes to topics may use up.',
  },
  {
    name: 'controller.quota.window.size.seconds',
    type: 'int',
    default: '1',
    min: 1,
    documentation: 'How long a window of the quota on changes to topics is, in seconds.',
  },
  {
    name: 'telemetry.max.bytes',
    type: 'int',
    default: '1048576',
    min: 1,
    documentation: 'The largest report of metrics that a client may push, in bytes, before and after decompression.',
  },
];
