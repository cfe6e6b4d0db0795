/** What came of the matrix, in one line, from the results of the tests as the test runner writes them. */
import type { TestResult } from '../compatibility/client-table.ts';
import { type Behaviour, ListedDifference } from './behaviour.ts';
import type { BrokerKind, Profile } from './place.ts';
import { type Cell, cellName, selectCells } from './selection.ts';

const matrixFile = /^tests\/conformance\/(embedded|kafka)-(open|secured|moves)\./;

interface TriedCell extends Cell {
  readonly kind: BrokerKind;
  readonly outcome: TestResult['outcome'];
}

/**
 * Adds up the files that ran; undefined when none of the matrix did. Skipped cells count nowhere else. All others that
 * did not pass have failed, also when they were never reached.
 *
 * @param full whether foreign clients were to try everything on Apache Kafka too
 */
export function summaryLine(
  behaviours: readonly Behaviour[],
  results: readonly TestResult[],
  full: boolean,
): string | undefined {
  const paths = [...new Set(results.map(({ path }) => path))].filter((path) => matrixFile.test(path));
  if (paths.length === 0) return undefined;
  const all = paths.flatMap((path) => triedCells(behaviours, path, results, full));
  const tried = all.filter(({ outcome }) => outcome !== 'skipped');
  const distinct = (of: (cell: TriedCell) => string): number => new Set(tried.map(of)).size;
  const passed = tried.filter(({ outcome }) => outcome === 'passed').length;
  const differences = new Set(tried.map(({ behaviour }) => behaviour).filter(isListed)).size;
  return [
    `conformance: ${plural(
      distinct(({ behaviour }) => behaviour.name),
      'case',
    )}`,
    ` x ${plural(
      distinct(({ kind }) => kind),
      'broker',
    )} x ${plural(
      distinct(({ client }) => client),
      'client',
    )}`,
    `: ${plural(passed, 'cell')} passed, ${tried.length - passed} failed`,
    tried.length < all.length ? `, ${all.length - tried.length} skipped` : '',
    `, ${plural(differences, 'listed difference')}`,
  ].join('');
}

function triedCells(
  behaviours: readonly Behaviour[],
  path: string,
  results: readonly TestResult[],
  full: boolean,
): TriedCell[] {
  const [, kind, profile] = matrixFile.exec(path) as unknown as [string, BrokerKind, Profile];
  const own = results.filter((result) => result.path === path);
  const outcomes = new Map(own.map(({ name, outcome }) => [name.join(), outcome]));
  // The one test of a file that lacks its brokers has the name of their kind.
  const otherwise = outcomes.get(kind) === 'skipped' ? 'skipped' : 'failed';
  return selectCells(behaviours, { kind, profile, full }).map((cell) => {
    const outcome = outcomes.get([kind, cellName(cell)].join()) ?? otherwise;
    return { ...cell, kind, outcome };
  });
}

function isListed({ shows }: Behaviour): boolean {
  return shows instanceof ListedDifference;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
