/** Why a command was asked to stop before its end: the reason of its abort signal. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  /** A signal, or the reader of stdout went away. */
  readonly by: StopCause;

  constructor(by: StopCause) {
    super(`stopped by ${by}`);
    this.by = by;
  }
}

export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'closed pipe';

/** Whether an error is only the echo of the stop: the reason itself, or what wraps it. */
export function isEchoOf(error: unknown, stopped: Stopped): boolean {
  for (let link: unknown = error, depth = 0; link instanceof Error && depth < 10; link = link.cause, depth++) {
    if (link === stopped || link.name === 'AbortError') return true;
  }
  return false;
}
