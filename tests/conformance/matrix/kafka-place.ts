/** A place of real brokers of Apache Kafka. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaDistribution, startKafkaCluster } from '@millrace/engines';
import { settingsOf } from './broker-settings.ts';
import { issueCredentials } from './credentials.ts';
import { findKafka } from './java-tools.ts';
import type { Place, Profile } from './place.ts';
import { runMatrix } from './run-matrix.ts';

/** Tries the behaviours of a profile on Apache Kafka, or says what this machine lacks for it. */
export async function runOnKafka(profile: Profile): Promise<void> {
  const kafka = await findKafka();
  if (typeof kafka === 'string') await runMatrix({ kind: 'kafka', profile, skip: kafka });
  else await runMatrix({ kind: 'kafka', profile, start: () => startKafkaPlace(kafka, profile) });
}

/** How long after their start brokers first look for what is to be deleted or compacted. */
const promptTasks: Readonly<Record<string, string>> = { 'log.initial.task.delay.ms': '500' };

/** Since Apache Kafka 4.3 assignments of consumer groups are made at intervals and by a thread of their own. */
const promptAssignments: Readonly<Record<string, string>> = {
  'group.consumer.assignment.interval.ms': '0',
  'group.consumer.assignor.offload.enable': 'false',
  'group.consumer.min.assignment.interval.ms': '0',
};

/** Brokers that died are soon known to be dead. */
const promptFencing: Readonly<Record<string, string>> = {
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '3000',
};

/** Starts three brokers, each in a process of its own. */
async function startKafkaPlace(distribution: KafkaDistribution, profile: Profile): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
  const credentials = profile === 'secured' ? await issueCredentials(directory) : undefined;
  const cluster = await startKafkaCluster({
    distribution,
    name: profile,
    brokers: 3,
    configuration: {
      ...settingsOf(profile),
      ...promptAssignments,
      ...promptTasks,
      ...(profile === 'moves' ? promptFencing : {}),
    },
    security: credentials?.security,
  });
  return {
    kind: 'kafka',
    profile,
    brokerIds: cluster.brokers.map(({ nodeId }) => nodeId),
    credentials: credentials?.client,
    bootstrap: (listener) => cluster.bootstrap(listener),
    stopBroker: (nodeId, how) => (how === 'cleanly' ? cluster.stopBroker(nodeId) : cluster.killBroker(nodeId)),
    startBroker: (nodeId) => cluster.startBroker(nodeId),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
