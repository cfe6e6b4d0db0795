/** A mirror's state as people read it. */
import type { MirrorState, TopicState, WorkerState } from '@millrace/mirror';
import { type Column, count, counted, table } from '../framework/table.ts';
import { repeatsLine } from './repeats-line.ts';

export interface MirrorViewOptions {
  /** The terminal's; undefined where nothing is cut. */
  readonly columns: number | undefined;
  /** Most topics shown: those with stopped partitions, then the farthest behind; undefined for all of them, by name. */
  readonly topicsMax?: number | undefined;
  /** Whether to show each partition. */
  readonly partitions: boolean;
  /** What it was like a moment before, so that the view tells how quickly it goes. */
  readonly before?: MirrorState | undefined;
}

interface PartitionRow {
  readonly topic: string;
  readonly state: TopicState['partitions'][number];
}

export function mirrorView(state: MirrorState, options: MirrorViewOptions): string[] {
  const { workers, failovers, losses, notes, problems } = state;
  const lines = [headline(state, options.before)];
  if (state.guarantee === 'at-least-once') lines.push(repeatsLine);
  if (workers.length > 0) lines.push('', ...table(workers, workerColumns, options.columns));
  const shown = shownTopics(state, options.topicsMax);
  if (shown.length > 0) lines.push('', ...table(shown, topicColumns(state, options.before), options.columns));
  const left = state.topics.length - shown.length;
  if (left > 0) lines.push(`... and ${counted(left, 'topic')} that are less behind`);
  if (options.partitions) {
    const rows = shown.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, state: each })));
    if (rows.length > 0) lines.push('', ...table(rows, partitionColumns, options.columns));
  }
  if (failovers.length > 0) lines.push('', ...failovers.map((each) => `failover: ${each}`));
  if (losses.length > 0) lines.push('', ...losses.map((each) => `lost: ${each}`));
  if (notes.length > 0) lines.push('', ...notes.map((each) => `note: ${each}`));
  if (problems.length > 0) lines.push('', ...problems.map((problem) => `problem: ${problem}`));
  return lines;
}

function headline({ mirror, at, workers, topics }: MirrorState, before: MirrorState | undefined): string {
  const partitions = topics.reduce((sum, each) => sum + each.partitions.length, 0);
  const lag = topics.reduce((sum, each) => sum + each.lag, 0);
  const ages = topics.flatMap(({ lagMs }) => lagMs ?? []);
  const age = ages.length === 0 ? 0 : Math.max(...ages);
  const behind =
    lag === 0 ? 'nothing to copy' : `${counted(lag, 'record')} behind${age > 0 ? `, ${ageText(age)}` : ''}`;
  const isKnown = topics.every((topic) =>
    topic.partitions.every((each) => each.lag !== undefined || each.state === 'gone'),
  );
  const rate = before && topics.reduce((sum, topic) => sum + (rateOf(topic, at, before) ?? 0), 0);
  return [
    `Mirror ${mirror}: ${counted(workers.length, 'worker')}`,
    `${counted(topics.length, 'topic')} (${counted(partitions, 'partition')})`,
    isKnown ? behind : `at least ${behind}`,
    ...(rate === undefined ? [] : [`${count(Math.round(rate))}/s`]),
  ].join(', ');
}

const workerColumns: readonly Column<WorkerState>[] = [
  { title: 'WORKER', cell: ({ worker }) => worker, shrinks: true },
  { title: 'CLIENT', cell: ({ clientId }) => clientId, shrinks: true },
  { title: 'HOST', cell: ({ host }) => host, shrinks: true },
  { title: 'SHARDS', cell: ({ shards }) => shards?.length ?? 'sharing anew' },
  { title: 'PARTITIONS', cell: ({ partitions }) => partitions ?? null },
];

function topicColumns({ at }: MirrorState, before: MirrorState | undefined): Column<TopicState>[] {
  const columns: Column<TopicState>[] = [
    { title: 'TOPIC', cell: ({ topic }) => topic, shrinks: true },
    { title: 'ON TARGET', cell: ({ targetTopic }) => targetTopic, shrinks: true },
    { title: 'PARTITIONS', cell: ({ partitions }) => partitions.length },
    { title: 'LAG', cell: ({ lag }) => lag },
    { title: 'AGE', cell: ({ lagMs }) => (lagMs === undefined ? null : ageText(lagMs)) },
    { title: 'STATE', cell: stateOf },
  ];
  if (before === undefined) return columns;
  const rate = (topic: TopicState): number | null => {
    const perSecond = rateOf(topic, at, before);
    return perSecond === undefined ? null : Math.round(perSecond);
  };
  return [...columns.slice(0, 3), { title: 'PER SECOND', cell: rate }, ...columns.slice(3)];
}

const partitionColumns: readonly Column<PartitionRow>[] = [
  { title: 'TOPIC', cell: ({ topic }) => topic, shrinks: true },
  { title: 'PARTITION', cell: ({ state }) => state.partition, plain: true },
  { title: 'COPIED UP TO', cell: ({ state }) => state.copiedUpTo },
  { title: 'SOURCE END', cell: ({ state }) => state.sourceEnd ?? null },
  { title: 'TARGET OFFSET', cell: ({ state }) => state.targetOffset },
  { title: 'LAG', cell: ({ state }) => state.lag ?? null },
  { title: 'AGE', cell: ({ state }) => (state.lagMs === undefined ? null : ageText(state.lagMs)) },
  { title: 'WORKER', cell: ({ state }) => state.worker ?? null, shrinks: true },
  { title: 'STATE', cell: ({ state }) => state.state },
];

const worst = ['no worker', 'stopped', 'unknown', 'behind', 'failed over', 'gone'] as const;

/** The worst of its partitions. */
function stateOf({ partitions }: TopicState): string {
  const states = new Set(partitions.map(({ state }) => state));
  return worst.find((each) => states.has(each) && (each !== 'gone' || states.size === 1)) ?? 'up to date';
}

function shownTopics({ topics }: MirrorState, topicsMax: number | undefined): readonly TopicState[] {
  if (topicsMax === undefined || topics.length <= topicsMax) return topics;
  const stopped = (topic: TopicState): number => topic.partitions.filter(({ state }) => state === 'stopped').length;
  return [...topics].sort((a, b) => stopped(b) - stopped(a) || b.lag - a.lag).slice(0, topicsMax);
}

/** Source offsets that were copied or passed over per second since `before`. */
function rateOf({ topic, partitions }: TopicState, at: number, before: MirrorState): number | undefined {
  const was = before.topics.find((each) => each.topic === topic);
  const elapsedMs = at - before.at;
  if (was === undefined || elapsedMs <= 0) return undefined;
  const copied = partitions.reduce((sum, { partition, copiedUpTo }) => {
    return sum + copiedUpTo - (was.partitions.find((each) => each.partition === partition)?.copiedUpTo ?? copiedUpTo);
  }, 0);
  return (Math.max(0, copied) * 1000) / elapsedMs;
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

/** `950 ms`, `4.2 s`, `3.5 min`. */
export function ageText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const [size, unit] = units.find(([least]) => ms >= least) ?? ([1000, 's'] as const);
  return `${(ms / size).toFixed(1)} ${unit}`;
}
