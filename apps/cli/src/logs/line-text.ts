import type { FoundLine } from '@millrace/api';

/** A line for people: when, how severe, where, what. */
export function lineText({ time, severity, labels, body }: FoundLine): string {
  const where = labels['service'] ?? labels['component'] ?? labels['file'] ?? '';
  return `${time}  ${(severity ?? '-').padEnd(5)}  ${where}  ${body}`;
}
