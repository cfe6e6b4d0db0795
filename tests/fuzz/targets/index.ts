/** All targets, by the module and the name of their export, as a process of its own loads them. */
import type { FuzzTarget } from '../fuzz-target.ts';
import { accessLogs } from './access-logs.ts';
import { batches, filteredBatches } from './batches.ts';
import { broker } from './broker.ts';
import { client } from './client.ts';
import { collector } from './collector.ts';
import { compression } from './compression.ts';
import { fleetFiles, properties, recordLines } from './files-of-users.ts';
import { frames } from './frames.ts';
import { jsonLines, otlpLogs, syslog } from './log-lines.ts';
import { consumerProtocol, requests, responses } from './messages.ts';
import { metrics } from './metrics.ts';
import { mirrorJournal } from './mirror-journal.ts';
import { mirroredBatches } from './mirrored-batches.ts';
import { promql } from './promql.ts';
import { records } from './records.ts';
import { runFiles } from './run-files.ts';
import { sasl } from './sasl.ts';
import { schemas } from './schemas.ts';
import { journal, logs } from './stored-files.ts';
import { telemetry } from './telemetry.ts';
import { configuration, patterns, principalRules } from './texts.ts';
import { tokens } from './tokens.ts';

export interface ListedTarget {
  /** URL of its module. */
  readonly module: string;
  /** The export's name. */
  readonly exported: string;
  readonly target: FuzzTarget;
}

const modules: Readonly<Record<string, Readonly<Record<string, FuzzTarget>>>> = {
  './messages.ts': { requests, responses, consumerProtocol },
  './frames.ts': { frames },
  './batches.ts': { batches, filteredBatches },
  './mirrored-batches.ts': { mirroredBatches },
  './mirror-journal.ts': { mirrorJournal },
  './compression.ts': { compression },
  './sasl.ts': { sasl },
  './schemas.ts': { schemas },
  './tokens.ts': { tokens },
  './telemetry.ts': { telemetry },
  './texts.ts': { principalRules, patterns, configuration },
  './files-of-users.ts': { properties, recordLines, fleetFiles },
  './run-files.ts': { runFiles },
  './access-logs.ts': { accessLogs },
  './collector.ts': { collector },
  './metrics.ts': { metrics },
  './log-lines.ts': { syslog, jsonLines, otlpLogs },
  './promql.ts': { promql },
  './broker.ts': { broker },
  './client.ts': { client },
  './records.ts': { records },
  './stored-files.ts': { journal, logs },
};

export const targets: readonly ListedTarget[] = Object.entries(modules).flatMap(([path, exports]) => {
  const module = new URL(path, import.meta.url).href;
  return Object.entries(exports).map(([exported, target]) => ({ module, exported, target }));
});
