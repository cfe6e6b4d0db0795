/** How collectors speak to programs of other makers: bodies as bytes under the media types of each, errors as JSON. */
import type { Dialect } from '@millrace/api';

export function collectorDialect(bodyTypes: readonly string[]): Dialect {
  return {
    contentType: 'application/json',
    bodyTypes,
    bodies: 'bytes',
    openToPrograms: true,
    encode: (answer) => JSON.stringify(answer),
    answerTo: (_error, problem) => ({ status: problem.status, body: problem.toProblem() }),
  };
}
