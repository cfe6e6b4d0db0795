import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaskRule } from '@millrace/api/fleet';
import { maskRecords, matches, ruleProblem } from './mask-rules.ts';
import { formatKept, hashed } from './mask-text.ts';

const key = Buffer.from('a key of a test, which is no secret');
const text = (value: Uint8Array | string | null | undefined): string | null =>
  value == null ? null : Buffer.from(value as string).toString();
const record = (value: string | null, recordKey: string | null = null, headers: Record<string, string> = {}) => ({
  key: recordKey === null ? null : Buffer.from(recordKey),
  value: value === null ? null : Buffer.from(value),
  headers: Object.entries(headers).map(([name, each]) => ({ key: name, value: Buffer.from(each) })),
});
const mask = (rules: readonly MaskRule[], isSensitive: boolean) =>
  maskRecords(rules, { topic: 'orders', isSensitive }, key);

test('leaves have the mask of the nearest rule, and keep their types', () => {
  const rules: MaskRule[] = [
    { part: 'value', field: 'email', mask: 'hash' },
    { part: 'value', pointer: '/items/*/price', mask: 'keep' },
    { part: 'value', pointer: '/card', mask: 'format' },
    { part: 'value', pointer: '/secret', mask: 'redact' },
    { part: 'value', pointer: '', mask: 'keep' },
  ];
  const value = {
    email: 'a@example.com',
    card: 4111111111111111,
    items: [{ price: 1.5, email: 'b' }],
    secret: { a: 'x', b: 7, c: true, d: null },
    note: 'stays',
  };
  const masked = JSON.parse(text(mask(rules, true)(record(JSON.stringify(value)))?.value) ?? '');
  assert.deepEqual(masked, {
    email: hashed(key, 'a@example.com'),
    card: Number(formatKept(key, '4111111111111111')),
    items: [{ price: 1.5, email: hashed(key, 'b') }],
    secret: { a: '[redacted]', b: 0, c: false, d: null },
    note: 'stays',
  });
});

test('what no rule reaches is kept of an internal topic, and not of a confidential one', () => {
  const rules: MaskRule[] = [{ part: 'value', field: 'id', mask: 'hash' }];
  const source = record('{"id":"a","name":"Ann"}', 'a', { trace: '1' });
  const kept = mask(rules, false)(source);
  assert.deepEqual(JSON.parse(text(kept?.value) ?? ''), { id: hashed(key, 'a'), name: 'Ann' });
  assert.equal(text(kept?.key), 'a');
  assert.deepEqual(
    kept?.headers.map(([name, value]) => [name, text(value)]),
    [['trace', '1']],
  );
  const hidden = mask(rules, true)(source);
  assert.deepEqual(JSON.parse(text(hidden?.value) ?? ''), { id: hashed(key, 'a'), name: '[redacted]' });
  assert.equal(text(hidden?.key), hashed(key, 'a'), 'a key is masked as the field that it is joined by');
  assert.deepEqual(hidden?.headers, []);
});

test('a number and the text of its digits stay the same when their form is kept', () => {
  const rules: MaskRule[] = [
    { part: 'key', mask: 'format' },
    { part: 'value', pointer: '/customer', mask: 'format' },
  ];
  const masked = mask(rules, true)(record('{"customer":1234567890}', '1234567890'));
  assert.equal(String(JSON.parse(text(masked?.value) ?? '').customer), text(masked?.key));
});

test('numbers that JavaScript can not hold come through as they were written', () => {
  const rules: MaskRule[] = [{ part: 'value', pointer: '/b', mask: 'redact' }];
  const masked = mask(rules, false)(record('{"a":12345678901234567890,"b":"x","c":1.10}'));
  assert.equal(text(masked?.value), '{"a":12345678901234567890,"b":"[redacted]","c":1.10}');
});

test('tombstones stay, values behind the id of a schema are masked, and what is no JSON is left out', () => {
  const rules: MaskRule[] = [{ part: 'value', field: 'id', mask: 'redact' }];
  const masking = mask(rules, false);
  assert.equal(masking(record(null, 'a'))?.value, null);
  const header = Buffer.from([0, 0, 0, 0, 7]);
  const written = masking({ ...record(null), value: Buffer.concat([header, Buffer.from('{"id":"a"}')]) });
  assert.deepEqual(
    Buffer.from(written?.value as Uint8Array),
    Buffer.concat([header, Buffer.from('{"id":"[redacted]"}')]),
  );
  assert.equal(masking(record('no json')), undefined);
  assert.equal(masking({ ...record(null), value: Buffer.from([0xff, 0xfe]) }), undefined);
});

test('a rule for the whole takes what comes, also what is no text', () => {
  const masking = mask([{ part: 'value', mask: 'hash' }], true);
  assert.equal(text(masking(record('no json'))?.value), hashed(key, 'no json'));
  assert.match(text(masking({ ...record(null), value: Buffer.from([0xff]) })?.value) ?? '', /^[0-9a-f]{32}$/);
});

test('rules are for the topics that they name, and for the whole or for parts', () => {
  assert.ok(matches(['a', 'or*rs'], 'orders') && matches(['*'], 'x') && matches(undefined, 'x'));
  assert.ok(!matches(['or*rs'], 'or') && !matches(['a*a'], 'a') && !matches([], 'a'));
  const whole: MaskRule = { part: 'value', mask: 'hash' };
  assert.match(
    ruleProblem([whole, { ...whole, field: 'id' }], 'orders') ?? '',
    /rule for the whole and rules for its parts/,
  );
  assert.match(ruleProblem([{ ...whole, pointer: 'id' }], 'orders') ?? '', /begins with a slash/);
  assert.equal(ruleProblem([whole, { ...whole, topics: ['other'], field: 'id' }], 'orders'), undefined);
});
