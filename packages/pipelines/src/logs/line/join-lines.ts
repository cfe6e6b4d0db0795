/**
 * Which lines belong together: a stack trace is one record with the line that it follows. One setting for all kinds:
 * a line goes on with the one before when it is indented, or begins as traces of Java, Node, Python, Go and .NET do.
 */

export type Joining = 'traces' | 'none';

/** How lines begin that go on, though they are not indented. */
const GOES_ON = [
  // Java
  'Caused by: ',
  'Suppressed: ',
  '\\.\\.\\. \\d+ (?:more|common frames)',
  // Python
  'Traceback \\(most recent',
  'During handling of the above',
  'The above exception was',
  // Go
  'goroutine \\d+ \\[',
  '\\[signal ',
  'created by ',
  // .NET
  '--- End of ',
  // The name of an error, as Python ends with it; the end of an object that Node prints.
  '[\\w$.]+(?:Error|Exception|Interrupt|Exit)(?:: |$)',
  '[}\\])]+[,;]?$',
];
const goesOnPattern = new RegExp(`^(?:${GOES_ON.join('|')})`);

/** Most lines of a record; the next begins another. */
export const joinedLinesMax = 1_000;

/** Whether a line belongs to the record before it. */
export function goesOn(line: string, joining: Joining): boolean {
  if (joining === 'none' || line === '') return false;
  const code = line.charCodeAt(0);
  if (code === 32 || code === 9) return true;
  return goesOnPattern.test(line);
}
