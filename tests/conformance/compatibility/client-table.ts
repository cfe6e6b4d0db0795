/** What was done with foreign clients, as a table for people: the names of the conformance tests and how they ended. */

/** A line of what the test runner writes with `MILLRACE_TEST_RESULTS`. */
export interface TestResult {
  readonly path: string;
  /** From the outermost test inwards. */
  readonly name: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

const folder = 'tests/conformance/';
/** A test belongs to the first of these that its name or its file names. */
const clients = ['kafkajs', '@platformatic/kafka', 'kcat'] as const;
const spellings: Readonly<Record<(typeof clients)[number], RegExp>> = {
  kafkajs: /kafkajs/,
  '@platformatic/kafka': /platformatic/,
  kcat: /kcat|librdkafka/,
};

/** Markdown, ordered by client and then by name. */
export function clientTable(results: readonly TestResult[]): string {
  const rows = results
    .filter(({ path }) => path.startsWith(folder))
    .flatMap(({ path, name, outcome }) => {
      const what = name.join(': ');
      const client = clientOf(what) ?? clientOf(path);
      return client === undefined ? [] : [{ client, what, outcome }];
    })
    .sort((left, right) => compare(left.client, right.client) || compare(left.what, right.what));
  const lines = rows.map(({ client, what, outcome }) => `| ${client} | ${what.replaceAll('|', '\\|')} | ${outcome} |`);
  return ['| client | test | |', '|---|---|---|', ...lines].join('\n');
}

function clientOf(text: string): (typeof clients)[number] | undefined {
  return clients.find((client) => spellings[client].test(text));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
