/**
 * Consumer groups (KIP-848) answer as Apache Kafka 4.1.1 did when the same was asked of it: epochs, assignments by
 * their sizes, errors and their texts. What Kafka answered was recorded (`record.ts`), and the answers are compared one
 * by one.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { Conversation, type Exchange } from './conversation.ts';
import { configuration, converse } from './script.ts';

test('answers about consumer groups are those of Apache Kafka', async () => {
  const recorded = readFileSync(join(import.meta.dirname, 'answers-of-kafka.json'), 'utf8');
  const ofKafka = JSON.parse(recorded) as Exchange[];
  const dataDirectory = mkdtempSync(join(tmpdir(), 'millrace-consumer-groups-'));
  try {
    const brokers = [{ nodeId: 1, port: 0 }];
    await using cluster = await startCluster({ name: 'conformance', dataDirectory, brokers, configuration });
    using conversation = await Conversation.connect(cluster.brokers[0]?.port ?? 0);
    await converse(conversation);
    const ours = JSON.parse(JSON.stringify(conversation.exchanges)) as Exchange[];
    for (const [index, expected] of ofKafka.entries()) assert.deepEqual(ours[index], expected);
    assert.equal(ours.length, ofKafka.length);
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
