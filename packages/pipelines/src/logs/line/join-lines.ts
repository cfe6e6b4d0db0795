/**
 * Which lines belong together: a stack trace is one record with the line that it follows. One setting for all kinds:
 * a line goes on with the one before when it is indented, or begins as traces of Java, Node, Python, Go, Ruby and .NET do.
 */

export type Joining = 'traces' | 'none';

/** Lines that go on, though they are not indented. */
const GOES_ON =
  /^(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames)|Traceback \(most recent|During handling of the above|The above exception was|goroutine \d+ \[|\[signal |created by |--- End of |[\w$.]+(?:Error|Exception|Interrupt|Exit)(?:: |$)|[}\])]+[,;]?$)/;

/** Most lines of a record; the next begins another. */
export const joinedLinesMax = 1_000;

/** Whether a line belongs to the record before it. */
export function goesOn(line: string, joining: Joining): boolean {
  if (joining === 'none' || line === '') return false;
  const code = line.charCodeAt(0);
  if (code === 32 || code === 9) return true;
  return GOES_ON.test(line);
}
