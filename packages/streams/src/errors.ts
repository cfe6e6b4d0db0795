/** What can go wrong with a topology or a running job. */
import { MillraceError } from '@millrace/base';

/** The topology contradicts itself; thrown while it is put together or planned. */
export class TopologyError extends MillraceError {
  readonly code = 'invalid_topology';
}

/** A key or value of a store that its serde can't write, or bytes in it that the serde can't read. */
export class StateSerdeError extends MillraceError {
  readonly code = 'state_serde_failed';
  readonly store: string;
  readonly field: 'key' | 'value';

  constructor(store: string, field: 'key' | 'value', problem: string, cause?: unknown) {
    super(`the ${field} serde of store '${store}' failed: ${problem}`, { cause });
    this.store = store;
    this.field = field;
  }
}

/** A record without a usable event time. */
export class InvalidTimestampError extends MillraceError {
  readonly code = 'invalid_timestamp';

  constructor(topic: string, partition: number, offset: number, timestamp: number) {
    super(
      `the record at ${topic} [${partition}] offset ${offset} has the event time ${timestamp}; give the source a ` +
        '{ timestamp } function that finds one',
    );
  }
}
