/** A cluster of Apache Kafka that somebody else runs. */
import type { KafkaCluster } from './kafka-cluster.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';
import { waitUntilServing } from './serving.ts';

const SERVE_MS_MAX = 30_000;

/**
 * A running cluster, reached without TLS and login. What it can't do is to stop, kill, pause and start brokers
 * (`kafka_not_ours`); closing it leaves it as it is. Throws `kafka_unreachable` when it does not serve.
 */
export async function attachKafkaCluster(
  bootstrap: string,
  options: { readonly timeoutMs?: number | undefined } = {},
): Promise<KafkaCluster> {
  const answer = await waitUntilServing({ bootstrap, timeoutMs: options.timeoutMs ?? SERVE_MS_MAX });
  if ('problem' in answer) {
    const message = `The cluster at ${bootstrap} does not serve: ${answer.problem}.`;
    throw new KafkaEngineError('kafka_unreachable', message, { hint: 'Is it running, and its address right?' });
  }
  const refuse = (): never => {
    const message = `The cluster at ${bootstrap} was not started here: its brokers can't be stopped or started.`;
    throw new KafkaEngineError('kafka_not_ours', message);
  };
  const refuseLater = async (): Promise<void> => refuse();
  const nothing = async (): Promise<void> => undefined;
  return {
    name: bootstrap,
    clusterId: answer.clusterId,
    isOurs: false,
    brokers: [],
    listeners: ['PLAINTEXT'],
    bootstrap: (listener = 'PLAINTEXT') => {
      if (listener !== 'PLAINTEXT') throw new RangeError(`of the cluster at ${bootstrap} no ${listener} is known`);
      return bootstrap;
    },
    stopBroker: refuseLater,
    killBroker: refuseLater,
    startBroker: refuseLater,
    pauseBroker: refuse,
    resumeBroker: refuse,
    close: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}
