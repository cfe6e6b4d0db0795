/**
 * Records what Apache Kafka answers: `node tests/conformance/consumer-groups/record.ts PORT`, with a broker there that
 * was started with the script's configuration and has no topics. Writes `answers-of-kafka.json`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation } from './conversation.ts';
import { converse } from './script.ts';

const port = Number(process.argv[2]);
const path = join(import.meta.dirname, process.argv[3] ?? 'answers-of-kafka.json');
using conversation = await Conversation.connect(port);
try {
  await converse(conversation);
} finally {
  writeFileSync(path, `${JSON.stringify(conversation.exchanges, undefined, 1)}\n`);
}
process.stdout.write(`${conversation.exchanges.length} answers are in ${path}\n`);
