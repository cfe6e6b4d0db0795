/**
 * Plans and operations with all of their steps, of which the server shows the first with them and the rest on pages.
 */
import { callContract } from '@millrace/api';
import {
  getOperationContract,
  listOperationStepsContract,
  listPlanStepsContract,
  type OperationDetail,
  type PlanView,
  stepsShownMax,
} from '@millrace/api/fleet';
import type { FoundServer } from '../server/find-server.ts';

/** A plan that was made, with the steps that it was answered without. */
export async function wholePlan({ url, token }: FoundServer, plan: PlanView, signal: AbortSignal): Promise<PlanView> {
  const page = (cursor: string) => {
    const input = { params: { id: plan.id }, query: { cursor, limit: stepsShownMax } };
    return callContract(url, listPlanStepsContract, input, { token, signal });
  };
  return { ...plan, ...(await allSteps(plan, page)) };
}

export async function wholeOperation(
  { url, token }: FoundServer,
  id: string,
  signal: AbortSignal,
): Promise<OperationDetail> {
  const operation = await callContract(url, getOperationContract, { params: { id }, query: {} }, { token, signal });
  const page = (cursor: string) => {
    const input = { params: { id }, query: { cursor, limit: stepsShownMax } };
    return callContract(url, listOperationStepsContract, input, { token, signal });
  };
  return { ...operation, ...(await allSteps(operation, page)) };
}

async function allSteps<Step>(
  { steps: first, stepsNext }: { readonly steps: readonly Step[]; readonly stepsNext: string | null },
  page: (cursor: string) => Promise<{ readonly items: readonly Step[]; readonly next: string | null }>,
): Promise<{ steps: Step[]; stepsNext: null }> {
  const steps = [...first];
  for (let cursor = stepsNext; cursor !== null; ) {
    const { items, next } = await page(cursor);
    steps.push(...items);
    cursor = next;
  }
  return { steps, stepsNext: null };
}
