import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetFileSchema } from './schema.ts';

test('the JSON Schema beside the source says what the source says', () => {
  const written = JSON.parse(readFileSync(new URL('./fleet.schema.json', import.meta.url), 'utf8'));
  const current = JSON.parse(JSON.stringify(FleetFileSchema));
  assert.deepEqual(written, current, `fleet.schema.json is to hold ${JSON.stringify(current)}`);
});
