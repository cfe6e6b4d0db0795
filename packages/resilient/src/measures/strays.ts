/**
 * Settings that a program gives by hand and that are not what the answer says: by Java's names, as reports have them.
 */
import type { StreamReport } from '@millrace/api/config';

const names: Readonly<Record<string, string>> = {
  acks: 'acks',
  idempotent: 'enable.idempotence',
  compression: 'compression.type',
  lingerMs: 'linger.ms',
  batchBytesMax: 'batch.size',
  requestBytesMax: 'max.request.size',
  bufferBytesMax: 'buffer.memory',
  deliveryTimeoutMs: 'delivery.timeout.ms',
  maxInFlight: 'max.in.flight.requests.per.connection',
  from: 'auto.offset.reset',
  isolation: 'isolation.level',
  fetchBytesMin: 'fetch.min.bytes',
  fetchBytesMax: 'fetch.max.bytes',
  fetchWaitMs: 'fetch.max.wait.ms',
  partitionBytesMax: 'max.partition.fetch.bytes',
  sessionTimeoutMs: 'session.timeout.ms',
  heartbeatIntervalMs: 'heartbeat.interval.ms',
  batchTimeoutMs: 'max.poll.interval.ms',
  protocol: 'group.protocol',
};

export function straysOf(own: object, settings: ReadonlyMap<string, string>): StreamReport['strays'] {
  const strays: StreamReport['strays'] = [];
  for (const [option, given] of Object.entries(own)) {
    const name = names[option];
    if (name === undefined || !['string', 'number', 'boolean'].includes(typeof given)) continue;
    const value = option === 'acks' && given === -1 ? 'all' : String(given);
    const standard = settings.get(name) ?? '';
    const isAll = name === 'acks' && value === 'all' && standard === '-1';
    if (value !== standard && !isAll) strays.push({ name, value, standard });
  }
  return strays;
}
