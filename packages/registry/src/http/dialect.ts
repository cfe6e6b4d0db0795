/** Confluent's REST dialect: its media types, its error bodies, and answers that are a schema's bare text. */
import type { Dialect } from '@millrace/api';
import { isMillraceError } from '@millrace/base';
import { RegistryError } from '../registry-error.ts';

/** An answer that is sent as it is. */
export class BareText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const registryDialect: Dialect = {
  contentType: 'application/vnd.schemaregistry.v1+json',
  bodyTypes: [
    'application/vnd.schemaregistry.v1+json',
    'application/vnd.schemaregistry+json',
    'application/json',
    'application/octet-stream',
  ],
  openToPrograms: true,
  encode: (answer) => (answer instanceof BareText ? answer.text : JSON.stringify(answer)),
  answerTo(error, problem) {
    if (error instanceof RegistryError) {
      return { status: error.status, body: { error_code: error.errorCode, message: error.message } };
    }
    if (isMillraceError(error) && error.retriable) {
      return { status: 500, body: { error_code: 50001, message: `Error in the backend datastore: ${error.message}` } };
    }
    const status = problem.code === 'invalid_request' ? 422 : problem.status;
    return { status, body: { error_code: status, message: problem.message } };
  },
};
