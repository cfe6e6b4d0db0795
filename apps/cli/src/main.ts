/**
 * The entry of the `millrace` command, which the bin calls once it runs under a Node that can.
 *
 * Holds the options that belong to no command; it does not end the process, it returns the exit code.
 */
import { readFileSync } from 'node:fs';

const USAGE = `Usage: millrace [--help | --version]

Millrace runs a fleet of Kafka clusters as one streaming data platform.

Options:
  --help     print this text
  --version  print the version
`;

/**
 * Runs one invocation of the command.
 *
 * @param args what follows the command's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function main(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === '--version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (first === '--help') {
    process.stdout.write(USAGE);
    return 0;
  }
  process.stderr.write(first === undefined ? USAGE : `millrace knows no '${first}'; see millrace --help.\n`);
  return 2;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}
