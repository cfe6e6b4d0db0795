/** What a worker of a mirror tells Prometheus, in its text format (version 0.0.4). */
import type { Mirror, PartitionStatus } from '../mirror.ts';

/** What goes with the text as its content type. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = readonly (readonly [name: string, value: string | number])[];

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number | undefined }[];
}

/** The figures of this worker alone: those of a mirror are the sums over its workers. What is not known is left out. */
export function metricsText(
  mirror: Pick<Mirror, 'name' | 'status' | 'standstills' | 'figures' | 'assignedPartitions'>,
): string {
  const { recordsCopied, bytesCopied, problems } = mirror.figures();
  const label = ['mirror', mirror.name] as const;
  const one = (value: number): Family['samples'] => [{ labels: [label], value }];
  const families: Family[] = [
    counter('records_copied_total', 'Records that are stored on the target.', one(recordsCopied)),
    counter('bytes_copied_total', 'Their bytes as stored, compressed where they are.', one(bytesCopied)),
    counter(
      'problems_total',
      'Warnings and errors by kind.',
      [...problems].map(([kind, value]) => ({ labels: [label, ['kind', kind]], value })),
    ),
    gauge('assigned_partitions', 'Partitions that this worker is to copy.', one(mirror.assignedPartitions)),
    gauge(
      'partition_stopped',
      '1 for each partition of this worker that stands still until something is done about it, with the reason.',
      mirror.standstills().map(({ topic, partition, reason }) => {
        return { labels: [label, ['topic', topic], ['partition', partition], ['reason', reason]], value: 1 };
      }),
    ),
    ...partitionFamilies(mirror.status(), label),
  ];
  return families.map(familyText).join('');
}

function partitionFamilies(status: readonly PartitionStatus[], label: Labels[number]): Family[] {
  const each = (figure: (partition: PartitionStatus) => number | undefined): Family['samples'] =>
    status.map((partition) => {
      const place = [['topic', partition.topic] as const, ['partition', partition.partition] as const];
      return { labels: [label, ...place], value: figure(partition) };
    });
  return [
    gauge(
      'partition_lag_records',
      'Offsets of the source that are still to be copied or passed over.',
      each(({ lag }) => lag),
    ),
    gauge(
      'partition_lag_seconds',
      'How long ago the oldest batch that is not copied came into being, by its newest record.',
      each(({ lagMs }) => lagMs && lagMs / 1000),
    ),
    counter(
      'partition_records_copied_total',
      'Records copied since this worker took the partition over.',
      each(({ recordsCopied }) => recordsCopied),
    ),
    counter(
      'partition_bytes_copied_total',
      'Bytes stored since this worker took the partition over.',
      each(({ bytesCopied }) => bytesCopied),
    ),
    counter(
      'partition_records_returning_total',
      'Records left out because of where they came from, since this worker took the partition over.',
      each(({ recordsReturning }) => recordsReturning),
    ),
    counter(
      'partition_foreign_offsets_total',
      'Offsets of the target between copied records that others took, since this worker took the partition over.',
      each(({ foreignOffsets }) => foreignOffsets),
    ),
  ];
}

function counter(name: string, help: string, samples: Family['samples']): Family {
  return { name: `millrace_mirror_${name}`, type: 'counter', help, samples };
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name: `millrace_mirror_${name}`, type: 'gauge', help, samples };
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.flatMap(({ labels, value }) =>
    value === undefined ? [] : [`${name}{${labels.map(labelText).join(',')}} ${value}`],
  );
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function labelText([name, value]: Labels[number]): string {
  const escaped = String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  return `${name}="${escaped}"`;
}
