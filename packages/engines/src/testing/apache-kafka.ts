/**
 * Apache Kafka for tests, as the environment has it: `KAFKA_HOME`, `MILLRACE_TEST_BOOTSTRAP`, else fetched by Maven.
 *
 * On a machine that lacks Java or Maven `skip` says so, for `test(name, { skip: kafka.skip }, ...)`; in CI the test
 * runner makes a failure of that.
 */
import { attachKafkaCluster } from '../kafka/attach-kafka-cluster.ts';
import type { KafkaDistribution } from '../kafka/distribution.ts';
import { ensureKafka } from '../kafka/ensure-kafka.ts';
import type { KafkaCluster } from '../kafka/kafka-cluster.ts';
import { KafkaEngineError } from '../kafka/kafka-engine-error.ts';
import { kafkaSource } from '../kafka/kafka-source.ts';
import { type KafkaClusterOptions, startKafkaCluster } from '../kafka/start-kafka-cluster.ts';

/** Apache Kafka, or why a test that needs it can't run. */
export interface KafkaForTests {
  readonly skip: string | false;
  /** The jars and Java. Throws where the test was to be skipped. */
  readonly distribution: KafkaDistribution;
  /** The cluster at `MILLRACE_TEST_BOOTSTRAP` when there is one and the test can use it, else a new one. */
  cluster(options?: Omit<KafkaClusterOptions, 'distribution'>): Promise<KafkaCluster>;
}

/**
 * Finds Apache Kafka.
 *
 * @param use `any` when the test works with any cluster that takes PLAINTEXT; `own` (the default) when it must be
 * started here, for its brokers are stopped or configured.
 */
export async function kafkaForTests(use: 'any' | 'own' = 'own'): Promise<KafkaForTests> {
  const source = kafkaSource(process.env);
  const { bootstrap } = source;
  let distribution: KafkaDistribution | undefined;
  let skip: string | false = false;
  if (bootstrap !== undefined && use === 'own') {
    skip = 'MILLRACE_TEST_BOOTSTRAP names a cluster that tests may not stop or configure; unset it to run this one';
  } else {
    try {
      distribution = await ensureKafka(source, (line) => process.stderr.write(`${line}\n`));
    } catch (error) {
      if (!(error instanceof KafkaEngineError) || !error.isAbsence) throw error;
      // Without Java the tools can't run, but any client can use a cluster that runs already.
      if (bootstrap === undefined) skip = error.message;
    }
  }
  const needDistribution = (): KafkaDistribution => {
    if (distribution === undefined) throw new Error(skip || 'Java is not installed: Kafka and its tools cannot run');
    return distribution;
  };
  return {
    skip,
    get distribution() {
      return needDistribution();
    },
    cluster(options = {}) {
      if (bootstrap !== undefined && use === 'any') return attachKafkaCluster(bootstrap);
      return startKafkaCluster({ ...options, distribution: needDistribution() });
    },
  };
}
