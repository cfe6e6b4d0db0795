/** Mirrors that are declared and that the control plane runs, as people read them. */
import type { MirrorDetail, MirroredPartition, MirrorView } from '@millrace/api/fleet';
import { amount, sinceText } from '../cluster/observed-text.ts';
import { type Column, counted, table } from '../framework/table.ts';
import { ageText } from './mirror-view.ts';

/** Partitions that are shown where nobody asked for all. */
const partitionsShown = 10;

export function mirrorListLines(mirrors: readonly MirrorView[], width: number | undefined): string[] {
  const problems = mirrors.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]));
  return [...table(mirrors, columns, width), ...problems];
}

export function mirrorDetailLines(mirror: MirrorDetail, allPartitions: boolean, width: number | undefined): string[] {
  const { name, source, target, state, since, problem, worker, guarantee, partitionList, troubles } = mirror;
  const now = Date.now();
  const sinceWhen = since === null ? '' : `, since ${sinceText(since, now).replace(/ ago$/, '')}`;
  const by = worker === null ? '' : `, run by ${worker}`;
  const lines = [`Mirror ${name}, ${source} to ${target}, ${guarantee}: ${stateText(mirror)}${sinceWhen}${by}`];
  if (problem !== null) lines.push(`problem: ${problem}`);
  if (mirror.assigned !== null && mirror.partitions !== null && mirror.topicCount !== null) {
    const { partitions, assigned } = mirror;
    const others = assigned < partitions ? `, of which this worker copies ${assigned}` : '';
    const what = `${counted(mirror.topicCount, 'topic')}, ${counted(partitions, 'partition')}${others}`;
    const rates = [amount(mirror.recordsPerSecond, 'records/s'), amount(mirror.bytesPerSecond, 'B/s')];
    lines.push(`${what}; ${behindText(mirror)}; ${rates.filter((rate) => rate !== null).join(', ')}`);
  }
  if (state === 'waiting' && problem === null) lines.push('No process of the control plane has taken it yet.');
  const behind = allPartitions
    ? partitionList
    : partitionList.filter(({ lagRecords }) => lagRecords !== 0).slice(0, partitionsShown);
  if (behind.length > 0) lines.push('', ...table(behind, partitionColumns, width));
  const told = troubles.map(({ at, level, message }) => `${sinceText(at, now)}, ${level}: ${message}`);
  if (told.length > 0) lines.push('', ...told);
  return lines;
}

/** Whether it is as it was declared to be. */
export function isWell({ state, problem }: MirrorView): boolean {
  return (state === 'running' && problem === null) || state === 'paused';
}

const columns: readonly Column<MirrorView>[] = [
  { title: 'MIRROR', cell: ({ name }) => name, shrinks: true },
  { title: 'FROM', cell: ({ source }) => source },
  { title: 'TO', cell: ({ target }) => target },
  { title: 'STATE', cell: stateText },
  { title: 'PARTITIONS', cell: ({ partitions }) => partitions },
  { title: 'LAG', cell: ({ lagRecords }) => lagRecords },
  { title: 'AGE', cell: ({ lagSeconds }) => (lagSeconds === null ? null : ageText(lagSeconds * 1_000)) },
  { title: 'RECORDS', cell: ({ recordsPerSecond }) => amount(recordsPerSecond, '/s') },
  { title: 'TOPICS', cell: ({ topics }) => topics.join(', '), shrinks: true },
];

const partitionColumns: readonly Column<MirroredPartition>[] = [
  { title: 'TOPIC', cell: ({ topic }) => topic, shrinks: true },
  { title: 'PARTITION', cell: ({ partition }) => partition, plain: true },
  { title: 'ON TARGET', cell: ({ targetTopic }) => targetTopic, shrinks: true },
  { title: 'LAG', cell: ({ lagRecords }) => lagRecords },
  { title: 'AGE', cell: ({ lagSeconds }) => (lagSeconds === null ? null : ageText(lagSeconds * 1_000)) },
  { title: 'COPIED', cell: ({ recordsCopied }) => recordsCopied },
];

function stateText({ state }: MirrorView): string {
  return state.replace('_', ' ');
}

function behindText({ lagRecords, lagSeconds }: MirrorView): string {
  if (lagRecords === null) return 'how far it is behind is not known yet';
  if (lagRecords === 0) return 'nothing to copy';
  return `${counted(lagRecords, 'record')} behind, ${ageText((lagSeconds ?? 0) * 1_000)}`;
}
