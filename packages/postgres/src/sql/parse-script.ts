/**
 * SQL taken apart by PostgreSQL's own parser (libpg_query, of version 18): what it accepts a server accepts, and where
 * statements begin and end is not guessed.
 */
import { loadModule, type Node, parseSync, SqlError } from 'libpg-query';
import { SqlSyntaxError } from './sql-error.ts';

export interface Statement {
  /** As it was written, without comments before it, white space around it, or the semicolon. */
  readonly text: string;
  /** Where it begins in the script, from 1 on. */
  readonly line: number;
  readonly column: number;
  /** What kind of node it is: `AlterTableStmt`. */
  readonly type: string;
  /** A node of PostgreSQL's parse tree. */
  readonly node: Node;
}

/** The statements of a script, in their order. Throws `SqlSyntaxError`. */
export async function parseScript(script: string): Promise<Statement[]> {
  await loadModule();
  refuseMetaCommands(script);
  if (script.trim() === '') return [];
  const bytes = Buffer.from(script);
  const { stmts = [] } = parsed(script);
  return stmts.flatMap(({ stmt, stmt_location: location = 0, stmt_len: length }) => {
    if (stmt === undefined) return [];
    const end = length === undefined || length === 0 ? bytes.length : location + length;
    const begin = location + leadingBytes(bytes.toString('utf8', location, end));
    const text = bytes.toString('utf8', begin, end).trimEnd();
    const type = Object.keys(stmt)[0] ?? '';
    return [{ text, ...placeOf(bytes.toString('utf8', 0, begin)), type, node: stmt }];
  });
}

function parsed(script: string): ReturnType<typeof parseSync> {
  try {
    return parseSync(script);
  } catch (error) {
    if (!(error instanceof SqlError) && !(error instanceof Error && error.name === 'SqlError')) throw error;
    const details = (error as SqlError).sqlDetails;
    const { line, column } = placeOf(script.slice(0, Math.max(details?.cursorPosition ?? 0, 0)));
    throw new SqlSyntaxError(error.message, line, column);
  }
}

/** Commands of psql are not SQL; a script with them is one for psql. */
function refuseMetaCommands(script: string): void {
  for (const [index, line] of script.split('\n').entries()) {
    if (!/^\\[a-z!?]/i.test(line)) continue;
    const word = line.split(/\s/, 1)[0];
    throw new SqlSyntaxError(
      `${word} is a command of psql, not SQL; take it out or run the script by psql`,
      index + 1,
      1,
    );
  }
}

function placeOf(before: string): { readonly line: number; readonly column: number } {
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** White space and comments that precede a statement belong to it in the parser's eyes. */
function leadingBytes(text: string): number {
  let at = 0;
  for (;;) {
    const rest = text.slice(at);
    const skipped = /^(?:\s+|--[^\n]*(?:\n|$))/.exec(rest)?.[0].length ?? blockCommentLength(rest);
    if (skipped === 0) return Buffer.byteLength(text.slice(0, at));
    at += skipped;
  }
}

/** Block comments nest. */
function blockCommentLength(text: string): number {
  if (!text.startsWith('/*')) return 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    if (two === '/*') depth++;
    else if (two === '*/') depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  return text.length;
}
