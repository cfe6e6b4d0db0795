/** Logs as `up` runs them: where they keep lines, and who is told of alerts. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LogAlert } from '@millrace/api';
import type { Client } from '@millrace/client';
import type { DataDirectory } from '@millrace/engines';
import { type Logs, type LogsOptions, startLogs } from '@millrace/pipelines';
import type { EventHub } from '@millrace/server';
import { alertText } from './alert-text.ts';

export interface PlatformLogsOptions {
  readonly client: Client;
  readonly dataDirectory: DataDirectory;
  readonly settings: Pick<LogsOptions, 'masker' | 'retentionMs' | 'bytesMax'>;
  readonly hub: EventHub;
  readonly warn: (message: string) => void;
  /** Told of alerts as sentences. Not to be written to the log, whose lines raise them. */
  readonly tell: (message: string) => void;
}

const shownMax = 10;
/** Tellings in a minute; the rest is counted. */
const toldMax = 10;

export function startLogsOn({ client, dataDirectory, settings, hub, warn, tell }: PlatformLogsOptions): Promise<Logs> {
  const directory = join(dataDirectory.path, 'logs');
  const told = boundedTelling(tell);
  return startLogs({
    ...{ client, name: `${hostname()} ${directory}`, directory, ...settings, warn },
    onAlerts: (alerts, isNews) => {
      hub.set('logs.alerts', alerts.slice(0, shownMax));
      if (isNews) told(alerts[0] as LogAlert);
    },
  });
}

function boundedTelling(tell: (message: string) => void): (alert: LogAlert) => void {
  let minute = 0;
  let count = 0;
  return (alert) => {
    const now = Math.floor(Date.now() / 60_000);
    if (now !== minute) count = 0;
    minute = now;
    count++;
    if (count <= toldMax) tell(`logs: ${alertText(alert)}`);
    if (count === toldMax) tell('logs: more alerts are in `millrace logs alerts`');
  };
}
