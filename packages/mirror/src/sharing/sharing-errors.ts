import { MillraceError } from '@millrace/base';

/** Bytes that should be what workers of a mirror tell each other, and are not. The same bytes fail again. */
export class SharingMessageError extends MillraceError {
  readonly code = 'sharing_message_corrupt';

  constructor(problem: string, cause?: unknown) {
    super(
      `what workers of the mirror tell each other can't be read: ${problem}; ` +
        'does something else use the group, or is a worker of a newer version?',
      { cause },
    );
  }
}

/** The group by which workers share a mirror did not answer when this one was started. */
export class SharingUnreachableError extends MillraceError {
  readonly code = 'sharing_unreachable';
  override readonly retriable = true;
  readonly group: string;

  constructor(group: string, waitedMs: number) {
    super(
      `group ${group} of the target, by which workers share the mirror, could not be joined within ${waitedMs} ms; ` +
        'check that the target has a coordinator for it (its topic __consumer_offsets), and start again',
    );
    this.group = group;
  }
}
