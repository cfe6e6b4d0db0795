/** Settings by Kafka's names that the brokers of a place have, whatever their kind. */
import type { Profile } from './place.ts';

type Settings = Readonly<Record<string, string>>;

/** Those of a profile. */
export function settingsOf(profile: Profile): Settings {
  return { ...everywhere, ...(profile === 'secured' ? secured : {}), ...(profile === 'moves' ? moves : {}) };
}

const everywhere: Settings = {
  'default.replication.factor': '3',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '100',
  // Small enough to be reached.
  'group.consumer.max.size': '4',
  'group.max.size': '4',
  // What runs out is noticed soon.
  'log.cleaner.backoff.ms': '500',
  'log.retention.check.interval.ms': '500',
  // A short memory, so that who is over a quota waits tenths of a second, not seconds.
  'quota.window.num': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
};

const secured: Settings = {
  'connection.failed.authentication.delay.ms': '20',
  'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3600000',
};

const moves: Settings = {
  // Empty groups go with it, which others would miss.
  'offsets.retention.check.interval.ms': '500',
  // Who returned leads again when a behaviour elects it, and not by itself in the midst of another.
  'auto.leader.rebalance.enable': 'false',
};
