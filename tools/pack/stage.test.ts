import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedManifest, publishedTypes } from './stage.ts';

test('a published manifest leads to dist, asks for a Node that runs it, and leaves out what only we use', () => {
  const manifest = {
    name: '@millrace/x',
    version: '0.1.0',
    description: 'X',
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': './src/index.ts',
      './part': './src/part/it.ts',
      './testing/a': './src/testing/a.ts',
      './package.json': './package.json',
    },
    dependencies: { '@millrace/base': '0.1.0' },
    devDependencies: { typescript: '7.0.2' },
    scripts: { test: 'true' },
  };
  assert.deepEqual(publishedManifest(manifest), {
    name: '@millrace/x',
    version: '0.1.0',
    description: 'X',
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=22.15' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './part': { types: './dist/part/it.d.ts', default: './dist/part/it.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    dependencies: { '@millrace/base': '0.1.0' },
  });
});

test('published types lead to JavaScript files, whatever form the import has', () => {
  const source = [
    `export * from './a.ts';`,
    `import type { B } from "../b/c.ts";`,
    `import './d.ts';`,
    `export type E = import('./e.ts').E;`,
    `export type F = 'from ./f.ts';`,
    `import { G } from '@millrace/base';`,
  ];
  assert.deepEqual(publishedTypes(source.join('\n')).split('\n'), [
    `export * from './a.js';`,
    `import type { B } from "../b/c.js";`,
    `import './d.js';`,
    `export type E = import('./e.js').E;`,
    `export type F = 'from ./f.ts';`,
    `import { G } from '@millrace/base';`,
  ]);
});
