/** All behaviours about logins and permissions, on Apache Kafka. */
import { runOnKafka } from './matrix/kafka-place.ts';

await runOnKafka('secured');
