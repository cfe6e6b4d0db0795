/** What clients of applications see, put together from what their instances reported. Pure. */
import type { ClientKpi, ConfigReport, StreamReport } from '@millrace/api/config';

/** A report, and when it came. */
export interface Heard {
  readonly application: string;
  readonly at: Date;
  readonly report: ConfigReport;
}

export interface KpiQuestion {
  readonly application?: string | undefined;
  readonly topic?: string | undefined;
  /** Only those with settings that stray from the standard. */
  readonly strays?: boolean | undefined;
}

/** One stream of one instance. */
interface Part {
  readonly heard: Heard;
  readonly stream: StreamReport;
}

/** Per application, topic and role, in that order. */
export function kpisOf(all: readonly Heard[], { application, topic, strays = false }: KpiQuestion): ClientKpi[] {
  const parts = all
    .filter((heard) => application === undefined || heard.application === application)
    .flatMap((heard) => heard.report.streams.map((stream): Part => ({ heard, stream })))
    .filter(({ stream }) => topic === undefined || stream.topic === topic);
  const groups = Map.groupBy(parts, ({ heard, stream }) => `${heard.application}\n${stream.topic}\n${stream.role}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => kpiOf(group))
    .filter((kpi) => !strays || kpi.strays.length > 0);
}

function kpiOf(parts: readonly Part[]): ClientKpi {
  const [first] = parts as readonly [Part, ...Part[]];
  const streams = parts.map(({ stream }) => stream);
  const sum = (of: (stream: StreamReport) => number | undefined): number | null => {
    const told = streams.flatMap((stream) => of(stream) ?? []);
    return told.length === 0 ? null : told.reduce((total, each) => total + each, 0);
  };
  const worst = (of: (stream: StreamReport) => number): number => Math.max(...streams.map(of));
  return {
    application: first.heard.application,
    topic: first.stream.topic,
    role: first.stream.role,
    clusters: [...new Set(streams.map(({ cluster }) => cluster))].sort(),
    instances: instancesOf(parts),
    recordsPerSecond: sum((each) => each.recordsPerSecond),
    bytesPerSecond: sum((each) => each.bytesPerSecond) ?? 0,
    errorsPerSecond: sum((each) => each.errorsPerSecond),
    latencyMs: { p50: worst((each) => each.latencyMs.p50), p99: worst((each) => each.latencyMs.p99) },
    lag: sum(({ lag }) => lag),
    libraries: librariesOf(parts),
    strays: straysOf(parts),
    reportedAt: new Date(Math.max(...parts.map(({ heard }) => heard.at.getTime()))).toISOString(),
  };
}

function librariesOf(parts: readonly Part[]): ClientKpi['libraries'] {
  const groups = Map.groupBy(parts, ({ heard }) => `${heard.report.library.name}\n${heard.report.library.version}`);
  return [...groups].map(([key, group]) => {
    const [name = '', version = ''] = key.split('\n');
    return { name, version, instances: instancesOf(group) };
  });
}

function straysOf(parts: readonly Part[]): ClientKpi['strays'] {
  const all = parts.flatMap((part) => part.stream.strays.map((stray) => ({ ...part, stray })));
  const groups = Map.groupBy(all, ({ stray }) => `${stray.name}\n${stray.value}\n${stray.standard}`);
  return [...groups.values()].map((group) => {
    const [{ stray }] = group as [(typeof group)[number]];
    return { ...stray, instances: instancesOf(group) };
  });
}

function instancesOf(parts: readonly Pick<Part, 'heard'>[]): number {
  return new Set(parts.map(({ heard }) => heard.report.instance)).size;
}
