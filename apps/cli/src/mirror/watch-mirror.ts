/** What a worker of a mirror shows while it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mirror } from '@millrace/mirror';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { mirrorTotals } from './mirror-choice.ts';
import { repeatsLine } from './repeats-line.ts';

const statusMs = 1000;

/** Says what is copied from where to where. */
export function announceMirror(
  mirror: Mirror,
  source: string,
  target: string,
  metrics: string | undefined,
  { json, output }: Terminal,
): void {
  const { topics, partitions, guarantee } = mirror;
  if (json) output.json({ ready: true, mirror: mirror.name, source, target, topics, partitions, guarantee, metrics });
  else {
    const what = `${counted(topics.length, 'topic')} (${counted(partitions, 'partition')})`;
    output.line(`Mirror ${mirror.name} copies ${what} from ${source} to ${target}. Ctrl-C stops it.`);
    if (guarantee === 'at-least-once') output.line(repeatsLine);
    if (metrics !== undefined) output.line(`Its figures for Prometheus are at ${metrics}.`);
  }
}

/** Shows how it goes until it is asked to stop, or with `once` until nothing is left to copy. */
export async function watchMirror(mirror: Mirror, once: boolean, terminal: Terminal): Promise<void> {
  const progress = new Progress(terminal, { label: 'mirroring', unit: 'records' });
  try {
    while (!terminal.signal.aborted) {
      const { records, lag, isKnown } = mirrorTotals(mirror);
      if (once && isKnown && lag === 0) return;
      progress.update(records, records === 0 ? undefined : records / (records + lag));
      await sleep(once ? 50 : statusMs, undefined, { signal: terminal.signal }).catch(() => undefined);
    }
  } finally {
    progress.end();
  }
}
