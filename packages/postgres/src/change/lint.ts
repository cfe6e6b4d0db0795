/**
 * Looks at a script of changes before it runs: what each statement locks, whether it writes or reads whole tables under
 * that lock, whom it breaks, and how it is done safely.
 */
import { type Catalog, unknownCatalog } from '../catalog/catalog.ts';
import { parseScript, type Statement } from '../sql/parse-script.ts';
import { acceptedIn } from './accepted-rules.ts';
import { type Compatibility, downstreamFindings } from './downstream.ts';
import type { Context, Effect, Finding } from './effect.ts';
import { ScriptCatalog } from './script-catalog.ts';
import { effectOf } from './statement-effect.ts';

export interface LintOptions {
  /** What a schema registry asks of a subject; undefined: BACKWARD. */
  readonly compatibilityOf?: ((subject: string) => Compatibility | undefined) | undefined;
}

export interface LintedStatement extends Effect {
  readonly statement: Statement;
}

/**
 * Lints a script. With a `catalog` that was read from a database the answer is exact; without one, what depends on the
 * database is `maybe`. Throws `SqlSyntaxError`.
 */
export async function lintScript(
  script: string,
  catalog: Catalog = unknownCatalog(),
  options: LintOptions = {},
): Promise<LintedStatement[]> {
  const known = new ScriptCatalog(catalog);
  const transaction = new TransactionWatch();
  const accepted = acceptedIn(script);
  const linted: LintedStatement[] = [];
  for (const statement of await parseScript(script)) {
    const effect = effectOf(statement, contextOf(known));
    const isOfNew = effect.locks.length > 0 && effect.locks.every(({ on }) => known.isNew(on));
    const findings = [
      ...(isOfNew ? effect.findings.filter(({ severity }) => severity === 'warning') : effect.findings),
    ];
    const downstream = isOfNew ? [] : downstreamFindings(statement.node, known, options.compatibilityOf);
    const all = [...findings, ...downstream, ...transaction.follow(statement, effect, isOfNew)];
    linted.push({
      ...effect,
      statement,
      findings: all.map((each) => (accepted.has(each.rule) ? asAccepted(each) : each)),
    });
    known.follow(statement.node);
  }
  return linted;
}

function asAccepted(finding: Finding): Finding {
  return { ...finding, severity: 'warning', message: `accepted in the script: ${finding.message}` };
}

/** What operations are told in the middle of a script. */
export function contextOf(known: ScriptCatalog): Context {
  return {
    catalog: known,
    isNew: (name) => known.isNew(name),
    isDropped: (relation) => known.isDropped(relation),
  };
}

/** What goes wrong by statements being in one transaction. */
class TransactionWatch {
  #isOpen = false;
  /** Of this transaction: how many changes to the schema hold locks that others wait for. */
  #locking = 0;

  follow({ node }: Statement, effect: Effect, isOfNew: boolean): Finding[] {
    if ('TransactionStmt' in node) {
      const { kind } = node.TransactionStmt;
      this.#isOpen = kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START' || (this.#isOpen && !isEnd(kind));
      this.#locking = 0;
      return [];
    }
    if (!this.#isOpen || isOfNew) return [];
    if (/CONCURRENTLY|^VACUUM/.test(effect.kind)) return [concurrentlyInside(effect.kind)];
    const isOfRows = effect.kind === 'UPDATE' || effect.kind === 'DELETE';
    if (isOfRows) return this.#locking > 0 ? [rowsWithChange] : [];
    const isLocking = effect.locks.some(({ mode }) =>
      /^(ACCESS EXCLUSIVE|EXCLUSIVE|SHARE ROW EXCLUSIVE|SHARE)$/.test(mode),
    );
    if (!isLocking) return [];
    this.#locking++;
    return this.#locking === 2 ? [severalChanges] : [];
  }
}

function isEnd(kind: string | undefined): boolean {
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' || kind === 'TRANS_STMT_PREPARE';
}

function concurrentlyInside(kind: string): Finding {
  return {
    rule: 'concurrently-in-transaction',
    severity: 'unsafe',
    breaks: [],
    message: `${kind} can't run inside of a transaction: the server refuses it`,
    safe: ['take it out of the transaction'],
  };
}

const rowsWithChange: Finding = {
  rule: 'backfill-with-change',
  severity: 'unsafe',
  breaks: ['reads', 'writes'],
  message: 'the locks of the changes before are kept until all rows are changed',
  safe: ['commit the change first; then change rows in batches, each its own transaction'],
};

const severalChanges: Finding = {
  rule: 'several-changes',
  severity: 'warning',
  breaks: ['reads', 'writes'],
  message: 'the lock of the first change is kept while the second waits for its own',
  safe: ['one change to the schema a transaction'],
};
