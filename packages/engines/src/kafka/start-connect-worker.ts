/**
 * A worker of Kafka Connect in its distributed mode: one process, with Connect's REST interface on loopback.
 *
 * It keeps its connectors in topics of the cluster; of its directory, which holds its properties and its log, the next
 * start needs nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GuardedProcess } from '../processes/guarded-process.ts';
import { guard, unguard } from '../processes/guardian.ts';
import { reservePorts } from '../processes/reserve-ports.ts';
import type { KafkaDistribution } from './distribution.ts';
import { mirrorMakerFlags } from './jvm-flags.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import { formatProperties } from './properties.ts';

const mainClass = 'org.apache.kafka.connect.cli.ConnectDistributed';
const startMsMax = 180_000;
const askEveryMs = 200;

export interface ConnectWorkerOptions {
  readonly distribution: KafkaDistribution;
  readonly bootstrap: string;
  /** Of the workers that share their connectors. Default `connect`. */
  readonly group?: string | undefined;
  /** The worker's settings by Kafka's names, which win over those chosen here. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
}

export interface ConnectWorker extends AsyncDisposable {
  /** Of its REST interface. */
  readonly url: string;
  /** Where its Java writes. */
  readonly logFile: string;
  /** Ends it at once, and removes its directory. */
  close(): Promise<void>;
}

/** Starts a worker and waits until its REST interface answers. Throws `kafka_start_failed`. */
export async function startConnectWorker(options: ConnectWorkerOptions): Promise<ConnectWorker> {
  const { distribution, bootstrap, group = 'connect', configuration = {} } = options;
  const directory = await mkdtemp(join(tmpdir(), 'millrace-connect-'));
  guard({ directory });
  const reserved = await reservePorts(1);
  const url = `http://127.0.0.1:${reserved.ports[0]}`;
  const logFile = join(directory, 'connect.log');
  let running: GuardedProcess | undefined;
  const end = async (): Promise<void> => {
    await running?.kill();
    reserved.release();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    unguard({ directory });
  };
  try {
    const properties = join(directory, 'connect.properties');
    const text = formatProperties({ ...defaults(bootstrap, group, url), ...configuration });
    await writeFile(properties, text, { mode: 0o600 });
    const flags = mirrorMakerFlags(distribution, { jvm: 'small' });
    const args = [...flags, '-cp', distribution.classPath, mainClass, properties];
    running = await GuardedProcess.start({ program: distribution.java.program, args, logFile });
    await untilAnswers(url, running, logFile);
  } catch (error) {
    await end();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };
  return { url, logFile, close, [Symbol.asyncDispose]: close };
}

function defaults(bootstrap: string, group: string, url: string): Record<string, string> {
  const converter = 'org.apache.kafka.connect.storage.StringConverter';
  const topics = ['config', 'offset', 'status'].flatMap((kind) => [
    [`${kind}.storage.topic`, `${group}-${kind}s`],
    [`${kind}.storage.replication.factor`, '1'],
  ]);
  return {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'key.converter': converter,
    'value.converter': converter,
    listeners: url,
    // Plug-ins are found by the lists in their jars, and not by a search through all classes, which takes seconds.
    'plugin.discovery': 'service_load',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'scheduled.rebalance.max.delay.ms': '0',
    ...Object.fromEntries(topics),
  };
}

async function untilAnswers(url: string, process: GuardedProcess, logFile: string): Promise<void> {
  const deadline = performance.now() + startMsMax;
  for (;;) {
    // It answers as soon as it listens, and knows its connectors a little later.
    const answer = await fetch(`${url}/connectors`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return;
    const { ending } = process;
    if (ending !== undefined) {
      throw new KafkaEngineError('kafka_start_failed', `Kafka Connect ended with ${ending}; ${logFile} tells why`);
    }
    if (performance.now() > deadline) {
      throw new KafkaEngineError('kafka_start_failed', `Kafka Connect does not answer; ${logFile} tells why`);
    }
    await pause(askEveryMs);
  }
}
