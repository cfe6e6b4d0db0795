import { MillraceError } from '@millrace/base';

/** Some of the things of a step could not be done; all others were. */
export class ApplyError extends MillraceError {
  readonly code = 'apply_failed';
  override readonly retriable: boolean;
  readonly cluster: string;
  /** Why, by name. */
  readonly failures: ReadonlyMap<string, string>;

  constructor(what: string, cluster: string, failures: ReadonlyMap<string, Error>, options: { retriable: boolean }) {
    const shown = [...failures].slice(0, 3).map(([name, { message }]) => `${name}: ${message}`);
    const more = failures.size > shown.length ? `; and ${failures.size - shown.length} more` : '';
    super(`${failures.size} of the things to ${what} on ${cluster} failed: ${shown.join('; ')}${more}`, {
      cause: failures.values().next().value,
    });
    this.retriable = options.retriable;
    this.cluster = cluster;
    this.failures = new Map([...failures].map(([name, { message }]) => [name, message]));
  }
}
