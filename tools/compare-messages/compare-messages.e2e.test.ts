import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { definitionsFolder } from './testing/definitions-folder.ts';

const program = new URL('../compare-messages.ts', import.meta.url).pathname;

const request = `{ "apiKey": 12, "type": "request", "name": "HeartbeatRequest",
  "validVersions": "0-4", "flexibleVersions": "4+", "fields": [
    { "name": "GroupId", "type": "string", "versions": "0+" },
    { "name": "GenerationId", "type": "int32", "versions": "0+" },
    { "name": "MemberId", "type": "string", "versions": "0+" },
    { "name": "GroupInstanceId", "type": "string", "versions": "3+", "nullableVersions": "3+", "default": "null" }
] }`;
const response = `{ "apiKey": 12, "type": "response", "name": "HeartbeatResponse",
  "validVersions": "0-4", "flexibleVersions": "4+", "fields": [
    { "name": "ThrottleTimeMs", "type": "int32", "versions": "1+", "ignorable": true },
    { "name": "ErrorCode", "type": "int16", "versions": "0+" }
] }`;

function run(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

test('ends with 0 when the definitions agree with our schemas', () => {
  using folder = definitionsFolder([request, response]);
  const { code, stdout, stderr } = run(folder.path, 'Heartbeat');
  assert.deepEqual([code, stdout], [0, '']);
  assert.match(stderr, /1 APIs compared, 0 differences/);
});

test('prints a planted difference and ends with 3', () => {
  using folder = definitionsFolder([request, response.replace('int16', 'int32')]);
  const { code, stdout } = run(folder.path, 'Heartbeat');
  assert.deepEqual([code, stdout], [3, 'HeartbeatResponse.errorCode: type: int16 here, int32 in Kafka\n']);
});

test('says how it is used, or why it can not compare', () => {
  using empty = definitionsFolder([]);
  assert.deepEqual([run('--help').code, run().code, run('.', 'Nothing').code], [0, 2, 2]);
  const { code, stderr } = run(empty.path);
  assert.equal(code, 1);
  assert.match(stderr, /holds no message definitions/);
});
