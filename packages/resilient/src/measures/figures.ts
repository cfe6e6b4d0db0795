/** The figures of a stream that are told to whoever watches, by the names that Prometheus has for them. */
import type { StreamMeasures } from './stream-measures.ts';

export interface MeasuredStream {
  readonly measures: StreamMeasures;
  readonly cluster: string;
  readonly group: string | undefined;
}

type Figure = (stream: MeasuredStream) => number | undefined;
type Family = readonly [name: string, type: 'counter' | 'gauge', help: string, figure: Figure];

export const latencyHelp =
  'Of producers from write to acknowledgement, by batch; of consumers from the time that a record bears, the first ' +
  'of each batch, to its being handed out.';

export const families: readonly Family[] = [
  ['records_total', 'counter', 'Records acknowledged, or handed out.', ({ measures }) => measures.records],
  ['bytes_total', 'counter', 'Their bytes, compressed where they are.', ({ measures }) => measures.bytes],
  ['errors_total', 'counter', 'Records that could not be delivered.', ({ measures }) => measures.errors],
  ['latency_seconds_sum', 'counter', latencyHelp, ({ measures }) => measures.latencies.sumMs / 1000],
  ['latency_seconds_count', 'counter', 'How many were measured.', ({ measures }) => measures.latencies.count],
  ['lag_records', 'gauge', 'Records that are still to be read.', ({ measures }) => measures.lag],
  ['switches_total', 'counter', 'Changes of settings, credential or cluster.', ({ measures }) => measures.switches],
  [
    'switches_forced_total',
    'counter',
    'Those that gave records up because the cluster that was left did not answer.',
    ({ measures }) => measures.forcedSwitches,
  ],
  [
    'switch_pause_seconds_max',
    'gauge',
    'The longest time that one of them took.',
    ({ measures }) => measures.longestPauseMs / 1000,
  ],
];
