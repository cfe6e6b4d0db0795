import { MillraceError } from '@millrace/base';

/** A client's configuration has a key that is not supported, or a value that does not fit. */
export class ClientConfigurationError extends MillraceError {
  readonly code = 'client_configuration';
  /** What holds the configuration: a file, or what is to be reached. */
  readonly source: string;

  constructor(source: string, problem: string, hint?: string) {
    super(`${source}: ${problem}`, { hint });
    this.source = source;
  }
}
