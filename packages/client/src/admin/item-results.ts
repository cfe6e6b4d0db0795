/** Answers about several things, brought into the order in which they were asked for. */
import { errorCodes } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import { answerError, type NeededAccess } from '../authorization.ts';

export interface ItemAnswer {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

/**
 * One result for each of `names`, from the answer that `find` tells. `action` says what was tried, of the item named;
 * `needed` what that needs to be allowed. A missing answer is an error too.
 */
export function itemResults<Names extends object, Answer extends ItemAnswer, Value extends object>(
  names: readonly Names[],
  find: (names: Names, place: number) => Answer | undefined,
  action: (names: Names) => string,
  value: (answer: Answer) => Value,
  needed?: (names: Names) => NeededAccess,
): ItemResult<Names, Value>[] {
  return names.map((name, place) => {
    const answer = find(name, place);
    if (answer === undefined) {
      const error = answerError(errorCodes.UNKNOWN_SERVER_ERROR, action(name), 'the answer leaves it out');
      return { ...name, error };
    }
    if (answer.errorCode !== 0) {
      return { ...name, error: answerError(answer.errorCode, action(name), answer.errorMessage, needed?.(name)) };
    }
    return { ...name, ...value(answer) };
  });
}
