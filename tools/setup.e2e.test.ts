/**
 * The set-up is judged with the real npm on small projects in temporary folders; what it would reach over the network
 * is a closed port of this machine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project whose lockfile names `dependencies`, or is `{` when there is to be none that can be read. */
function project(dependencies: Record<string, string> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-setup-test-')));
  folders.push(root);
  writeManifests(root, dependencies);
  return root;
}

function writeManifests(root: string, dependencies: Record<string, string>): void {
  const manifest = { name: 'planted', version: '1.0.0', dependencies };
  const packages: Record<string, unknown> = { '': manifest };
  for (const [name, version] of Object.entries(dependencies)) packages[`node_modules/${name}`] = { version };
  const lockfile = { name: 'planted', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lockfile));
}

const DRIVER = `
  const { setUp, SetupError } = await import(process.argv[1]);
  try {
    console.log(JSON.stringify(await setUp({ root: process.argv[2] })));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function setUp(root: string, environment: Record<string, string> = {}): Promise<Ended> {
  const setup = new URL('./setup.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', DRIVER, setup, root], {
    env: { ...process.env, npm_config_fetch_retries: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

test('installs once, and again only when the lockfile changes', async () => {
  const root = project();
  const first = await setUp(root);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(JSON.parse(first.stdout), { node: join(root, 'node_modules/.bin/node'), installed: true });
  const second = await setUp(root);
  assert.equal(JSON.parse(second.stdout).installed, false);
  assert.equal(second.stderr, '');
  writeFileSync(join(root, 'package-lock.json'), '\n', { flag: 'a' });
  rmSync(join(root, 'node_modules/.package-lock.json'), { force: true });
  assert.equal(JSON.parse((await setUp(root)).stdout).installed, true);
});

test('links a Node of this machine where npm linked none that is new enough', async () => {
  const root = project();
  const { node } = JSON.parse((await setUp(root)).stdout);
  assert.equal(readlinkSync(node), realpathSync(process.execPath));
});

test('of two at once one installs and the other waits for it', async () => {
  const root = project();
  const both = await Promise.all([setUp(root), setUp(root)]);
  const installed = both.map(({ stdout }) => JSON.parse(stdout).installed);
  assert.deepEqual(installed.toSorted(), [false, true], both.map(({ stderr }) => stderr).join('\n'));
});

test('says in one sentence that the registry cannot be reached', async () => {
  const root = project({ absent: '1.0.0' });
  const { code, stdout, stderr } = await setUp(root, { npm_config_registry: 'http://127.0.0.1:9/' });
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr.trimEnd().split('\n').at(-1) ?? '',
    /could not reach the package registry \(ECONNREFUSED\); connect/,
  );
  assert.equal(existsSync(join(root, 'node_modules/.millrace-setup.json')), false);
});

test('says in one sentence that npm is missing', async () => {
  const { code, stderr } = await setUp(project(), { PATH: tmpdir() });
  assert.equal(code, 1);
  assert.match(stderr, /needs npm, and there is none on PATH/);
});

test('says in one sentence that the lockfile is missing', async () => {
  const root = project();
  rmSync(join(root, 'package-lock.json'));
  const { code, stderr } = await setUp(root);
  assert.equal(code, 1);
  assert.match(stderr, /package-lock\.json cannot be read \(ENOENT\); restore it/);
});
