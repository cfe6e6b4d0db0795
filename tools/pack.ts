/**
 * Proves that what would be published works: `node tools/pack.ts` builds the workspace, stages and packs every package
 * (see `pack/stage.ts`), has publint and arethetypeswrong judge them, installs the tarballs in an empty folder,
 * compiles and runs `tests/published/example.ts` there against the installed types, and starts the installed command.
 *
 * It publishes nothing. `--keep` leaves the folder with the tarballs and prints its path. Exit code 1 on any problem.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { checkPublished } from './pack/check.ts';
import { publishableFolders, type Staged, stage } from './pack/stage.ts';

const root = resolve(import.meta.dirname, '..');
const tsc = join(root, 'node_modules/.bin/tsc');
const EXAMPLE_MS_MAX = 120_000;

/** A command that did not end well; the message holds what it printed. */
class CommandFailure extends Error {}

process.exitCode = await main(process.argv.slice(2));

async function main(options: readonly string[]): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'millrace-pack-'));
  try {
    run(tsc, ['-b'], root);
    const packed = publishableFolders(root).map((folder) => pack(stage(root, folder, join(work, 'staged')), work));
    const problems = (await Promise.all(packed.map(({ staged, tarball }) => checkPublished(staged, tarball)))).flat();
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) return 1;
    tryOut(packed, join(work, 'tried'));
    process.stdout.write(`${packed.length} packages packed, judged, installed and tried out\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    if (options.includes('--keep')) process.stdout.write(`${work}\n`);
    else rmSync(work, { recursive: true, force: true });
  }
}

interface Packed {
  readonly staged: Staged;
  /** Absolute path. */
  readonly tarball: string;
}

function pack(staged: Staged, work: string): Packed {
  const target = join(work, 'tarballs', basename(staged.folder));
  mkdirSync(target, { recursive: true });
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', target], staged.folder);
  const [file = ''] = readdirSync(target);
  return { staged, tarball: join(target, file) };
}

/** Installs the tarballs where no workspace is near, and uses them as a stranger would. */
function tryOut(packed: readonly Packed[], folder: string): void {
  mkdirSync(folder);
  const dependencies = Object.fromEntries(packed.map(({ staged, tarball }) => [staged.name, `file:${tarball}`]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }, null, 2));
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', '--engine-strict=false'], folder);
  copyFileSync(join(root, 'tests/published/example.ts'), join(folder, 'example.ts'));
  const compilerOptions = {
    strict: true,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    outDir: 'built',
    rootDir: '.',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }, null, 2));
  run(tsc, ['-p', '.'], folder);
  process.stdout.write(run(process.execPath, ['built/example.js'], folder));
  process.stdout.write(`millrace ${run(join(folder, 'node_modules/.bin/millrace'), ['--version'], folder)}`);
}

/** Runs a command to its end and returns its stdout. */
function run(command: string, args: readonly string[], folder: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: EXAMPLE_MS_MAX,
  });
  if (status === 0) return stdout;
  const how = error?.message ?? (signal === null ? `exit code ${status}` : `signal ${signal}`);
  throw new CommandFailure(`${[command, ...args].join(' ')} in ${folder} failed (${how}).\n${stdout}${stderr}`);
}
