/** A test whose text is a script: all that it evaluates must be as it expects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript } from './run-script.ts';

export function behaviour(name: string, script: string): void {
  test(name, async () => {
    const verdicts = await runScript(script);
    assert.notEqual(verdicts.length, 0);
    for (const { line, query, problem } of verdicts) assert.equal(problem, undefined, `line ${line}: ${query}`);
  });
}
