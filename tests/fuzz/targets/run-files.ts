/** What a command finds in a data directory that something runs from, or ran. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRunning } from '@millrace/engines';
import { attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-fuzz-run-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

/** An input is the file by which other commands find what runs in a data directory. */
export const runFiles: FuzzTarget = {
  name: 'run-files',
  inputs: 800,
  seeds: () => {
    const cluster = { name: 'east', clusterId: null, bootstrap: '127.0.0.1:9092', brokers: [] };
    const addresses = { purpose: 'millrace up', startedAt: '2026-01-31T09:00:00Z', url: null, collectorUrl: null };
    return [
      { process: { pid: process.pid, started: 'x y', place: 'here' }, ...addresses, clusters: [cluster] },
      { process: { pid: 1, started: '', place: '' }, ...addresses, url: 'http://127.0.0.1:8800', clusters: [] },
    ].map((run) => Buffer.from(JSON.stringify(run)));
  },
  async run(input) {
    writeFileSync(join(directory, 'run.json'), input);
    return (await attemptLater(async () => (await findRunning(directory))?.clusters.length)).slice(0, 40);
  },
};
