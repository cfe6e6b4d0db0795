import { isMillraceError, type ListenError, MillraceError } from '@millrace/base';

/** A port that a command wants is taken; the hint names the option that chooses another. */
class PortInUseError extends MillraceError {
  readonly code = 'port_in_use';
  readonly host: string;
  readonly port: number;

  constructor(cause: ListenError, hint: string) {
    super(`port ${cause.port} on ${cause.host} is already in use by another program`, { cause, hint });
    this.host = cause.host;
    this.port = cause.port;
  }
}

/** Awaits the start of something that listens, and tells what to do when its port is taken. */
export async function withPortHint<T>(start: Promise<T>, hint: string): Promise<T> {
  try {
    return await start;
  } catch (error) {
    throw isMillraceError(error, 'port_in_use') ? new PortInUseError(error as unknown as ListenError, hint) : error;
  }
}
