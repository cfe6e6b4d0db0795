/**
 * Changes of several things through the controller, of which some may have to be asked for again: those that a quota
 * held back (KIP-599), and those that met a broker which is not the controller. What was done is not asked for twice.
 */
import { errorCodes, KafkaError } from '@millrace/wire';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import type { ItemAnswer } from './item-results.ts';
import { onController } from './routes.ts';

const openCodes: ReadonlySet<number> = new Set([errorCodes.THROTTLING_QUOTA_EXCEEDED, errorCodes.NOT_CONTROLLER]);

/**
 * The answers to the items, by their names. Asks again about what is open, after the pause that the broker asked for,
 * until the bounds are reached; then the last answers stand. Rejects when no controller answered.
 */
export async function askInRounds<Item, Answer extends ItemAnswer>(
  cluster: Cluster,
  bounds: CallBounds,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  ask: (open: readonly Item[], connection: Connection, timeoutMs: number) => Promise<readonly [string, Answer][]>,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  let open = items;
  try {
    await onController(cluster, bounds, async (connection, timeoutMs) => {
      for (const [name, answer] of await ask(open, connection, timeoutMs)) answers.set(name, answer);
      open = open.filter((item) => openCodes.has(answers.get(nameOf(item))?.errorCode ?? 0));
      const [first] = open;
      if (first === undefined) return;
      const answer = answers.get(nameOf(first)) as Answer;
      throw new KafkaError(answer.errorCode, `change ${nameOf(first)}`, answer.errorMessage);
    });
  } catch (error) {
    const isAnswered = error instanceof KafkaError && items.every((item) => answers.has(nameOf(item)));
    if (!isAnswered) throw error;
  }
  return answers;
}
