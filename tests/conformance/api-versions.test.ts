import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiTable } from './compatibility/api-table.ts';
import { askVersions } from './compatibility/ask-versions.ts';
import { readSection } from './compatibility/readme-section.ts';

test("the broker offers what its README's table of APIs says", async () => {
  const advice = "run 'node tests/conformance/compatibility/main.ts', which writes the table";
  assert.equal(apiTable(await askVersions()), readSection('apis'), advice);
});
