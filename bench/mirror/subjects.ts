/** The mirrors that are measured, each as a process that copies one topic to another name on the target. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type KafkaDistribution, startMirrorMaker } from '@millrace/engines';
import { mirrorMakerProperties } from './mirror-maker-properties.ts';

export interface MirrorRun {
  readonly source: string;
  readonly target: string;
  readonly topic: string;
  /** Of the topic's batches. */
  readonly compression: string;
  /** A word that no other run has. */
  readonly run: string;
  /** One of the clusters is far. */
  readonly isFar?: boolean | undefined;
}

export interface MirrorSubject {
  readonly name: string;
  /** The topic that it copies to. */
  targetTopic(run: MirrorRun): string;
  start(run: MirrorRun): Promise<{ readonly pid: number; stop(): Promise<void> }>;
}

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

export const millraceMirror: MirrorSubject = millrace(true);
/** At the guarantee that MirrorMaker has as it comes. */
export const millraceAtLeastOnce: MirrorSubject = millrace(false);

function millrace(exactlyOnce: boolean): MirrorSubject {
  return {
    name: exactlyOnce ? 'millrace' : 'millrace, at least once',
    targetTopic: ({ run, topic }) => `${run}.${topic}`,
    async start({ source, target, topic, run }) {
      const words = ['--source', source, '--target', target, '--topics', topic, '--name', run, '--prefix', `${run}.`];
      if (!exactlyOnce) words.push('--at-least-once');
      const child = spawn(process.execPath, [binary, 'mirror', 'run', ...words], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      return { pid: child.pid ?? 0, stop: () => stop(child) };
    },
  };
}

/** MirrorMaker 2 of the distribution, exactly once as KIP-618 has it, or at least once. */
export function mirrorMaker(distribution: KafkaDistribution, exactlyOnce: boolean): MirrorSubject {
  return {
    name: `MirrorMaker ${distribution.version}, ${exactlyOnce ? 'exactly' : 'at least'} once`,
    targetTopic: ({ run, topic }) => `${run}.${topic}`,
    async start({ source, target, topic, compression, run, isFar }) {
      const from = { source, target, topic, compression, alias: run, isFar };
      const configuration = mirrorMakerProperties({ ...from, exactlyOnce });
      const maker = await startMirrorMaker({ distribution, configuration, targets: ['target'], jvm: 'default' });
      return { pid: maker.pid ?? 0, stop: () => maker.close() };
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
