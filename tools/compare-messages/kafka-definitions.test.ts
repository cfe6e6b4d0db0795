import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DefinitionsError, readDefinitions } from './kafka-definitions.ts';
import { definitionsFolder } from './testing/definitions-folder.ts';

const ping = `{ "apiKey": 99, "type": "request", "name": "PingRequest", "validVersions": "0",
  "flexibleVersions": "none", "fields": [{ "name": "Id", "type": "int32", "versions": "0+", "default": "0x10" }] }`;

function refused(path: string, reason: RegExp): void {
  assert.throws(
    () => readDefinitions(path),
    (error) => error instanceof DefinitionsError && reason.test(error.message),
  );
}

test('reads the definitions in a folder, or in the folder that a jar was unpacked to', () => {
  using folder = definitionsFolder([ping]);
  const direct = readDefinitions(folder.path);
  assert.deepEqual([...direct.keys()], ['PingRequest']);
  assert.deepEqual(direct.get('PingRequest')?.fields[0]?.default, '16');
  mkdirSync(join(folder.path, 'common/message'), { recursive: true });
  renameSync(join(folder.path, '0.json'), join(folder.path, 'common/message/PingRequest.json'));
  assert.deepEqual(readDefinitions(folder.path), direct);
});

test('headers, data and messages without a version are no messages to compare', () => {
  using folder = definitionsFolder([
    ping,
    ping.replace('"request"', '"data"').replace('PingRequest', 'PingData'),
    ping.replace('"validVersions": "0"', '"validVersions": "none"').replace('PingRequest', 'GoneRequest'),
  ]);
  assert.deepEqual([...readDefinitions(folder.path).keys()], ['PingRequest']);
});

test('says what it can not read', () => {
  using empty = definitionsFolder([]);
  using garbled = definitionsFolder(['{ "type": ']);
  refused(join(empty.path, 'absent'), /There is no .*absent/);
  refused(empty.path, /holds no message definitions/);
  refused(garbled.path, /0\.json is no message definition/);
  refused(import.meta.filename, /can't be read as a jar: The file is no zip archive/);
});
