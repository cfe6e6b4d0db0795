/** Waits until a cluster truly serves: its brokers are there, and coordinators of groups and transactions answer. */
import { isMillraceError, messageOf, sleep, systemTimers } from '@millrace/base';
import { type Admin, createClient, type SecurityOptions } from '@millrace/client';

const ATTEMPT_MS_MAX = 3_000;
const PAUSE_MS = 50;
/** Names that nobody uses, asked about because the answer needs the coordinators. */
const PROBE = 'millrace.probe';

export interface ServingQuestion {
  readonly bootstrap: string;
  readonly security?: SecurityOptions | undefined;
  /** Brokers that must be there; default: at least one. */
  readonly nodeIds?: readonly number[] | undefined;
  readonly timeoutMs: number;
  /** Says why waiting is of no use, when it is. */
  readonly hopeless?: (() => string | undefined) | undefined;
  /** Ends the wait, which is then rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The cluster's id as soon as it serves; else a sentence that says what was last seen of it. */
export async function waitUntilServing(
  question: ServingQuestion,
): Promise<{ readonly clusterId: string } | { readonly problem: string }> {
  const { bootstrap, security, timeoutMs, hopeless, signal } = question;
  const deadline = performance.now() + timeoutMs;
  await using client = createClient({
    bootstrap,
    security,
    clientId: 'millrace-engines',
    connectTimeoutMs: ATTEMPT_MS_MAX,
    telemetry: false,
  });
  const admin = client.admin();
  for (;;) {
    let seen: string;
    try {
      const answer = await ask(admin, question.nodeIds ?? [], signal);
      if ('clusterId' in answer) return answer;
      seen = answer.problem;
    } catch (error) {
      signal?.throwIfAborted();
      // What is not up yet fails in many ways; the last one is told when the time is over.
      if (!isMillraceError(error)) throw error;
      seen = messageOf(error);
    }
    const end = hopeless?.();
    if (end !== undefined) return { problem: end };
    if (performance.now() > deadline) return { problem: `it did not serve within ${timeoutMs} ms: ${seen}` };
    await sleep(systemTimers, PAUSE_MS, signal);
  }
}

async function ask(
  admin: Admin,
  nodeIds: readonly number[],
  signal: AbortSignal | undefined,
): Promise<{ readonly clusterId: string } | { readonly problem: string }> {
  const options = { timeoutMs: ATTEMPT_MS_MAX, signal };
  const { brokers, clusterId, controllerId } = await admin.describeCluster(options);
  const there = brokers.map(({ nodeId }) => nodeId);
  if (controllerId < 0 || clusterId === null) return { problem: 'it has no controller' };
  if (there.length === 0 || nodeIds.some((nodeId) => !there.includes(nodeId))) {
    return { problem: `of the brokers ${nodeIds.join(', ')} it has ${there.join(', ') || 'none'}` };
  }
  const [group] = await admin.describeGroups([PROBE], options);
  const [transaction] = await admin.describeTransactions([PROBE], options);
  const errors = [group?.error, transaction?.error].filter((error) => error?.retriable);
  return errors[0] === undefined ? { clusterId } : { problem: messageOf(errors[0]) };
}
