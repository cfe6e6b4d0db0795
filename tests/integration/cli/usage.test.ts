/** What every command has: help, wrong usage, errors as text and as JSON. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { millrace } from '../../support/millrace-command.ts';

const empty = await mkdtemp(join(tmpdir(), 'millrace-usage-'));
after(() => rm(empty, { recursive: true, force: true }));

test('help goes to stdout and succeeds, and a slip names what was meant', async () => {
  const help = await millrace(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.text, /Usage: millrace COMMAND/);
  assert.equal(help.stderr, '');
  const produce = await millrace(['help', 'produce']);
  assert.match(produce.text, /Usage: millrace produce TOPIC \[FILE\.\.\.\]/);
  assert.match(produce.text, /Examples:/);
});

test('wrong usage ends with 2, one sentence and where help is', async () => {
  for (const [words, message] of [
    [['topci', 'list'], 'unknown command `millrace topci`; did you mean `millrace topic`?'],
    [['up', '--data-dri', 'x'], 'unknown option --data-dri; did you mean --data-dir?'],
    [['up', '--port', 'eighty'], "--port: 'eighty' is not a whole number from 0 to 65500"],
    [['consume'], 'TOPIC is missing: topics to read'],
    [['consume', 'a', '--from', 'yesterday'], "--from: 'yesterday' is none of earliest, latest"],
    [['consume', 'a', '-f', '%z'], '%z in '],
    [['topic', 'list', '--bootstrap', 'localhost'], "--bootstrap: 'localhost' is not HOST:PORT"],
  ] as const) {
    const { code, stdout, stderr } = await millrace(words, { cwd: empty });
    assert.equal(code, 2, words.join(' '));
    assert.equal(stdout.length, 0);
    assert.ok(stderr.startsWith(`millrace: ${message}`), stderr);
    assert.ok(!stderr.includes('    at '), 'no stack trace');
  }
});

test('with --json an error is one line of JSON', async () => {
  const { code, stdout, stderr } = await millrace(['topic', 'list', '--json', '--wrong'], { cwd: empty });
  assert.equal(code, 2);
  assert.equal(stdout.length, 0);
  assert.deepEqual(JSON.parse(stderr), {
    error: { code: 'usage', message: 'unknown option --wrong', hint: 'See `millrace topic list --help`.' },
  });
  assert.equal(stderr.split('\n').length, 2);
});

test('where nothing runs it is said how to start it', async () => {
  for (const words of [['topic', 'list'], ['status'], ['consume', 'orders']]) {
    const { code, stderr } = await millrace(words, { cwd: empty });
    assert.equal(code, 1);
    assert.match(stderr, /nothing runs from the data directory .*\.millrace\nStart .* `millrace up`/);
  }
});

test('a cluster that is not there is named', async () => {
  const { code, stderr } = await millrace(['topic', 'list', '--bootstrap', '127.0.0.1:1'], { timeoutMs: 50_000 });
  assert.equal(code, 1);
  assert.match(stderr, /127\.0\.0\.1:1/);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
});

test('a configuration file is read as Java reads it, and what is not supported is named', async () => {
  const file = join(empty, 'client.properties');
  await writeFile(file, 'bootstrap.servers=127.0.0.1:1\nsasl.kerberos.service.name=x\nssl.provider=y\n');
  const unsupported = await millrace(['topic', 'list', '--client-config', file]);
  assert.equal(unsupported.code, 2);
  assert.match(unsupported.stderr, /client\.properties: not supported: sasl\.kerberos\.service\.name, ssl\.provider/);
  const absent = await millrace(['topic', 'list', '--client-config', join(empty, 'none')]);
  assert.equal(absent.code, 2);
  assert.match(absent.stderr, /--client-config: there is no file .*none/);
});

test('the version is printed both ways', async () => {
  const [text, json] = await Promise.all([millrace(['--version']), millrace(['version', '--json'])]);
  const { version, node } = JSON.parse(json.text) as { version: string; node: string };
  assert.match(text.text, /^millrace \d+\.\d+\.\d+ \(Node /);
  assert.ok(text.text.includes(version) && text.text.includes(node));
});
