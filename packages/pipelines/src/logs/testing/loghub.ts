/**
 * Loghub's samples of 2,000 lines a system, where they lie beside the repository, and how well lines are grouped by
 * them. Labels are there for some systems; Drain's published figures, whose settings are per system, for all.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { records } from './comma-separated.ts';

const directory = resolve(import.meta.dirname, '../../../../../../shared/data/logs/loghub_2k');

/** Grouping accuracy of Drain, from the collection's own table. */
export const drainAccuracy: ReadonlyMap<string, number> = new Map(
  Object.entries({
    HDFS: 0.9975,
    Hadoop: 0.9475,
    Spark: 0.92,
    Zookeeper: 0.9665,
    BGL: 0.9625,
    HPC: 0.887,
    Thunderbird: 0.955,
    Windows: 0.997,
    Linux: 0.69,
    Android: 0.911,
    HealthApp: 0.78,
    Apache: 1,
    Proxifier: 0.5265,
    OpenSSH: 0.7875,
    OpenStack: 0.7325,
    Mac: 0.7865,
  }),
);

/** A system's lines as they were written; undefined where the collection is absent. */
export function loghubLines(system: string): string[] | undefined {
  const file = `${directory}/${system}/${system}_2k.log`;
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
}

export interface LoghubLabels {
  /** Which event each line is of. */
  readonly events: readonly string[];
  /** Each line's message, without what stands before it. */
  readonly messages: readonly string[];
}

/** What people say the lines are; undefined where nobody did. */
export function loghubLabels(system: string): LoghubLabels | undefined {
  const file = `${directory}/${system}/${system}_2k.log_structured.csv`;
  if (!existsSync(file)) return undefined;
  const [heading = [], ...rows] = records(readFileSync(file, 'utf8'));
  const event = heading.indexOf('EventId');
  const message = heading.indexOf('Content');
  return { events: rows.map((row) => row[event] as string), messages: rows.map((row) => row[message] as string) };
}

/**
 * The part of lines whose group is right: those with the same id are exactly those of the same event (Zhu et al., Tools
 * and Benchmarks for Automated Log Parsing, 2019).
 */
export function groupingAccuracy(ids: readonly string[], events: readonly string[]): number {
  const ofId = Map.groupBy(ids.keys(), (index) => ids[index] as string);
  const ofEvent = Map.groupBy(events.keys(), (index) => events[index] as string);
  let right = 0;
  for (const lines of ofId.values()) {
    const event = events[lines[0] as number] as string;
    const isOne = lines.every((line) => events[line] === event);
    if (isOne && ofEvent.get(event)?.length === lines.length) right += lines.length;
  }
  return right / ids.length;
}
