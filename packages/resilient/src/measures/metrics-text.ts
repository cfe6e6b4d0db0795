/** What a client tells Prometheus, in its text format (version 0.0.4). */
import { families, type MeasuredStream } from './figures.ts';

/** What goes with the text as its content type. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsText(
  streams: readonly MeasuredStream[],
  config: { readonly isConnected: boolean; readonly untrusted: number },
): string {
  const own = [
    ...family('config_connected', 'gauge', 'Whether a config service tells of changes.', [['', +config.isConnected]]),
    ...family('config_untrusted_total', 'counter', 'Answers and copies that were refused.', [['', config.untrusted]]),
  ];
  const ofStreams = families.flatMap(([name, type, help, figure]) => {
    const samples = streams.flatMap((stream) => {
      const value = figure(stream);
      return value === undefined ? [] : [[labelsOf(stream), value] as const];
    });
    return family(name, type, help, samples);
  });
  return `${[...own, ...ofStreams].join('\n')}\n`;
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string[] {
  const full = `millrace_client_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([labels, value]) => `${full}${labels} ${value}`),
  ];
}

function labelsOf({ measures, cluster, group }: MeasuredStream): string {
  const labels = [
    ['topic', measures.topic],
    ['role', measures.role],
    ['cluster', cluster],
    ...(group === undefined ? [] : [['group', group]]),
  ] as const;
  return `{${labels.map(([name, value]) => `${name}="${escaped(value as string)}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
