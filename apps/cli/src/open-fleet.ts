/** The clusters that `up` works on: which they are, and what it takes to have them. */
import { isMillraceError, MillraceError } from '@millrace/base';
import type { DataDirectory, EmbeddedFleetOptions, RunningFleet } from '@millrace/engines';
import { brokerEvents } from './event-lines.ts';
import { Steps } from './framework/steps.ts';
import type { Terminal } from './framework/terminal.ts';
import { UsageError } from './framework/usage-error.ts';

/** What `up` was asked for. */
export interface FleetChoice {
  /** Undefined when none was named. */
  readonly engine: 'embedded' | 'kafka' | undefined;
  /** Path of a fleet file; undefined when none was named. */
  readonly fleet: string | undefined;
  readonly durable: boolean;
  readonly host: string;
  /** Whether clusters that are started here have free ports in place of the documented ones. */
  readonly freePorts: boolean;
  /** Where clients of embedded clusters tell of themselves. */
  readonly telemetry?: EmbeddedFleetOptions['telemetry'];
}

/** This machine lacks what the chosen engine needs. */
class EngineMissingError extends MillraceError {
  readonly code: string;

  constructor(cause: MillraceError) {
    super(cause.message, { cause, hint: 'Or run the embedded clusters, which need nothing: --engine embedded.' });
    this.code = cause.code;
  }
}

/** @throws UsageError for options that exclude each other. */
export function checkFleetChoice({
  engine,
  fleet,
  durable,
}: Omit<FleetChoice, 'host' | 'freePorts' | 'telemetry'>): void {
  if (engine !== undefined && fleet !== undefined) {
    throw new UsageError('--engine and --fleet exclude each other: clusters of a fleet file run already');
  }
  if (durable && (engine === 'kafka' || fleet !== undefined)) {
    throw new UsageError('--durable is about embedded clusters; others are durable as their own configuration says');
  }
}

/** Starts or attaches the clusters. */
export async function openFleet(
  choice: FleetChoice,
  dataDirectory: DataDirectory,
  terminal: Terminal,
): Promise<RunningFleet> {
  if (choice.fleet !== undefined) return attach(choice.fleet, terminal);
  const { defaultClusters, startEmbeddedFleet } = await import('@millrace/engines');
  const clusters = defaultClusters(choice);
  if (choice.engine === 'kafka') return startKafka(clusters, dataDirectory, terminal);
  const { host, durable, telemetry } = choice;
  return startEmbeddedFleet({ dataDirectory, clusters, host, durable, telemetry, report: brokerEvents(terminal) });
}

type Plans = ReturnType<typeof import('@millrace/engines').defaultClusters>;

async function startKafka(clusters: Plans, dataDirectory: DataDirectory, terminal: Terminal): Promise<RunningFleet> {
  const { ensureKafka, kafkaSource, startKafkaFleet } = await import('@millrace/engines');
  const { signal } = terminal;
  using steps = new Steps(terminal);
  const report = (sentence: string): void => steps.tell(sentence);
  try {
    const distribution = await ensureKafka(kafkaSource(process.env), report, signal);
    const names = clusters.map(({ name }) => name).join(' and ');
    report(`Starting Apache Kafka ${distribution.version}: clusters ${names}.`);
    const onBrokerEnd = (cluster: string, sentence: string): void => {
      terminal.note(`error: cluster ${cluster}: ${sentence}`);
    };
    return await startKafkaFleet({ distribution, dataDirectory, clusters, report, onBrokerEnd, signal });
  } catch (error) {
    const isMissing = isMillraceError(error, 'java_missing') || isMillraceError(error, 'maven_missing');
    throw isMissing ? new EngineMissingError(error as MillraceError) : error;
  }
}

async function attach(path: string, terminal: Terminal): Promise<RunningFleet> {
  const { attachFleet } = await import('@millrace/engines');
  const { readFleetFile } = await import('@millrace/fleet');
  const { clientSettings } = await import('./cluster/client-settings.ts');
  const { clusters } = await readFleetFile(path);
  const plans = await Promise.all(
    clusters.map(async (cluster) => {
      const { client } = await clientSettings(new Map(), undefined, cluster);
      return { ...cluster, client: { ...client, bootstrap: cluster.bootstrap } };
    }),
  );
  const fleet = await attachFleet(plans, { signal: terminal.signal });
  for (const [index, { name, problem }] of fleet.clusters.entries()) {
    if (problem === undefined) continue;
    const waiting = index === 0 ? 'tracking and its collector wait for it' : 'it is used as soon as it is there';
    terminal.note(`warn: cluster ${name} is not reachable yet, ${waiting}: ${problem}`);
  }
  return fleet;
}
