/**
 * Freezes what Kafka's own classes write: `node tools/freeze-messages.ts CLASSPATH` fills every message that wire has a
 * schema for, at every version, has Java write it, and puts values and bytes into
 * `packages/wire/src/testing/golden-messages.jsonl`, which the tests hold our codecs against; likewise the table of
 * error codes into `kafka-errors.json` and the APIs of a broker, with their stable versions, into `kafka-apis.json`.
 * Run it after adding an API or a version, and look at what changed.
 *
 * CLASSPATH holds kafka-clients 4.3 or newer, slf4j-api, jackson-core, jackson-databind and jackson-annotations. Needs
 * Java 17.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { apis, versionRange } from '@millrace/wire';
import { emptyValues, nullValues, type Values, valuesFor } from './freeze-messages/values.ts';

const target = resolve(import.meta.dirname, '../packages/wire/src/testing');
const program = join(import.meta.dirname, 'freeze-messages/FreezeMessages.java');

/** One frozen message; a field that `fields` lacks holds its default. */
interface Golden {
  readonly message: string;
  readonly version: number;
  readonly fields: Values;
}

const [classpath] = process.argv.slice(2);
if (classpath === undefined || classpath.startsWith('-')) {
  process.stderr.write('Usage: node tools/freeze-messages.ts CLASSPATH (jars of kafka-clients, slf4j-api, jackson)\n');
  process.exitCode = 2;
} else {
  const messages = [...apiMessages(), ...consumerMessages()];
  const frames = java(classpath, [], messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  const lines = messages.map((message, index) => `${JSON.stringify({ ...message, frame: frames[index] })}\n`);
  writeFileSync(join(target, 'golden-messages.jsonl'), lines.join(''));
  for (const table of ['errors', 'apis']) {
    writeFileSync(join(target, `kafka-${table}.json`), `[\n  ${java(classpath, [table], '').join(',\n  ')}\n]\n`);
  }
  process.stdout.write(`${messages.length} messages frozen\n`);
}

function apiMessages(): Golden[] {
  return apis.flatMap((api) => {
    const { first, last } = versionRange(api.versions);
    const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return (['Request', 'Response'] as const).flatMap((kind) => {
      const fields = kind === 'Request' ? api.request : api.response;
      return versions.flatMap((version) => {
        const cases = [valuesFor(fields, version), emptyValues(fields, version), nullValues(fields, version)];
        // Many messages have nothing to leave empty, or nothing that may be null.
        const distinct = new Map(cases.map((values) => [JSON.stringify(values), values]));
        return [...distinct.values()].map((values) => ({ message: `${api.name}${kind}`, version, fields: values }));
      });
    });
  });
}

/** What members of a group send through the broker is a message of its own, but no API. */
function consumerMessages(): Golden[] {
  const ownedPartitions = [{ topic: 'orders', partitions: [3, 1] }];
  const userData = Buffer.from('user data').toString('base64');
  const subscription = { topics: ['orders', 'café'], userData };
  const owned = { ...subscription, ownedPartitions };
  const assignment = { assignedPartitions: ownedPartitions, userData };
  const subscriptions = [
    subscription,
    owned,
    { ...owned, generationId: 7 },
    { ...owned, generationId: 7, rackId: 'a' },
  ];
  return subscriptions.flatMap((fields, version) => [
    { message: 'ConsumerProtocolSubscription', version, fields },
    { message: 'ConsumerProtocolAssignment', version, fields: assignment },
  ]);
}

function java(classpath: string, words: readonly string[], input: string): string[] {
  const run = spawnSync('java', ['-cp', classpath, program, ...words], { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (run.status !== 0) throw new Error(`Java ended with ${run.status ?? run.error?.message}:\n${run.stderr}`);
  return run.stdout.trim().split('\n');
}
