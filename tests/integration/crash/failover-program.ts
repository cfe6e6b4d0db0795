/** A process that fails a mirror over or back and prints each step, so that it can be killed at any of them. */
import { type FailbackOptions, type FailoverOptions, failback, failover } from '@millrace/mirror';

export interface FailoverTask {
  readonly failover?: FailoverOptions | undefined;
  readonly failback?: FailbackOptions | undefined;
}

const task = JSON.parse(process.argv[2] ?? '{}') as FailoverTask;
const tell = ({ step }: { readonly step: string }): void => void process.stdout.write(`${step}\n`);
if (task.failover !== undefined) await failover({ ...task.failover, tell });
if (task.failback !== undefined) await failback({ ...task.failback, tell });
process.stdout.write('done\n');
