#!/usr/bin/env node
/**
 * The `millrace` command's first step: finds a Node that can run the rest, and the rest.
 *
 * Plain JavaScript that Node 20 parses. In a clone it runs the set-up and the TypeScript sources under Node 24+; as
 * an installed package it runs `dist` under Node 22.15+. A process that goes on under another Node passes its signals
 * on and ends as that one ends. It knows no commands: those are `main`'s.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const SOURCE = new URL('../src/main.ts', import.meta.url);
const BUILT = new URL('../dist/main.js', import.meta.url);
const SETUP = new URL('../../../tools/setup.mjs', import.meta.url);

const inClone = existsSync(SOURCE);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (inClone) {
  await runInClone();
} else if (major > 22 || (major === 22 && minor >= 15)) {
  await runHere(BUILT);
} else {
  fail(
    `millrace needs Node 22.15 or newer, and this is ${process.versions.node}; install one from https://nodejs.org.`,
  );
}

async function runInClone() {
  const { setUp, SetupError } = await import(SETUP.href);
  let node;
  try {
    ({ node } = await setUp());
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    fail(error.message);
    return;
  }
  if (major >= 24) await runHere(SOURCE);
  else goOnUnder(node);
}

/** @param {URL} entry module that exports `main(argv): Promise<exit code>` */
async function runHere(entry) {
  module.enableCompileCache?.();
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
}

/** @param {string} node path of a newer Node */
function goOnUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    // A terminal sends Ctrl-C to both processes; passed on, it would reach the child twice, which means "at once".
    const sentToBoth = onTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT');
    process.on(signal, () => {
      if (!sentToBoth) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}.`));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + os.constants.signals[signal];
  });
}

/** @param {string} sentence */
function fail(sentence) {
  if (process.argv.includes('--json')) {
    const error = { code: 'setup-failed', message: sentence, hint: 'Mend what the message names and run it again.' };
    process.stderr.write(`${JSON.stringify({ error })}\n`);
  } else {
    process.stderr.write(`${sentence}\n`);
  }
  process.exitCode = 1;
}
