import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownCatalog } from '../../catalog/catalog.ts';
import { planScript } from './make-plan.ts';

const catalog = unknownCatalog();

async function stepsOf(script: string): Promise<string[]> {
  const { steps } = await planScript(script, { catalog });
  return steps.map((step) => (step.kind === 'ddl' ? `ddl: ${step.sql.join('; ')}` : `${step.kind}: ${step.title}`));
}

test('what a script makes from nothing is one transaction, and what was there before is not in it', async () => {
  assert.deepEqual(
    await stepsOf(`CREATE TABLE a (id bigint); CREATE INDEX a_id ON a (id); INSERT INTO a VALUES (1);
                   ALTER TABLE old ADD COLUMN b text; ALTER TABLE a ADD COLUMN c text`),
    [
      'ddl: CREATE TABLE a (id bigint); CREATE INDEX a_id ON a (id); INSERT INTO a VALUES (1)',
      'ddl: ALTER TABLE old ADD COLUMN b text',
      'ddl: ALTER TABLE a ADD COLUMN c text',
    ],
  );
});

test('an index that is made CONCURRENTLY is in no transaction, also of a table that is new', async () => {
  assert.deepEqual(await stepsOf('CREATE TABLE a (id bigint); CREATE INDEX CONCURRENTLY a_id ON a (id)'), [
    'ddl: CREATE TABLE a (id bigint)',
    'alone: index a_id of a',
  ]);
});

test('a statement whose finding the script accepts stays as it is written', async () => {
  const dropped = 'ALTER TABLE old DROP COLUMN b';
  assert.equal((await stepsOf(dropped)).length, 2);
  assert.deepEqual(await stepsOf(`-- millrace:accept remove-column: unused since 1.2\n${dropped}`), [
    `ddl: ${dropped}`,
  ]);
});
