/** What goes on in the background, as lines on stderr: only what somebody should know of. */
import type { EmbeddedFleetOptions } from '@millrace/engines';
import type { Terminal } from './framework/terminal.ts';

/** Reports brokers' warnings and errors; their ordinary events are not shown. */
export function brokerEvents(terminal: Terminal): NonNullable<EmbeddedFleetOptions['report']> {
  return (cluster, { level, message }) => {
    if (level !== 'info') terminal.note(`${level}: cluster ${cluster}: ${message}`);
  };
}
