/** Which lines somebody asks for, and how blocks and lines are held against it. */
import type { Severity } from '../line/severity.ts';
import { hasTerms, type Term } from './line-words.ts';
import { type BlockSummary, type StoredLine, searchedText } from './log-block.ts';
import type { WordFilter } from './word-filter.ts';

export interface LineQuery {
  /** Milliseconds since 1970, both ends included. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly severities?: ReadonlySet<Severity> | undefined;
  /** Ids of templates, any of them. */
  readonly templates?: ReadonlySet<string> | undefined;
  readonly terms?: readonly Term[] | undefined;
}

/** Whether a block can have lines that are asked for, without its words. */
export function mayHaveLines({ from, until, labels, severities, templates }: LineQuery, block: BlockSummary): boolean {
  if (from !== undefined && block.to < from) return false;
  if (until !== undefined && block.from > until) return false;
  if (templates !== undefined && !block.templates.some((id) => templates.has(id))) return false;
  if (severities !== undefined && !block.severities.some((each) => severities.has(each as Severity))) return false;
  return labels === undefined || block.labelSets.some((set) => hasLabels(set, labels));
}

export function mayHaveWords({ terms = [] }: LineQuery, filter: WordFilter): boolean {
  return terms.every(({ words }) => words.every((word) => filter.mayHave(word)));
}

export function isAskedFor(
  { from, until, labels, severities, templates, terms }: LineQuery,
  stored: StoredLine,
): boolean {
  const { line } = stored;
  if (from !== undefined && line.time < from) return false;
  if (until !== undefined && line.time > until) return false;
  if (templates !== undefined && !templates.has(stored.template)) return false;
  if (severities !== undefined && (line.severity === undefined || !severities.has(line.severity))) return false;
  if (labels !== undefined && !hasLabels(line.labels, labels)) return false;
  return terms === undefined || terms.length === 0 || hasTerms(searchedText(line).toLowerCase(), terms);
}

function hasLabels(set: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const name of Object.keys(wanted)) if (set[name] !== wanted[name]) return false;
  return true;
}
