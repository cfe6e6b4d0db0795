import type { LogAlert } from '@millrace/api';

/** An alert on a shape of lines, for people. */
export function alertText({ kind, text, labels, severity, count, perMinute, usualPerMinute }: LogAlert): string {
  const where = labels['service'] ?? labels['component'] ?? labels['file'] ?? labels['host'];
  const from = [severity, where].filter((part) => part !== undefined && part !== null).join(' ');
  const what =
    kind === 'new'
      ? `new shape of lines, ${count} so far`
      : `${perMinute} lines of a shape in a minute, usually ${usualPerMinute}`;
  return `${what}${from === '' ? '' : ` (${from})`}: ${text}`;
}
