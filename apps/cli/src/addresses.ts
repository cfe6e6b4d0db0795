/** What `up` and `broker` say when they are ready. */
import type { RunAddresses } from '@millrace/engines';
import type { Terminal } from './framework/terminal.ts';

/** Prints the ready message: one line of JSON, or a list for people. */
export function printReady(addresses: RunAddresses, dataDirectory: string, terminal: Terminal): void {
  const { output } = terminal;
  const { url, collectorUrl, startedAt, clusters } = addresses;
  if (terminal.json) {
    output.json({ ready: true, pid: process.pid, startedAt, dataDirectory, url, collectorUrl, clusters });
    return;
  }
  const rows: [string, string][] = [
    ...(url === null ? [] : [['Status page', url] as [string, string]]),
    ...(collectorUrl === null ? [] : [['Collector', `${collectorUrl}/t`] as [string, string]]),
    ...clusters.map(({ name, bootstrap }): [string, string] => [`Cluster ${name}`, bootstrap]),
    ['Data', dataDirectory],
  ];
  const widest = Math.max(...rows.map(([name]) => name.length));
  output.line(`\`${addresses.purpose}\` is ready.\n`);
  for (const [name, value] of rows) output.line(`  ${name.padEnd(widest)}  ${value}`);
  output.line('\nTry `millrace topic list` in another terminal. Ctrl-C stops it.');
}
