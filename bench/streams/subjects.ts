/** What is measured: a process that runs a query, with Millrace or with Kafka Streams. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KafkaDistribution } from '@millrace/engines';
import { ofRun } from '@millrace/streams/testing/nexmark';
import { compileQueries } from './compile-queries.ts';

export interface QueryRun {
  readonly bootstrap: string;
  /** `q0` to `q8`. */
  readonly query: string;
  /** A word that no other run has. */
  readonly run: string;
  readonly graceMs: number;
  readonly auctionMsMax: number;
  /** For its state; empty. */
  readonly directory: string;
}

export interface StreamsSubject {
  readonly name: string;
  start(run: QueryRun): Promise<RunningQuery>;
}

export interface RunningQuery {
  readonly pid: number;
  /** Throws when the process has ended by itself. */
  check(): void;
  /** The last of what the process has said. */
  said(): string;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('./millrace-program.ts', import.meta.url));

export const millraceStreams: StreamsSubject = {
  name: 'millrace',
  start: async (run) => runningOf(process.execPath, [program, JSON.stringify(run)], run.directory),
};

/**
 * Kafka Streams as its tuning guides have it: caches for stores of a size like ours (64 MiB for a store, of which a
 * query has two that matter), larger batches, optimized topology. A commit interval of 100 ms is its default for
 * exactly once.
 */
export function kafkaStreams(distribution: KafkaDistribution, threads: number): StreamsSubject {
  return {
    name: `Kafka Streams ${distribution.version}, ${threads} thread${threads === 1 ? '' : 's'}`,
    async start({ bootstrap, query, run, graceMs, auctionMsMax, directory }) {
      const classes = await compileQueries(distribution);
      const properties = join(directory, 'streams.properties');
      const settings = {
        'application.id': ofRun(`nexmark-${query}`, run),
        'bootstrap.servers': bootstrap,
        'state.dir': directory,
        'num.stream.threads': threads,
        'processing.guarantee': 'exactly_once_v2',
        'replication.factor': 1,
        'statestore.cache.max.bytes': 128 * 2 ** 20,
        'topology.optimization': 'all',
        'producer.batch.size': 128 * 1024,
        'consumer.max.poll.records': 5_000,
        'default.key.serde': 'org.apache.kafka.common.serialization.Serdes$LongSerde',
      };
      await writeFile(
        properties,
        Object.entries(settings)
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      );
      const flags = [
        '-server',
        '-Xms1G',
        '-Xmx1G',
        '-XX:+UseG1GC',
        '-XX:MaxGCPauseMillis=20',
        '-Djava.awt.headless=true',
      ];
      const words = ['-cp', `${classes}:${distribution.classPath}`, 'NexmarkStreams', properties, query, run];
      const args = [...flags, logging, ...words, `${graceMs}`, `${auctionMsMax}`];
      return runningOf(distribution.java.program, args, directory);
    },
  };
}

const warnings = fileURLToPath(new URL('./java/log-warnings.properties', import.meta.url));
const logging = `-Dlog4j2.configurationFile=${warnings}`;

function runningOf(program: string, args: readonly string[], directory: string): RunningQuery {
  const logFile = join(directory, 'output.log');
  const log = openSync(logFile, 'w');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const said = (): string => readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
  return {
    pid: child.pid ?? 0,
    said,
    check: () => {
      if (hasEnded()) throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}`);
    },
    stop: async () => {
      if (hasEnded()) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
