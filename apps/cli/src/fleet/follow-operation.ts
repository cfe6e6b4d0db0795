/** An operation followed to its end: its steps as they are done, on stderr. */
import { setTimeout as pause } from 'node:timers/promises';
import { getOperationContract, type OperationDetail } from '@millrace/api/fleet';
import type { Values } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import type { Terminal } from '../framework/terminal.ts';
import { callServer } from '../server/find-server.ts';
import type { serverOptions } from '../server/server-options.ts';

const LOOK_MS = 300;
const ended: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);

/** Resolves with the operation as it ended. Left by Ctrl-C it goes on. */
export async function followOperation(
  options: Values<typeof serverOptions>,
  id: string,
  label: string,
  terminal: Terminal,
): Promise<OperationDetail> {
  const progress = new Progress(terminal, { label, unit: 'steps' });
  try {
    for (;;) {
      const operation = await callServer(options, getOperationContract, { params: { id } }, terminal);
      progress.update(operation.progress.done, partOf(operation));
      if (ended.has(operation.state)) return operation;
      await pause(LOOK_MS, undefined, { signal: terminal.signal });
    }
  } finally {
    progress.end();
  }
}

/** With what is done of the steps under way. */
function partOf({ steps, progress }: OperationDetail): number {
  const underWay = steps
    .filter(({ state }) => state === 'running')
    .reduce(
      (sum, step) => sum + (step.progress === null ? 0 : step.progress.done / Math.max(1, step.progress.total)),
      0,
    );
  return (progress.done + underWay) / Math.max(1, progress.total);
}
