/** What every command does that changes the fleet: plan, show, ask, apply, watch. */
import { randomUUID } from 'node:crypto';
import { callContract } from '@millrace/api';
import { applyPlanContract, makePlanContract, type PlanView } from '@millrace/api/fleet';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { type ExitCode, exitCodes } from '../framework/exit-codes.ts';
import { flag, text, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import type { FoundServer } from '../server/find-server.ts';
import { wholePlan } from './all-steps.ts';
import { planLines } from './operation-text.ts';
import { watchOperation } from './watch-operation.ts';

/** Options of every such command. */
export const planOptions = {
  ...destructiveOptions,
  why: withDefault(text({ placeholder: 'TEXT', help: 'Why, for the audit log' }), '', ''),
  detach: flag({ help: 'Leave the operation to itself when it has begun; `operation watch` follows it' }),
} as const;

export interface PlanChoice {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly why: string;
  readonly detach: boolean;
}

/** Resolves when all is done, or begun with `--detach`. With `--json` the plan is a line, and each event one more. */
export async function runPlan(
  server: FoundServer,
  planned: { readonly kind: string; readonly input: unknown },
  { yes, dryRun, why, detach }: PlanChoice,
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const { signal, json, output } = terminal;
  const { url, token } = server;
  // Repeated by whatever lies between, these are still done once.
  const call = (): { token: string | undefined; signal: AbortSignal; idempotencyKey: string } => {
    return { token, signal, idempotencyKey: randomUUID() };
  };
  const { kind, input } = planned;
  const made = await callContract(url, makePlanContract, { body: { kind, input } }, call());
  const plan = await wholePlan(server, made, signal);
  if (json) output.json(plan);
  else for (const line of planLines(plan)) output.line(line);
  if (dryRun || plan.steps.length === 0) return undefined;
  await output.flush();
  if (!(await confirm(terminal, { yes }, deedOf(plan)))) return exitCodes.failed;
  const body = { why, confirm: plan.destructive };
  const { id } = await callContract(url, applyPlanContract, { params: { id: plan.id }, body }, call());
  if (!detach) return await watchOperation(server, id, terminal);
  if (json) output.json({ operation: id });
  else output.line(`Operation ${id} has begun. Follow it with: millrace operation watch ${id}`);
  return undefined;
}

function deedOf({ title, steps }: PlanView): string {
  const lost = steps.filter(({ destructive }) => destructive).length;
  const destroyed = lost === 0 ? '' : `, ${lost} of which destroy something for good`;
  return `do ${counted(steps.length, 'step')}${destroyed} (${title})`;
}
