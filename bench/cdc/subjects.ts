/** The captures that are measured, each as processes that write one table's changes into a topic. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type KafkaDistribution, startConnectWorker } from '@millrace/engines';
import type { Debezium } from './find-debezium.ts';

export interface CaptureTarget {
  readonly url: string;
  readonly bootstrap: string;
  /** Of small letters and digits; no other run has it. */
  readonly run: string;
}

export interface CaptureSubject {
  readonly name: string;
  /** Its slot at the source. */
  slot(target: CaptureTarget): string;
  /** Where changes of the table `public.t` go. */
  topic(target: CaptureTarget): string;
  start(target: CaptureTarget): Promise<RunningCapture>;
}

export interface RunningCapture {
  /** Reads the table and then follows it, or goes on where the run was stopped. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

export const millrace: CaptureSubject = {
  name: 'millrace',
  slot: ({ run }) => `millrace_${run}`,
  topic: ({ url }) => `dbsync.${new URL(url).pathname.slice(1)}.public.t`,
  start({ url, bootstrap, run }) {
    let child: ChildProcess | undefined;
    return Promise.resolve({
      begin() {
        const words = ['sync', 'capture', 'public.t', '--database-url', url, '--bootstrap', bootstrap, '--name', run];
        child = spawn(process.execPath, [binary, ...words], { stdio: ['ignore', 'ignore', 'ignore'] });
        return Promise.resolve();
      },
      async stop() {
        if (child === undefined || child.exitCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      },
    });
  },
};

/** Debezium on a worker of Kafka Connect, which has started before it begins; exactly once where the worker is. */
export function debezium(distribution: KafkaDistribution, { version, pluginPath }: Debezium): CaptureSubject {
  const prefix = (run: string): string => `debezium_${run}`;
  return {
    name: `Debezium ${version}`,
    slot: ({ run }) => `debezium_${run}`,
    topic: ({ run }) => `${prefix(run)}.public.t`,
    async start({ url, bootstrap, run }) {
      const json = 'org.apache.kafka.connect.json.JsonConverter';
      const worker = await startConnectWorker({
        ...{ distribution, bootstrap, group: `connect-${run}` },
        configuration: {
          'plugin.path': pluginPath,
          'plugin.discovery': 'only_scan',
          'exactly.once.source.support': 'enabled',
          ...Object.fromEntries(
            ['key', 'value'].flatMap((kind) => [
              [`${kind}.converter`, json],
              [`${kind}.converter.schemas.enable`, 'false'],
            ]),
          ),
        },
      });
      return {
        async begin() {
          const response = await fetch(`${worker.url}/connectors/${run}/config`, {
            method: 'PUT',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(connector(url, prefix(run), run)),
          });
          if (!response.ok) throw new Error(`Kafka Connect refused the connector: ${await response.text()}`);
        },
        stop: () => worker.close(),
      };
    },
  };
}

/** As its documentation has it, with the larger queues and batches that its guides to throughput name. */
function connector(url: string, prefix: string, run: string): Record<string, string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': hostname,
    'database.port': port === '' ? '5432' : port,
    'database.user': decodeURIComponent(username),
    'database.password': decodeURIComponent(password),
    'database.dbname': pathname.slice(1),
    'topic.prefix': prefix,
    'plugin.name': 'pgoutput',
    'slot.name': `debezium_${run}`,
    'publication.name': `debezium_${run}`,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.t',
    'max.batch.size': '10240',
    'max.queue.size': '40960',
    'poll.interval.ms': '10',
    'producer.override.linger.ms': '5',
    'producer.override.batch.size': '262144',
    'producer.override.compression.type': 'lz4',
    'exactly.once.support': 'required',
    'transaction.boundary': 'poll',
  };
}
