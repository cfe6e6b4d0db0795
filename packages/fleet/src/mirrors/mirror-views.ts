/** Mirrors as people see them: what is declared, put together with what its process told last. */
import type { Mirror } from '@millrace/api/declared';
import type { MirrorState, MirrorView } from '@millrace/api/fleet';
import type { RunRow } from './mirror-store.ts';
import type { RunFigures } from './run-status.ts';

/** Whoever ran it and has not told for so long is gone, and nobody has taken over yet. */
const staleMs = 10_000;

const unknown: RunFigures = {
  partitions: null,
  assigned: null,
  stopped: null,
  topicCount: null,
  lagRecords: null,
  lagSeconds: null,
  recordsPerSecond: null,
  bytesPerSecond: null,
  recordsCopied: null,
  bytesCopied: null,
};

/** How a mirror runs, in short. */
export interface MirrorCondition {
  readonly state: MirrorState;
  readonly problem: string | null;
}

export function mirrorCondition({ paused }: Mirror, run: RunRow | undefined): MirrorCondition {
  if (paused === true) return { state: 'paused', problem: null };
  if (run === undefined) return { state: 'waiting', problem: null };
  if (run.ageMs <= staleMs) return { state: run.state, problem: run.problem };
  const seconds = Math.round(run.ageMs / 1_000);
  return { state: 'waiting', problem: `${run.process} ran it and has not told of it for ${seconds} s` };
}

export function mirrorView(mirror: Mirror, run: RunRow | undefined): MirrorView {
  const { name, source, target, topics, prefix = '', guarantee = 'exactly-once' } = mirror;
  const { state, problem } = mirrorCondition(mirror, run);
  const isRun = run !== undefined && state !== 'paused';
  return {
    ...{ name, source, target, topics: [...topics], prefix, guarantee, state, problem },
    since: isRun && state !== 'waiting' ? run.since.toISOString() : null,
    worker: isRun && state !== 'waiting' ? run.process : null,
    observedAt: isRun ? run.at.toISOString() : null,
    ...(isRun ? (run.figures ?? unknown) : unknown),
  };
}
