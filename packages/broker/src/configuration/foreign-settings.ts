/**
 * What a server.properties of Apache Kafka may set and this broker does not define: settings in coarser units, which
 * are turned into the ones in milliseconds, listeners for controllers, which are left out, and settings whose subject
 * does not exist here, which change nothing.
 * Anything else that is unknown stays an error, among it what would make a broker less safe if it were passed over:
 * policies, principal builders, ciphers.
 */

import { checkValue, listOf } from './definition.ts';

/** `coarse` sets `fine`, unless that or an earlier row has; a negative number means the same in every unit. */
const inCoarserUnits = [
  { coarse: 'log.retention.minutes', fine: 'log.retention.ms', unitMs: 60_000 },
  { coarse: 'log.retention.hours', fine: 'log.retention.ms', unitMs: 3_600_000 },
  { coarse: 'log.roll.hours', fine: 'log.roll.ms', unitMs: 3_600_000 },
  { coarse: 'log.roll.jitter.hours', fine: 'log.roll.jitter.ms', unitMs: 3_600_000 },
] as const;

/** By what they are about: who a broker is, its threads, sockets, other brokers, topics of its own, checkpoints. */
const withoutEffect = new Set(
  `broker.id broker.rack initial.broker.registration.timeout.ms log.dir log.dirs metadata.log.dir node.id process.roles
  server.max.startup.time.ms

  background.threads group.coordinator.threads log.cleaner.io.buffer.size log.cleaner.threads num.io.threads
  num.network.threads num.recovery.threads.per.data.dir num.replica.alter.log.dirs.threads num.replica.fetchers
  queued.max.requests

  socket.listen.backlog.size socket.receive.buffer.bytes socket.send.buffer.bytes

  broker.heartbeat.interval.ms broker.session.timeout.ms controlled.shutdown.enable
  controller.quorum.append.linger.ms controller.quorum.bootstrap.servers controller.quorum.election.backoff.max.ms
  controller.quorum.election.timeout.ms controller.quorum.fetch.timeout.ms controller.quorum.request.timeout.ms
  controller.quorum.retry.backoff.ms controller.quorum.voters controller.socket.timeout.ms inter.broker.listener.name
  log.dir.failure.timeout.ms replica.fetch.backoff.ms replica.fetch.max.bytes replica.fetch.min.bytes
  replica.fetch.response.max.bytes replica.fetch.wait.max.ms replica.lag.time.max.ms
  replica.socket.receive.buffer.bytes replica.socket.timeout.ms request.timeout.ms
  sasl.mechanism.controller.protocol sasl.mechanism.inter.broker.protocol security.inter.broker.protocol
  socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms

  group.coordinator.append.linger.ms metadata.log.max.record.bytes.between.snapshots
  metadata.log.max.snapshot.interval.ms metadata.log.segment.bytes metadata.log.segment.ms
  metadata.max.idle.interval.ms metadata.max.retention.bytes metadata.max.retention.ms offsets.commit.timeout.ms
  offsets.load.buffer.size offsets.topic.compression.codec offsets.topic.num.partitions
  offsets.topic.replication.factor offsets.topic.segment.bytes share.coordinator.state.topic.min.isr
  share.coordinator.state.topic.num.partitions share.coordinator.state.topic.replication.factor
  transaction.state.log.load.buffer.size transaction.state.log.min.isr transaction.state.log.num.partitions
  transaction.state.log.replication.factor transaction.state.log.segment.bytes

  delete.records.purgatory.purge.interval.requests fetch.purgatory.purge.interval.requests
  log.flush.offset.checkpoint.interval.ms log.flush.scheduler.interval.ms
  log.flush.start.offset.checkpoint.interval.ms log.initial.task.delay.ms
  producer.id.expiration.check.interval.ms producer.purgatory.purge.interval.requests
  replica.high.watermark.checkpoint.interval.ms

  auto.include.jmx.reporter kafka.metrics.polling.interval.secs kafka.metrics.reporters metric.reporters
  metrics.num.samples metrics.recording.level metrics.sample.window.ms`.split(/\s+/),
);

/** Whether Apache Kafka has a broker configuration of that name, which this broker takes and does nothing about. */
export function isWithoutEffect(name: string): boolean {
  return withoutEffect.has(name);
}

/**
 * The settings that this broker knows, or should know, and the names of those that change nothing. Throws
 * `ConfigurationError` when one in a coarser unit is no number.
 */
export function ownSettings(settings: Readonly<Record<string, string>>): {
  readonly own: ReadonlyMap<string, string>;
  readonly ignored: readonly string[];
} {
  const own = new Map(Object.entries(settings));
  const ignored = [...own.keys()].filter(isWithoutEffect);
  for (const name of ignored) own.delete(name);
  for (const { coarse, fine, unitMs } of inCoarserUnits) {
    const value = own.get(coarse);
    if (value === undefined) continue;
    checkValue({ name: coarse, type: 'int', default: '', documentation: '' }, value);
    own.delete(coarse);
    if (!own.has(fine)) own.set(fine, String(Number(value) < 0 ? -1 : Number(value) * unitMs));
  }
  leaveOutControllers(own);
  return { own, ignored };
}

function leaveOutControllers(settings: Map<string, string>): void {
  const controllers = listOf(settings.get('controller.listener.names') ?? '');
  settings.delete('controller.listener.names');
  for (const setting of ['listeners', 'advertised.listeners']) {
    const listeners = listOf(settings.get(setting) ?? '');
    const own = listeners.filter((listener) => !controllers.includes(listener.split('://')[0] ?? ''));
    if (own.length < listeners.length) settings.set(setting, own.join(','));
  }
}
