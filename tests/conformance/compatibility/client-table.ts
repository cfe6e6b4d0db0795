/** What was done with each client, as a table for people: behaviours by clients, and how the tests of them ended. */
import { behaviours } from '../behaviours/index.ts';
import { clientNames } from '../matrix/behaviour.ts';

/** A line of what the test runner writes with `MILLRACE_TEST_RESULTS`. */
export interface TestResult {
  readonly path: string;
  /** From the outermost test inwards: of behaviours, the kind of broker and the cell. */
  readonly name: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

const files = 'tests/conformance/embedded-';

/** Markdown, in the order of the list; `-` where a behaviour is not tried with a client. */
export function clientTable(results: readonly TestResult[]): string {
  const outcomes = new Map(
    results.filter(({ path }) => path.startsWith(files)).map(({ name, outcome }) => [name.at(-1), outcome]),
  );
  const rows = behaviours.map(({ name }) => {
    const cells = clientNames.map((client) => outcomes.get(`${client}: ${name}`) ?? '-');
    return `| ${[name.replaceAll('|', '\\|'), ...cells].join(' | ')} |`;
  });
  return [`| behaviour | ${clientNames.join(' | ')} |`, `|---|${'---|'.repeat(clientNames.length)}`, ...rows].join(
    '\n',
  );
}
