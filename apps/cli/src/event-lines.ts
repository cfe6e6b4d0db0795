/** What goes on in the background, as lines on stderr: only what somebody should know of. */
import type { EmbeddedFleetOptions } from '@millrace/engines';
import type { Terminal } from './framework/terminal.ts';

/** Reports brokers' warnings and errors; their ordinary events are not shown. */
export function brokerEvents(terminal: Terminal): NonNullable<EmbeddedFleetOptions['report']> {
  return (cluster, { level, message }) => {
    if (level !== 'info') terminal.note(`${level}: cluster ${cluster}: ${message}`);
  };
}

const REPEAT_MS = 10_000;

/** What clients of every kind tell. */
interface ClientEventLike {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly message: string;
}

/** Reports what a client has trouble with and goes on trying, each kind of trouble once in a while. */
export function clientEvents(terminal: Terminal): (event: ClientEventLike) => void {
  const toldAt = new Map<string, number>();
  return ({ level, event, message }) => {
    const now = performance.now();
    if (level === 'info' || now - (toldAt.get(event) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    toldAt.set(event, now);
    terminal.note(`${level}: ${message}`);
  };
}
