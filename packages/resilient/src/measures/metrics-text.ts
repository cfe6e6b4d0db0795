/** What a client tells Prometheus, in its text format (version 0.0.4). */
import { families, latencyHelp, type MeasuredStream } from './figures.ts';

/** What goes with the text as its content type. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsText(
  streams: readonly MeasuredStream[],
  config: { readonly isConnected: boolean; readonly untrusted: number; readonly older: number },
): string {
  const own = [
    ...family('config_connected', 'gauge', 'Whether a config service tells of changes.', [['', +config.isConnected]]),
    ...family('config_untrusted_total', 'counter', 'Answers and copies that were refused.', [['', config.untrusted]]),
    ...family('config_older_total', 'counter', 'Answers that were older than ones seen.', [['', config.older]]),
  ];
  const ofStreams = families
    .filter(([name]) => !name.startsWith(latency))
    .flatMap(([name, type, help, figure]) => {
      const samples = streams.flatMap((stream) => {
        const value = figure(stream);
        return value === undefined ? [] : [[labelsOf(stream), value] as const];
      });
      return family(name, type, help, samples);
    });
  return `${[...own, ...ofStreams, ...histogram(streams)].join('\n')}\n`;
}

const latency = 'latency_seconds';

function histogram(streams: readonly MeasuredStream[]): string[] {
  const name = `millrace_client_${latency}`;
  const samples = streams.flatMap((stream) => {
    const { latencies } = stream.measures;
    const bounds = latencies
      .cumulative()
      .map(({ boundMs, count }) => [(boundMs / 1000).toPrecision(4), count] as const);
    const buckets = [...bounds, ['+Inf', latencies.count] as const].map(([le, count]) => {
      return `${name}_bucket${labelsOf(stream, [['le', le]])} ${count}`;
    });
    const labels = labelsOf(stream);
    return [...buckets, `${name}_sum${labels} ${latencies.sumMs / 1000}`, `${name}_count${labels} ${latencies.count}`];
  });
  return [`# HELP ${name} ${latencyHelp}`, `# TYPE ${name} histogram`, ...samples];
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string[] {
  return lines(`millrace_client_${name}`, type, help, samples);
}

/** A figure of a sidecar, by its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The lines of a sidecar's figures of one name. */
export function textFamily(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string[] {
  const labelled = samples.map(([labels, value]) => [labelText(Object.entries(labels)), value] as const);
  return lines(`millrace_sidecar_${name}`, type, help, labelled);
}

function lines(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

function labelsOf(
  { measures, cluster, group }: MeasuredStream,
  more: readonly (readonly [name: string, value: string])[] = [],
): string {
  return labelText([
    ['topic', measures.topic],
    ['role', measures.role],
    ['cluster', cluster],
    ...(group === undefined ? [] : [['group', group] as const]),
    ...more,
  ]);
}

function labelText(labels: readonly (readonly [name: string, value: string])[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
