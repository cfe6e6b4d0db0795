import { MillraceError } from '@millrace/base';

/** A broker is of another cluster than the one that is meant: its address was given to another, or cluster to it. */
export class WrongClusterError extends MillraceError {
  readonly code = 'wrong_cluster';
  override readonly retriable = true;
  /** `host:port` of the broker. */
  readonly broker: string;
  /** The id that it tells, which Kafka gave its cluster. */
  readonly clusterId: string;

  constructor(broker: string, clusterId: string) {
    super(
      `broker ${broker} is of the Kafka cluster with id ${clusterId}, which is not the one that is meant; ` +
        'check whose address that is',
    );
    this.broker = broker;
    this.clusterId = clusterId;
  }
}
