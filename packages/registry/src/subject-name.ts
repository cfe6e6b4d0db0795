/**
 * Subjects and their contexts. A subject outside the default context is written `:.context:subject`; the default
 * context is `.`, and its subjects are written plainly.
 */
import { RegistryError } from './registry-error.ts';

export const defaultContext = '.';

/** The key under which what holds for the whole registry is kept. */
export const everySubject = ':*:';

export interface SubjectName {
  /** `.` or `.name`. */
  readonly context: string;
  /** Without its context; empty for the context itself. */
  readonly subject: string;
}

const qualifiedPattern = /^:(\.[^:]*):(.*)$/s;

/** Takes a name apart. */
export function subjectName(text: string): SubjectName {
  const match = qualifiedPattern.exec(text);
  if (match === null) return { context: defaultContext, subject: text };
  return { context: match[1] as string, subject: match[2] as string };
}

/** The one way to write a subject of a context. */
export function qualified({ context, subject }: SubjectName): string {
  return context === defaultContext ? subject : `:${context}:${subject}`;
}

/** A name as it is kept; one without a context belongs to `context`. */
export function qualifiedIn(context: string, text: string): string {
  const name = subjectName(text);
  return qualified(qualifiedPattern.test(text) ? name : { ...name, context });
}

/** @throws RegistryError `invalid_subject` for names that nothing may be registered under. */
export function checkSubject(text: string): void {
  const { context, subject } = subjectName(text);
  const isReserved = subject === '' || subject === '__GLOBAL' || subject === '__EMPTY';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (!isReserved && !/[\u0000-\u001f\u007f]/.test(text) && /^\.[\w.-]*$/.test(context)) return;
  throw new RegistryError('invalid_subject', `The specified subject '${text}' is not a valid subject.`);
}
