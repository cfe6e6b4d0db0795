/** All behaviours that need no logins and stop nothing, on Apache Kafka. */
import { runOnKafka } from './matrix/kafka-place.ts';

await runOnKafka('open');
