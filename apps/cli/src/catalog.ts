/** All commands, each loaded only when it is called. Names and summaries stand here, so that help loads nothing. */

import { controlCatalog } from './catalog-control.ts';
import { databaseCatalog } from './catalog-database.ts';
import { graphCatalog } from './catalog-graph.ts';
import { logsCatalog } from './catalog-logs.ts';
import { metricsCatalog } from './catalog-metrics.ts';
import { onboardingCatalog } from './catalog-onboarding.ts';
import type { Command } from './framework/command.ts';

export interface CatalogCommand {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Commands about one thing: `topic list`, `topic create`. */
export interface CatalogGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CatalogEntry[];
  /** What is meant when the word after the group's names none of its commands: `config TOPIC`. */
  readonly otherwise?: CatalogCommand | undefined;
}

export type CatalogEntry = CatalogCommand | CatalogGroup;

/** Words that stand for longer ones: `millrace logs search` is `millrace pipeline logs search`. */
export const shortcuts: ReadonlyMap<string, readonly string[]> = new Map([
  ['logs', ['pipeline', 'logs']],
  ['metrics', ['pipeline', 'metrics']],
]);

export const catalog: readonly CatalogEntry[] = [
  {
    name: 'up',
    summary: 'Run the platform on this machine: clusters, pipelines, status page',
    load: async () => (await import('./commands/up.ts')).up,
  },
  {
    name: 'status',
    summary: 'Show what runs and how it is',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'broker',
    summary: 'Run an embedded Kafka-compatible broker alone',
    load: async () => (await import('./commands/broker.ts')).broker,
  },
  {
    name: 'cluster',
    summary: 'List and describe the clusters of the fleet',
    commands: [
      {
        name: 'list',
        summary: 'List the clusters of the fleet as they were last seen',
        load: async () => (await import('./commands/cluster-list.ts')).clusterList,
      },
      {
        name: 'describe',
        summary: 'Show a cluster: its brokers, and what changed',
        load: async () => (await import('./commands/cluster-describe.ts')).clusterDescribe,
      },
      {
        name: 'observe',
        summary: "Tell the inventory who uses topics, from a broker's authorizer log",
        load: async () => (await import('./commands/cluster-observe.ts')).clusterObserve,
      },
    ],
  },
  {
    name: 'topic',
    summary: 'List, describe, create, change, trim and delete topics',
    commands: [
      {
        name: 'list',
        summary: 'List topics',
        load: async () => (await import('./commands/topic-list.ts')).topicList,
      },
      {
        name: 'describe',
        summary: "Show topics' partitions, offsets and configuration",
        load: async () => (await import('./commands/topic-describe.ts')).topicDescribe,
      },
      {
        name: 'create',
        summary: 'Create topics',
        load: async () => (await import('./commands/topic-create.ts')).topicCreate,
      },
      {
        name: 'alter',
        summary: 'Add partitions to a topic, or change its configuration',
        load: async () => (await import('./commands/topic-alter.ts')).topicAlter,
      },
      {
        name: 'trim',
        summary: 'Delete the oldest records of a topic',
        load: async () => (await import('./commands/topic-trim.ts')).topicTrim,
      },
      {
        name: 'delete',
        summary: 'Delete topics',
        load: async () => (await import('./commands/topic-delete.ts')).topicDelete,
      },
    ],
  },
  {
    name: 'group',
    summary: 'List, describe, reset and delete consumer groups',
    commands: [
      {
        name: 'list',
        summary: 'List consumer groups',
        load: async () => (await import('./commands/group-list.ts')).groupList,
      },
      {
        name: 'describe',
        summary: "Show groups' members, committed offsets and lag",
        load: async () => (await import('./commands/group-describe.ts')).groupDescribe,
      },
      {
        name: 'reset-offsets',
        summary: "Move a group's committed offsets",
        load: async () => (await import('./commands/group-reset-offsets.ts')).groupResetOffsets,
      },
      {
        name: 'delete',
        summary: 'Delete consumer groups',
        load: async () => (await import('./commands/group-delete.ts')).groupDelete,
      },
    ],
  },
  {
    name: 'produce',
    summary: 'Write records to a topic, from stdin or files',
    load: async () => (await import('./commands/produce.ts')).produce,
  },
  {
    name: 'consume',
    summary: 'Read records of topics',
    load: async () => (await import('./commands/consume.ts')).consume,
  },
  {
    name: 'mirror',
    summary: 'Copy topics from one cluster to another, exactly and for good',
    commands: [
      {
        name: 'run',
        summary: 'Run a worker of a mirror',
        load: async () => (await import('./commands/mirror-run.ts')).mirrorRun,
      },
      {
        name: 'status',
        summary: 'Show how a mirror is doing: workers, lag, problems',
        load: async () => (await import('./commands/mirror-status.ts')).mirrorStatus,
      },
      {
        name: 'list',
        summary: 'List the mirrors that are declared, and how they run',
        load: async () => (await import('./commands/mirror-list.ts')).mirrorList,
      },
      {
        name: 'verify',
        summary: 'Compare what a mirror copied with its source',
        load: async () => (await import('./commands/mirror-verify.ts')).mirrorVerify,
      },
      {
        name: 'failover',
        summary: 'Move from the source of a mirror to its target',
        load: async () => (await import('./commands/mirror-failover.ts')).mirrorFailover,
      },
      {
        name: 'failback',
        summary: 'Go back after a failover, without copying everything again',
        load: async () => (await import('./commands/mirror-failback.ts')).mirrorFailback,
      },
    ],
  },
  {
    name: 'twin',
    summary: 'Make QA clusters of the shape of others, compare them, give them samples of records',
    commands: [
      {
        name: 'create',
        summary: 'Make an embedded cluster of the shape of another one',
        load: async () => (await import('./commands/twin-create.ts')).twinCreate,
      },
      {
        name: 'list',
        summary: 'List clusters that are twins of others',
        load: async () => (await import('./commands/twin-list.ts')).twinList,
      },
      {
        name: 'diff',
        summary: 'Show what differs between a twin and the cluster that it is a twin of',
        load: async () => (await import('./commands/twin-diff.ts')).twinDiff,
      },
      {
        name: 'sync',
        summary: 'Make a twin the same as the cluster that it is a twin of',
        load: async () => (await import('./commands/twin-sync.ts')).twinSync,
      },
      {
        name: 'sample',
        summary: 'Copy a masked sample of records to a twin',
        load: async () => (await import('./commands/twin-sample.ts')).twinSample,
      },
      {
        name: 'delete',
        summary: 'End an embedded twin, with all that it stores',
        load: async () => (await import('./commands/twin-delete.ts')).twinDelete,
      },
    ],
  },
  {
    name: 'connect',
    summary: 'List, apply and restart connectors of Kafka Connect',
    commands: [
      {
        name: 'list',
        summary: 'List connectors of Kafka Connect, with what has failed',
        load: async () => (await import('./commands/connect-list.ts')).connectList,
      },
      {
        name: 'apply',
        summary: 'Make connectors what they are declared to be',
        load: async () => (await import('./commands/connect-apply.ts')).connectApply,
      },
      {
        name: 'restart',
        summary: 'Restart what has failed of a connector',
        load: async () => (await import('./commands/connect-restart.ts')).connectRestart,
      },
    ],
  },
  {
    name: 'pipeline',
    summary: 'Work with the pipelines that Millrace brings along',
    commands: [
      {
        name: 'tracking',
        summary: 'Show what was tracked, ask about it, import an access log, or watch events pass',
        load: async () => (await import('./commands/pipeline-tracking.ts')).pipelineTracking,
      },
      {
        name: 'dbsync',
        summary: 'Show which tables of databases are captured, and how much there is of each',
        load: async () => (await import('./commands/pipeline-dbsync.ts')).pipelineDbsync,
      },
      logsCatalog,
      metricsCatalog,
    ],
  },
  ...databaseCatalog,
  graphCatalog,
  {
    name: 'topology',
    summary: 'Show where clusters are, how, and the mirrors between them',
    load: async () => (await import('./commands/topology.ts')).topology,
  },
  {
    name: 'search',
    summary: 'Find whatever has a text in its name, in all of the fleet',
    load: async () => (await import('./commands/search.ts')).search,
  },
  ...onboardingCatalog,
  {
    name: 'findings',
    summary: 'Show what is wrong with access: drift, unused rights, expiry, plaintext',
    load: async () => (await import('./commands/findings.ts')).findings,
  },
  ...controlCatalog,
  {
    name: 'version',
    summary: 'Print the version',
    load: async () => (await import('./commands/version.ts')).version,
  },
];
