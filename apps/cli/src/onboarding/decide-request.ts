/** What the commands that decide a request have in common. */
import type { RequestView } from '@millrace/api/fleet';
import { text } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';

export const requestOperand = { name: 'ID', help: 'as `request list` has it' } as const;

export const reasonOption = {
  why: text({ placeholder: 'TEXT', help: 'The reason, for the requester and the audit log' }),
} as const;

/** What a server is asked for: which request, and why. */
export function decision(operands: readonly string[], { why }: { readonly why: string | undefined }) {
  return { params: requestParams(operands), body: why === undefined ? {} : { reason: why } };
}

/** @throws UsageError for what is no id */
export function requestParams([id = '']: readonly string[]): { readonly id: string } {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return { id };
  throw new UsageError(`'${id}' is no id of a request`, { hint: '`millrace request list` shows them.' });
}

/** The request in one line, with how to go on where it has an operation. */
export function tellDecided(request: RequestView, { json, output }: Terminal): void {
  if (json) return output.json(request);
  const { title, state, operation } = request;
  output.line(`${title}: ${state}`);
  if (operation !== undefined) output.line(`Follow it with: millrace operation watch ${operation}`);
}
