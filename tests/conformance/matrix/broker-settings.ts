/** Settings by Kafka's names that the brokers of every place have, whatever their kind. */

export const brokerSettings: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '100',
  // Small enough to be reached.
  'group.consumer.max.size': '4',
  'group.max.size': '4',
  // What runs out is noticed soon.
  'log.cleaner.backoff.ms': '500',
  'log.retention.check.interval.ms': '500',
  'offsets.retention.check.interval.ms': '500',
  // A short memory, so that who is over a quota waits tenths of a second, not seconds.
  'quota.window.num': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
};

/** Those of `secured` places besides. */
export const securedSettings: Readonly<Record<string, string>> = {
  'connection.failed.authentication.delay.ms': '20',
  'listener.name.sasl_plaintext.plain.connections.max.reauth.ms': '3600000',
};
