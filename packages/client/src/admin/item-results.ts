/** Answers about several things, brought into the order in which they were asked for. */
import { errorCodes, KafkaError } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';

export interface ItemAnswer {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

/**
 * One result for each of `names`, from the answer that `find` tells. `action` says what was tried, of the item named; a
 * missing answer is an error too.
 */
export function itemResults<Names extends object, Answer extends ItemAnswer, Value extends object>(
  names: readonly Names[],
  find: (names: Names) => Answer | undefined,
  action: (names: Names) => string,
  value: (answer: Answer) => Value,
): ItemResult<Names, Value>[] {
  return names.map((name) => {
    const answer = find(name);
    if (answer === undefined) {
      return {
        ...name,
        error: new KafkaError(errorCodes.UNKNOWN_SERVER_ERROR, action(name), 'the answer leaves it out'),
      };
    }
    if (answer.errorCode !== 0) {
      return { ...name, error: new KafkaError(answer.errorCode, action(name), answer.errorMessage ?? null) };
    }
    return { ...name, ...value(answer) };
  });
}

/** Throws when an answer says that the broker asked is not the controller, so that another is tried. */
export function throwIfNotController(answers: readonly ItemAnswer[]): void {
  if (answers.some(({ errorCode }) => errorCode === errorCodes.NOT_CONTROLLER)) {
    throw new KafkaError(errorCodes.NOT_CONTROLLER, 'ask the controller');
  }
}
