import { MillraceError } from '@millrace/base';

/** Kafka Connect could not be asked, or refused what it was asked for. Its message holds no secret. */
export class ConnectClusterError extends MillraceError {
  readonly code: 'connect_unreachable' | 'connect_refused';
  override readonly retriable: boolean;
  /** Name of the Connect cluster. */
  readonly connect: string;
  /** HTTP status of the answer; 0 when there was none. */
  readonly status: number;

  constructor(connect: string, status: number, reason: string, cause?: unknown) {
    const what = status === 0 ? 'does not answer' : `refused (${status})`;
    super(`Kafka Connect ${connect} ${what}: ${reason}`, { cause });
    this.code = status === 0 ? 'connect_unreachable' : 'connect_refused';
    this.connect = connect;
    this.status = status;
    this.retriable = status === 0 || status === 409 || status >= 500;
  }
}
