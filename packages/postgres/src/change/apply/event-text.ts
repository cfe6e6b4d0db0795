/** What happens while a change is applied, as a line for people. */
import type { ApplyEvent } from './apply-event.ts';

/** Undefined of what says nothing new. `steps`: how many the plan has. */
export function eventText(event: ApplyEvent, steps: number): string | undefined {
  const place = `step ${event.position + 1} of ${steps}`;
  switch (event.kind) {
    case 'step_started':
      return `${place}: ${event.step.title}${event.isResumed ? ' (goes on)' : ''}`;
    case 'progress': {
      const part = event.total <= 0 ? '' : ` of about ${count(event.total)}`;
      return `${place}: ${count(event.done)}${part} ${event.unit}${timeLeft(event.leftMs)}`;
    }
    case 'waiting': {
      const who = event.pid === null ? 'a prepared transaction' : `session ${event.pid}`;
      return `${place}: waits for ${who}, ${Math.round(event.ageMs / 1000)} s in: ${event.query}`;
    }
    case 'retrying':
      return `${place}: ${event.why}; tries again in ${event.inMs} ms`;
    case 'resting':
      return `${place}: rests, since ${event.why}`;
    case 'step_done':
    case 'gate':
      return undefined;
  }
}

function timeLeft(ms: number | null): string {
  if (ms === null) return '';
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `, about ${seconds} s left`;
  return seconds < 7_200
    ? `, about ${Math.round(seconds / 60)} min left`
    : `, about ${Math.round(seconds / 3600)} h left`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
