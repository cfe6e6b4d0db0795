import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { grantAndRead } from './testing/readme-security.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test("the README's example of security is the one that is compiled", () => {
  assert.equal(typeof grantAndRead, 'function');
  const source = textOf('testing/readme-security.ts');
  const example = source.slice(source.indexOf('*/') + 3).replace("'../index.ts'", "'@millrace/client'");
  assert.ok(textOf('../README.md').includes(`\`\`\`ts\n${example}\`\`\`\n`));
});
