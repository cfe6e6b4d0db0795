/**
 * Set-up of a clone: installs what the lockfile names, once, and sees to it that `node_modules/.bin/node` is Node 24+.
 *
 * Runs on Node 20 without dependencies, as `node tools/setup.mjs` in the scripts and imported by the bin.
 * `npm ci` runs only when the hash of lockfile, platform and architecture differs from the one noted in node_modules.
 * Invariants: only one set-up of a clone installs at a time, the others wait for it; nothing is ever written to stdout,
 * which belongs to the command that follows; a failure is one sentence on stderr and exit code 1.
 * It does not build anything and does not touch a file outside node_modules, but for the lock in the temporary folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, underLock } from './setup-lock.mjs';

/** What a clone needs to run TypeScript sources as they are. */
const NODE_MAJOR_MIN = 24;
/** What npm and this program need to begin with. */
const SETUP_NODE_MAJOR_MIN = 20;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

export { SetupError };

/** Root folder of the clone that this file lies in. */
export const cloneRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Brings node_modules of a clone to what its lockfile says; returns at once when it is there already.
 *
 * @param {{ root?: string }} [options] `root` defaults to the clone that this file lies in.
 * @returns {Promise<{ node: string, installed: boolean }>} `node` is the path of a Node 24+ to go on under.
 * @throws {SetupError} with one sentence that says what happened and what to do.
 */
export async function setUp({ root = cloneRoot } = {}) {
  if (majorOf(process.versions.node) < SETUP_NODE_MAJOR_MIN) {
    throw new SetupError(
      `Millrace needs Node ${SETUP_NODE_MAJOR_MIN} or newer to set itself up, and this is ${process.versions.node}; ` +
        'install a newer one from https://nodejs.org and run the command again.',
    );
  }
  const wanted = wantedHash(root);
  const ready = readyNode(root, wanted);
  if (ready !== undefined) return { node: ready, installed: false };
  return await underLock(root, async () => {
    const readyByOther = readyNode(root, wanted);
    if (readyByOther !== undefined) return { node: readyByOther, installed: false };
    const matches = installedMatchesLockfile(root);
    if (!matches) await install(root);
    const node = provideNode(root);
    writeNote(root, { hash: wanted, node });
    return { node, installed: !matches };
  });
}

function notePath(root) {
  return path.join(root, 'node_modules', '.millrace-setup.json');
}

function wantedHash(root) {
  return createHash('sha256').update(readLockfile(root)).update(`\n${process.platform} ${process.arch}`).digest('hex');
}

function readLockfile(root) {
  const file = path.join(root, 'package-lock.json');
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new SetupError(`${file} cannot be read (${error.code}); restore it with \`git checkout package-lock.json\`.`);
  }
}

/** The noted Node when the note holds for `wanted` and that Node is still there, else undefined. */
function readyNode(root, wanted) {
  const note = readJson(notePath(root));
  if (note?.hash !== wanted || typeof note.node !== 'string' || !fs.existsSync(note.node)) return undefined;
  return note.node;
}

/** Written aside and renamed, so that a reader never meets half a note. */
function writeNote(root, note) {
  const aside = `${notePath(root)}.${process.pid}`;
  fs.writeFileSync(aside, `${JSON.stringify(note)}\n`);
  fs.renameSync(aside, notePath(root));
}

function readJson(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new SetupError(`${file} cannot be read (${error.code}); mend its permissions or remove it.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a foreign or damaged note is no note: npm ci mends it
    throw error;
  }
}

/**
 * True when npm's own record of node_modules already agrees with the lockfile, as after `npm install PACKAGE`: a second
 * install would remove node_modules under programs that run from it.
 */
function installedMatchesLockfile(root) {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages;
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || installed === undefined) return false;
  for (const [where, entry] of Object.entries(wanted)) {
    if (!where.startsWith('node_modules/') && !where.includes('/node_modules/')) continue; // the workspaces themselves
    const found = installed[where];
    if (found === undefined) {
      if (entry.optional === true || entry.peer === true) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
    if (!fs.existsSync(path.join(root, where))) return false;
  }
  return Object.keys(installed).every((where) => wanted[where] !== undefined);
}

/** Runs `npm ci`; everything it prints goes to stderr. */
async function install(root) {
  process.stderr.write('Setting up: npm ci installs the dependencies (once, usually under a minute) ...\n');
  const startedAt = Date.now();
  const flags = ['--include=dev', '--include=optional', '--engine-strict=false', '--loglevel=error', '--no-fund'];
  const child = spawn('npm', ['ci', ...flags, '--no-audit'], {
    cwd: root,
    env: npmEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  let printed = '';
  const print = (chunk) => {
    printed = (printed + chunk).slice(-20_000);
    process.stderr.write(chunk);
  };
  child.stdout.on('data', print);
  child.stderr.on('data', print);
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  for (const signal of SIGNALS) process.off(signal, forward);
  if (end.error !== undefined || end.code !== 0) throw installError(root, end, printed);
  process.stderr.write(`Set up in ${Math.round((Date.now() - startedAt) / 1000)} s.\n`);
}

/** The environment for a nested npm: without what npm set for the script that called us. */
function npmEnvironment() {
  const environment = { ...process.env };
  for (const name of Object.keys(environment)) {
    if (/^npm_config_(workspaces?|include_workspace_root|call|package|global|dry_run|package_lock_only)$/i.test(name)) {
      delete environment[name];
    }
  }
  return environment;
}

function installError(root, { error, code, signal }, printed) {
  if (error?.code === 'ENOENT') {
    return new SetupError('Set-up needs npm, and there is none on PATH; install it (it comes with Node).');
  }
  if (error !== undefined) return new SetupError(`npm could not be started (${error.code}): ${error.message}.`);
  if (signal !== null) return new SetupError(`Set-up was ended by ${signal}; run the command again to resume.`);
  const network = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/.exec(printed);
  if (network !== null) {
    return new SetupError(
      `Set-up could not reach the package registry (${network[1]}); connect to a network, or name a mirror with ` +
        '`npm config set registry URL`, and run the command again.',
    );
  }
  if (/\bENOSPC\b/.test(printed)) {
    return new SetupError(`The disk that holds ${root} is full (ENOSPC); make about 500 MB free and run it again.`);
  }
  if (/\b(EACCES|EPERM|EROFS)\b/.test(printed)) {
    return new SetupError(`npm may not write to ${path.join(root, 'node_modules')}; mend the folder's owner and mode.`);
  }
  return new SetupError(`npm ci failed with exit code ${code}; what it printed above says why.`);
}

/**
 * Returns the Node to go on under: the pinned one that npm linked, else a Node 24+ of this machine, which is then
 * linked in its place, so that `env node` in a script finds it.
 */
function provideNode(root) {
  const linked = path.join(root, 'node_modules', '.bin', 'node');
  if (nodeMajor(linked) >= NODE_MAJOR_MIN) return linked;
  const found = [process.execPath, ...nodesOfMachine()].find((file) => nodeMajor(file) >= NODE_MAJOR_MIN);
  if (found === undefined) {
    throw new SetupError(
      `Millrace needs Node ${NODE_MAJOR_MIN} or newer, brings none for ${process.platform} ${process.arch}, and ` +
        `found none on this machine; install Node ${NODE_MAJOR_MIN} from https://nodejs.org and run it again.`,
    );
  }
  fs.mkdirSync(path.dirname(linked), { recursive: true });
  fs.rmSync(linked, { force: true });
  fs.symlinkSync(fs.realpathSync(found), linked);
  return linked;
}

/** Where the usual installers and version managers put Node, newest version first in each. */
function nodesOfMachine() {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'node'));
  const kegs = ['/opt/homebrew/opt/node@24', '/usr/local/opt/node@24', '/opt/homebrew', '/usr/local'];
  const fixed = kegs.map((folder) => path.join(folder, 'bin', 'node'));
  const managed = [
    ['.nvm/versions/node', 'bin/node'],
    ['.local/share/fnm/node-versions', 'installation/bin/node'],
    ['.volta/tools/image/node', 'bin/node'],
    ['.asdf/installs/nodejs', 'bin/node'],
    ['.local/share/mise/installs/node', 'bin/node'],
    ['n/n/versions/node', 'bin/node'],
  ].flatMap(([folder, rest]) => {
    const versions = path.join(os.homedir(), folder);
    if (!fs.existsSync(versions)) return [];
    const names = fs.readdirSync(versions).sort((a, b) => majorOf(b) - majorOf(a));
    return names.map((name) => path.join(versions, name, rest));
  });
  return [...onPath, ...fixed, ...managed].filter((file) => fs.existsSync(file));
}

/** Major version of the Node at `file`, 0 when it does not run here (none there, or built for another C library). */
function nodeMajor(file) {
  if (!fs.existsSync(file)) return 0;
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? majorOf(stdout) : 0;
}

function majorOf(version) {
  return Number(/^v?(\d+)/.exec(version.trim())?.[1] ?? 0);
}

const entry = process.argv[1] ?? '';
if (fs.existsSync(entry) && fs.realpathSync(entry) === fileURLToPath(import.meta.url)) {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
