/** Every rule of tidy is seen to find the violation planted for it, and to let the right thing pass. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDeclared, checkImports } from './import-rules.ts';
import { checkCounts, countOversize, findOversize } from './size.ts';
import { type Problem, parseSource } from './source-file.ts';
import { checkSyntax } from './syntax-rules.ts';
import { checkHandlerNames, checkText } from './text-rules.ts';
import type { Workspace } from './workspace.ts';
import { wrapComments } from './wrap-comments.ts';

function workspace(name: string, dependencies: string[], folder = `packages/${name}`): Workspace {
  return {
    name,
    folder,
    manifestPath: `${folder}/package.json`,
    declared: new Set(dependencies),
    dependencies: new Set(dependencies),
    testDependencies: new Set([...dependencies, 'fast-check']),
    references: new Set(dependencies.flatMap((each) => /^@millrace\/(.*)/.exec(each)?.[1] ?? [])),
  };
}

const client = workspace('client', ['@millrace/base', '@millrace/wire', '@standard-schema/spec']);
const pipelines = workspace('pipelines', ['@millrace/client', '@millrace/broker']);

/** `line: sentence` of each problem with one file's imports and syntax. */
function check(where: Workspace, path: string, text: string): string[] {
  const file = parseSource(`${where.folder}/${path}`, text);
  return [...checkImports(file, where), ...checkSyntax(file, where), ...checkText(file)].map(place);
}

function place({ line, sentence }: Problem): string {
  return `${line}: ${sentence}`;
}

function assertFinds(problems: readonly string[], line: number, pattern: RegExp): void {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] ?? '', new RegExp(`^${line}: `));
  assert.match(problems[0] ?? '', pattern);
}

test('lets allowed and declared imports pass', () => {
  const text = `import { sleep } from '@millrace/base';\nimport '@millrace/wire';\nexport * from './x.ts';\n`;
  assert.deepEqual(check(client, 'src/a.ts', text), []);
});

test('finds an import against the direction, also a dynamic one and a re-export', () => {
  assertFinds(check(client, 'src/a.ts', `\nimport '@millrace/broker';\n`), 2, /client may not import broker/);
  assertFinds(check(client, 'src/a.ts', `await import('@millrace/engines');\n`), 1, /may not import engines/);
  assertFinds(check(client, 'src/a.ts', `export * from '@millrace/server';\n`), 1, /may not import server/);
  assertFinds(check(client, 'src/a.ts', `import type { X } from '@millrace/cli';\n`), 1, /may not import cli/);
});

test('lets nobody but engines, tests and bench import the broker, tests of other packages included', () => {
  for (const path of ['src/a.ts', 'src/a.test.ts']) {
    assertFinds(check(pipelines, path, `import '@millrace/broker';\n`), 1, /pipelines may not import broker/);
  }
  const engines = workspace('engines', ['@millrace/broker']);
  assert.deepEqual(check(engines, 'src/a.ts', `import '@millrace/broker';\n`), []);
});

test('finds imports that are not declared in manifest or TypeScript project', () => {
  assertFinds(check(client, 'src/a.ts', `import 'fastify';\n`), 1, /'fastify' is not among the dependencies/);
  assertFinds(check(client, 'src/a.ts', `import 'fast-check';\n`), 1, /'fast-check' is not among/);
  assert.deepEqual(check(client, 'src/a.test.ts', `import 'fast-check';\n`), []);
  const bare = { ...client, references: new Set<string>() };
  assertFinds(check(bare, 'src/a.ts', `import '@millrace/wire';\n`), 1, /tsconfig.json lacks a reference to wire/);
  assertFinds(check(client, 'src/a.ts', `import '@millrace/client';\n`), 1, /is this package itself/);
});

test('finds declared packages and references without an import', () => {
  const file = parseSource('packages/client/src/a.ts', `import '@millrace/wire';\n`);
  assert.deepEqual(checkDeclared(client, [file]).map(place), [
    '1: @millrace/base is declared and never imported; remove it from the dependencies.',
    '1: The reference to base has no import behind it; remove it.',
  ]);
});

test('finds relative imports that leave the package or lack their extension', () => {
  assertFinds(check(client, 'src/a.ts', `import '../../wire/src/x.ts';\n`), 1, /reaches outside of packages\/client/);
  assertFinds(check(client, 'src/a.ts', `import './b';\n`), 1, /lacks its extension/);
});

test('keeps pipelines apart from each other', () => {
  const problems = check(pipelines, 'src/tracking/a.ts', `import '../metrics/b.ts';\nimport '../port.ts';\n`);
  assertFinds(problems, 1, /pipeline tracking imports the pipeline metrics/);
});

test('keeps api free of Node', () => {
  const api = workspace('api', ['@millrace/base']);
  assertFinds(check(api, 'src/a.ts', `import 'node:fs';\n`), 1, /runs in a browser/);
  assertFinds(check(api, 'src/a.ts', `import { sleep } from '@millrace/base';\n`), 1, /runs in a browser/);
  assert.deepEqual(check(api, 'src/a.ts', `import { MillraceError } from '@millrace/base/millrace-error';\n`), []);
});

test('closes every door to reality in the simulated packages, and only there', () => {
  const doors = [
    `import 'node:fs';`,
    `import 'node:fs/promises';`,
    `import net from 'node:net';`,
    `import 'node:tls';`,
    'Date.now();',
    'performance.now();',
    'Math.random();',
    'setTimeout(f, 1);',
    'setInterval(f, 1);',
    'setImmediate(f);',
    'globalThis.setTimeout(f, 1);',
    'new Date();',
    `Math['random']();`,
    'const now = Date.now;',
    `import { randomUUID } from 'node:crypto';`,
    `import { randomBytes as r } from 'node:crypto';`,
    'crypto.randomUUID();',
    'AbortSignal.timeout(5);',
  ];
  for (const door of doors) {
    assert.equal(check(client, 'src/a.ts', `${door}\n`).length, 1, door);
    assert.deepEqual(check(client, 'src/a.test.ts', `${door}\n`), [], door);
    assert.deepEqual(check(workspace('server', []), 'src/a.ts', `${door}\n`), [], door);
  }
  const fine = `timers.setTimeout(f); new Date(clock.now()); // Date.now()\nconst text = 'Math.random()';\n`;
  assert.deepEqual(check(client, 'src/a.ts', fine), []);
});

test('keeps the environment to apps, tests, bench and tools', () => {
  assertFinds(check(client, 'src/a.ts', `\n\nprocess.env['X'];\n`), 3, /read the environment/);
  assert.deepEqual(check(workspace('cli', [], 'apps/cli'), 'src/a.ts', 'process.env;\n'), []);
});

test('finds casts to any, empty catches and tests marked to run alone', () => {
  assertFinds(check(client, 'src/a.ts', 'f(x as any);\n'), 1, /cast to any/);
  assertFinds(check(client, 'src/a.ts', 'f();\ntry { f(); } catch { /* why */ }\n'), 2, /empty catch/);
  assertFinds(check(client, 'src/a.test.ts', `test.only('x', f);\n`), 1, /run alone/);
  assertFinds(check(client, 'src/a.test.ts', `test('x', { only: true }, f);\n`), 1, /run alone/);
  assert.deepEqual(check(client, 'src/a.ts', 'try { f(); } catch (e) { g(e); }\nlist.only(1);\n'), []);
});

test('finds switched-off type checks', () => {
  const [ignore, expect] = ['ignore', 'expect-error'].map((word) => `// @ts-${word}\nf();\n`);
  assertFinds(check(client, 'src/a.ts', ignore ?? ''), 1, /switches type checks off/);
  assertFinds(check(client, 'src/a.ts', expect ?? ''), 1, /belongs in tests/);
  assert.deepEqual(check(client, 'src/a.test-d.ts', expect ?? ''), []);
});

test('finds words of unfinished work', () => {
  for (const word of [
    ['TO', 'DO'],
    ['FIX', 'ME'],
  ]) {
    assertFinds(check(client, 'src/a.ts', `f(); // ${word.join('')}: later\n`), 1, /unfinished work/);
  }
  assertFinds(check(client, 'src/a.ts', `// a list ${['for', 'now'].join(' ')}\n`), 1, /unfinished work/);
  assert.deepEqual(check(client, 'src/a.ts', `test('x', { todo: false }, f); const wait = 'for now';\n`), []);
});

test('finds lines that are too wide, but for long addresses', () => {
  assertFinds(check(client, 'src/a.ts', `\n// ${'x '.repeat(70)}\n`), 2, /has 143 characters/);
  assert.deepEqual(check(client, 'src/a.ts', `// see https://example.org/${'x'.repeat(120)}\n`), []);
});

test('finds names that are not kebab-case or say nothing', () => {
  assertFinds(check(client, 'src/someThing.ts', 'f();\n'), 1, /not kebab-case/);
  assertFinds(check(client, 'src/utils.ts', 'f();\n'), 1, /says nothing/);
  assert.deepEqual(check(client, 'src/some-thing.kafka.test.ts', 'f();\n'), []);
});

test("finds handlers that do not bear their message's name", () => {
  const handlers = ['heartbeat.ts', 'heart-beat.ts', 'heart-beat.test.ts', 'index.ts'];
  const paths = [
    'packages/wire/src/messages/heartbeat.ts',
    ...handlers.map((each) => `packages/broker/src/handlers/${each}`),
  ];
  assert.deepEqual(
    checkHandlerNames(paths).map(({ path }) => path),
    ['packages/broker/src/handlers/heart-beat.ts'],
  );
});

test('counts files and functions that are too long, and lets the count only fall', () => {
  const long = `function f() {\n${'g();\n'.repeat(70)}}\n`;
  const found = findOversize(parseSource('packages/client/src/a.ts', long + 'g();\n'.repeat(250)));
  assert.deepEqual(
    found.map(({ kind, line }) => [kind, line]),
    [
      ['file', 1],
      ['function', 1],
    ],
  );
  const counts = countOversize(found);
  assert.deepEqual(counts, { files: 1, functions: 1 });
  assert.deepEqual(checkCounts(counts, counts, 'held.json'), []);
  assert.match(checkCounts(counts, { files: 0, functions: 1 }, 'held.json')[0]?.sentence ?? '', /split what grew/);
  assert.match(checkCounts(counts, { files: 1, functions: 2 }, 'held.json')[0]?.sentence ?? '', /--update/);
  const grouped = `describe('x', () => {\n${'g();\n'.repeat(80)}});\n`;
  assert.deepEqual(findOversize(parseSource('packages/client/src/a.test.ts', grouped)), []);
});

test('wraps wide comments and leaves everything else alone', () => {
  const words = 'word '.repeat(30).trimEnd();
  const wrapped = wrapComments(`  /** ${words}. */\n  f();\n`);
  assert.equal(
    wrapped,
    `  /**\n   * ${'word '.repeat(23).trimEnd()}\n   * ${'word '.repeat(7).trimEnd()}.\n   */\n  f();\n`,
  );
  const joined = wrapComments(`// ${words}\n// goes on\n// - item\n`);
  assert.equal(joined, `// ${'word '.repeat(23).trimEnd()}\n// ${'word '.repeat(7)}goes on\n// - item\n`);
  const item = wrapComments(`/*\n * - ${words}\n * - next\n */\n`);
  assert.equal(item, `/*\n * - ${'word '.repeat(23).trimEnd()}\n *   ${'word '.repeat(7).trimEnd()}\n * - next\n */\n`);
  const code = `const x = '${words}'; // ${words}\n`;
  assert.equal(wrapComments(code), code);
});

test('names file and line of a source that does not parse', () => {
  assert.throws(() => parseSource('packages/client/src/a.ts', 'f();\nlet = ;\n'), /packages\/client\/src\/a\.ts:2: /);
});
