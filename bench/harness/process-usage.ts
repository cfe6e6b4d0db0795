/** What a process has used so far, asked from outside. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const ticksPerSecond = process.platform === 'linux' ? Number(execFileSync('getconf', ['CLK_TCK']).toString()) : 0;

/** Processor time of all threads, and resident memory now. */
export function usageOf(pid: number): ProcessUsage {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: Number(resident) * 1024 };
}

function fromPs(pid: number): ProcessUsage {
  const [time = '0:0', kilobytes = '0'] = execFileSync('ps', ['-o', 'cputime=,rss=', '-p', `${pid}`])
    .toString()
    .trim()
    .split(/\s+/);
  const seconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return { cpuSeconds: seconds, residentBytes: Number(kilobytes) * 1024 };
}
