import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';

function textOf(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

test('the example of the README is the one that is compiled', () => {
  const example = textOf('testing/readme-example.ts').replace("'../index.ts'", "'@millrace/wire'");
  assert.ok(textOf('../README.md').includes(`\`\`\`ts\n${example}\`\`\`\n`));
});

test('the example of the README prints what it says', async (context: TestContext) => {
  const log = context.mock.method(console, 'log', () => undefined);
  await import('./testing/readme-example.ts');
  assert.deepEqual(
    log.mock.calls.map(({ arguments: words }) => words),
    [
      ['order-1', '{"total":12}'],
      ['NOT_LEADER_OR_FOLLOWER', true],
    ],
  );
});

test('every API has a file of its own, as the README says, and is in the table of APIs', async () => {
  const { apis } = await import('./apis.ts');
  for (const { name } of apis) {
    const file = name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
    assert.ok(textOf(`messages/${file}.ts`).includes(`name: '${name}'`), name);
  }
  assert.ok(textOf('../README.md').includes(`responses of ${apis.length} APIs`));
});
