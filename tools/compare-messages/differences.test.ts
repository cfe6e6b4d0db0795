import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, heartbeat } from '@millrace/wire';
import { compareMessages, missingApis } from './differences.ts';
import { type KafkaMessage, readDefinitions } from './kafka-definitions.ts';
import { definitionsFolder } from './testing/definitions-folder.ts';

const planted: Api = {
  key: 99,
  name: 'Planted',
  versions: '1-3',
  flexible: '2+',
  request: {
    name: { type: 'string', nullable: '2+' },
    limit: { type: 'int64', versions: '2+', default: Number.POSITIVE_INFINITY, ignorable: true, tag: 0, tagged: '2+' },
    topics: { type: 'array', of: { id: { type: 'uuid' }, partitions: { type: 'array', of: 'int32' } } },
  },
  response: {
    throttleTimeMs: { type: 'int32', default: 0 },
    leader: { type: 'struct', fields: { epoch: { type: 'int32', default: -1 } } },
  },
};

const request = `// A licence.
{ "apiKey": 99, "type": "request", "name": "PlantedRequest",
  // Version 4 is still being worked on: see https://example.org/kip.
  "validVersions": "1-4", "flexibleVersions": "2+", "latestVersionUnstable": true,
  "fields": [
    { "name": "Name", "type": "string", "versions": "0+", "nullableVersions": "2+", "about": "https://x.org" },
    { "name": "Limit", "type": "int64", "versions": "2+", "default": "0x7fffffffffffffff", "ignorable": true,
      "tag": 0, "taggedVersions": "2+" },
    { "name": "Removed", "type": "int8", "versions": "0" },
    { "name": "Unfinished", "type": "int8", "versions": "4+" },
    { "name": "Topics", "type": "[]Topic", "versions": "0+" }
  ],
  "commonStructs": [{ "name": "Topic", "versions": "0+", "fields": [
    { "name": "Id", "type": "uuid", "versions": "0+" },
    { "name": "Partitions", "type": "[]int32", "versions": "0+" } ] }]
}`;

const response = `{ "apiKey": 99, "type": "response", "name": "PlantedResponse",
  "validVersions": "1-4", "flexibleVersions": "2+",
  "fields": [
    { "name": "ThrottleTimeMs", "type": "int32", "versions": "0+" },
    { "name": "Leader", "type": "Leader", "versions": "0+", "fields": [
      { "name": "Epoch", "type": "int32", "versions": "0+", "default": "-1" } ] }
  ] }`;

/** What the comparison says after `from` was replaced with `to` in Kafka's definitions. */
function differencesAfter(from: string, to: string): string[] {
  assert.ok(`${request}${response}`.includes(from));
  return compareMessages(planted, definitions(request.replace(from, to), response.replace(from, to)));
}

function definitions(...texts: string[]): Map<string, KafkaMessage> {
  using folder = definitionsFolder(texts);
  return readDefinitions(folder.path);
}

test('definitions that say the same in other words show no difference', () => {
  assert.deepEqual(compareMessages(planted, definitions(request, response)), []);
});

const plantedDifferences: readonly (readonly [from: string, to: string, difference: string])[] = [
  [
    '"nullableVersions": "2+"',
    '"nullableVersions": "3+"',
    'PlantedRequest.name: nullable versions: 2-3 here, 3 in Kafka',
  ],
  ['"0x7fffffffffffffff"', '"-1"', 'PlantedRequest.limit: default: 9223372036854775807 here, -1 in Kafka'],
  ['"ignorable": true', '"ignorable": false', 'PlantedRequest.limit: ignorable: true here, false in Kafka'],
  ['"tag": 0', '"tag": 1', 'PlantedRequest.limit: tag: 0 here, 1 in Kafka'],
  ['"taggedVersions": "2+"', '"taggedVersions": "3+"', 'PlantedRequest.limit: tagged versions: 2-3 here, 3 in Kafka'],
  [
    '"name": "Removed", "type": "int8", "versions": "0"',
    '"name": "Removed", "type": "int8", "versions": "0-1"',
    "PlantedRequest.removed: Kafka has it in versions 1, we don't",
  ],
  ['{ "name": "Id", "type": "uuid", "versions": "0+" },', '', "PlantedRequest.topics.id: we have it, Kafka doesn't"],
  ['"type": "[]int32"', '"type": "[]int64"', 'PlantedRequest.topics.partitions: type: []int32 here, []int64 in Kafka'],
  [
    '"name": "Epoch", "type": "int32", "versions": "0+"',
    '"name": "Epoch", "type": "int32", "versions": "2+"',
    'PlantedResponse.leader.epoch: versions: 1-3 here, 2-3 in Kafka',
  ],
  ['"name": "PlantedResponse"', '"name": "OtherResponse"', 'PlantedResponse: Kafka has no such message'],
];

for (const [from, to, difference] of plantedDifferences) {
  test(`finds a planted difference: ${difference}`, () => {
    assert.deepEqual(differencesAfter(from, to), [difference]);
  });
}

test('finds another key', () => {
  const changed = [request, response].map((text) => text.replace('"apiKey": 99', '"apiKey": 98'));
  assert.deepEqual(compareMessages(planted, definitions(...changed)), [
    'PlantedRequest: key: 99 here, 98 in Kafka',
    'PlantedResponse: key: 99 here, 98 in Kafka',
  ]);
});

test('finds fields in another order', () => {
  const topics = '{ "name": "Topics", "type": "[]Topic", "versions": "0+" }';
  const swapped = request.replace(`,\n    ${topics}`, '').replace('"fields": [', `"fields": [ ${topics},`);
  assert.deepEqual(compareMessages(planted, definitions(swapped, response)), [
    'PlantedRequest: order of fields: name limit topics here, topics name limit in Kafka',
  ]);
});

test('finds another range of versions, which is that of all fields', () => {
  const differences = compareMessages(planted, definitions(request.replace('"1-4"', '"1-3"'), response));
  assert.equal(differences[0], 'PlantedRequest: versions: 1-3 here, 1-2 in Kafka');
});

test('names the APIs that no schema describes', () => {
  assert.deepEqual(missingApis([heartbeat], definitions(request, response)), ['99 Planted']);
});
