/** What the process's exit code tells a script. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** For commands that compare: they worked, and found differences. */
  differences: 3,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
