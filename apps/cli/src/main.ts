/**
 * The `millrace` command: finds the command named, runs it, reports how it ended.
 *
 * Ctrl-C or SIGTERM asks the command to close cleanly; a second one ends the process at once. A reader of stdout that
 * goes away does the same without a word.
 */
import { catalog } from './catalog.ts';
import { findCommand } from './find-command.ts';
import type { Command } from './framework/command.ts';
import { type ExitCode, exitCodes } from './framework/exit-codes.ts';
import { commandHelp } from './framework/help.ts';
import { Output } from './framework/output.ts';
import { asksForJson, parseArguments } from './framework/parse-arguments.ts';
import { reportError } from './framework/report-error.ts';
import { isEchoOf, Stopped } from './framework/stopped.ts';
import { processTerminal } from './framework/terminal.ts';

/** Runs one command line (the words after `millrace`) and answers the exit code. */
export async function main(words: readonly string[]): Promise<ExitCode> {
  const json = asksForJson(words);
  const stop = new AbortController();
  let command: Command | undefined;
  const output = new Output(process.stdout, () => {
    // A server serves others than the reader of its first lines.
    if (command?.serves !== true) stop.abort(new Stopped('closed pipe'));
  });
  const report = (error: unknown): ExitCode =>
    reportError(error, { json, write: (text) => process.stderr.write(text) });
  const stopListening = listenForSignals(stop);
  const failed = (error: unknown): ExitCode => {
    const stopped = stop.signal.reason;
    return stopped instanceof Stopped && isEchoOf(error, stopped) ? exitCodes.done : report(error);
  };
  let code: ExitCode;
  try {
    const found = findCommand(catalog, words);
    if ('help' in found) {
      output.text(found.help);
      code = exitCodes.done;
    } else {
      command = await found.command.load();
      code = await runCommand(command, found.words, output, stop.signal);
    }
  } catch (error) {
    code = failed(error);
  }
  try {
    // Also after a failure: what a command printed before is the user's.
    await output.end();
  } catch (error) {
    code = failed(error);
  }
  stopListening();
  return code === exitCodes.done && stop.signal.aborted ? codeOfStop(stop.signal.reason, command) : code;
}

async function runCommand(
  command: Command,
  words: readonly string[],
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { help, json, options, operands } = parseArguments(command, words);
  if (help) {
    output.text(commandHelp(command));
    return exitCodes.done;
  }
  const terminal = processTerminal({ json, output, signal });
  return (await command.run({ options: options as never, operands, terminal })) ?? exitCodes.done;
}

function codeOfStop(stopped: Stopped, command: Command | undefined): ExitCode {
  if (stopped.by === 'closed pipe') return exitCodes.done;
  if (stopped.by === 'SIGINT') return exitCodes.interrupted;
  return command?.serves === true ? exitCodes.done : exitCodes.terminated;
}

function listenForSignals(stop: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listeners = signals.map((name) => {
    const listener = (): void => {
      if (stop.signal.aborted) process.exit(name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
      stop.abort(new Stopped(name));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}
