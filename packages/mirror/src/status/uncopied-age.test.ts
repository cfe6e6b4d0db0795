import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UncopiedAge } from './uncopied-age.ts';

test('the oldest batch that is not stored counts', () => {
  const age = new UncopiedAge();
  age.told(true, 100);
  assert.equal(age.oldest, 100);
  age.fetched(10, 100);
  age.fetched(20, 100);
  assert.equal(age.oldest, 10);
  age.stored();
  assert.equal(age.oldest, 20);
});

test('what is not fetched yet is as old as what was copied before it', () => {
  const age = new UncopiedAge();
  age.told(true, 100);
  age.fetched(10, 100);
  age.stored();
  age.told(true, 200);
  assert.equal(age.oldest, 10);
});

test('what comes when nothing was left begins when the source tells of it', () => {
  const age = new UncopiedAge();
  age.fetched(10, 100);
  age.stored();
  age.told(false, 200);
  assert.equal(age.oldest, undefined);
  age.told(true, 5000);
  age.told(true, 6000);
  assert.equal(age.oldest, 5000);
});

test('a batch without a time is as old as its fetch', () => {
  const age = new UncopiedAge();
  age.fetched(-1, 700);
  assert.equal(age.oldest, 700);
});
