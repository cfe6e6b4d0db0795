/** All behaviours that stop brokers, on Apache Kafka. */
import { runOnKafka } from './matrix/kafka-place.ts';

await runOnKafka('moves');
