/** librdkafka, through kcat: lines of a file produced, a topic read to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadClient, Workload } from './workload.ts';

/** Its input files lie in `folder`. */
export function kcat(folder: string): LoadClient {
  const fileOf = ({ recordBytes, recordCount }: Workload): string => join(folder, `${recordCount}x${recordBytes}`);
  return {
    name: 'librdkafka',
    async prepare(workload) {
      await writeFile(fileOf(workload), `${'x'.repeat(workload.recordBytes)}\n`.repeat(workload.recordCount));
    },
    produce(bootstrap, topic, workload) {
      const pace = workload.recordsPerRequest === 1 ? ['batch.num.messages=1', 'linger.ms=0'] : ['linger.ms=5'];
      const settings = [...pace, 'acks=all'].flatMap((setting) => ['-X', setting]);
      return secondsOf(['-P', '-b', bootstrap, '-t', topic, '-l', fileOf(workload), ...settings]);
    },
    consume: (bootstrap, topic) => secondsOf(['-C', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-e', '-q']),
  };
}

/** Runs kcat to its end. */
export async function secondsOf(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn('kcat', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('error', (error) => {
    throw new Error(`this benchmark needs kcat (Debian's package kcat): ${error.message}`);
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`kcat ${args.join(' ')} failed with exit code ${code}`);
  return (performance.now() - began) / 1000;
}
