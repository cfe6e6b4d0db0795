import { MillraceError } from '@millrace/base';

/** No cluster of this name is declared. */
export class UnknownClusterError extends MillraceError {
  readonly code = 'unknown_cluster';
  readonly cluster: string;

  constructor(cluster: string) {
    super(`there is no cluster ${cluster} in the record of the fleet; \`millrace cluster list\` shows those there are`);
    this.cluster = cluster;
  }
}
