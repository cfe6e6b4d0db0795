/** One broker of Apache Kafka with the Java flags and the configuration of its own start script. */
import {
  ensureKafka,
  type KafkaDistribution,
  KafkaEngineError,
  kafkaSource,
  startKafkaCluster,
} from '@millrace/engines';
import type { BrokerSubject } from './broker.ts';

/** Apache Kafka on this machine; undefined, and `tell` told why, where it can't be had. */
export async function findKafka(tell: (message: string) => void): Promise<KafkaDistribution | undefined> {
  try {
    return await ensureKafka(kafkaSource(process.env), tell);
  } catch (error) {
    if (!(error instanceof KafkaEngineError && error.isAbsence)) throw error;
    tell(`without Apache Kafka: ${error.message}`);
    return undefined;
  }
}

/** `configuration`: more settings of the broker. */
export function kafkaBroker(
  distribution: KafkaDistribution,
  configuration: Readonly<Record<string, string>> = {},
): BrokerSubject {
  return {
    name: `kafka-${distribution.version}`,
    async start(directory) {
      const cluster = await startKafkaCluster({
        distribution,
        directory,
        configuration,
        jvm: 'default',
        name: 'bench',
      });
      return {
        bootstrap: cluster.bootstrap(),
        pid: cluster.brokers[0]?.pid ?? 0,
        [Symbol.asyncDispose]: () => cluster.close(),
      };
    },
  };
}
