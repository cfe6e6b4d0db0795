/** Kafka's names for the exceptions that its tools write to stderr. */
import { errorRow } from '@millrace/wire';

/** Those whose class is not named as the error is. */
const exceptions: Readonly<Record<string, string>> = {
  RecordTooLargeException: 'MESSAGE_TOO_LARGE',
  SaslAuthenticationException: 'SASL_AUTHENTICATION_FAILED',
};

/** A tool ended otherwise than with 0, or said that something was not sent. */
export class JavaToolError extends Error {
  override readonly name = 'JavaToolError';
}

/** The last exception of Kafka's in the text, which is the cause of those before it; the text when it has none. */
export function javaErrorName(error: unknown): string {
  const text = String(error);
  const [, exception] = [...text.matchAll(/org\.apache\.kafka\.common\.errors\.(\w+Exception)/g)].at(-1) ?? [];
  if (exception === undefined) return text;
  return exceptions[exception] ?? constantOf(exception) ?? text;
}

/** `TopicAuthorizationException` is `TOPIC_AUTHORIZATION_FAILED`, `UnknownTopicOrPartitionException` the same words. */
function constantOf(exception: string): string | undefined {
  const words = exception
    .replace(/Exception$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toUpperCase();
  return [words, `${words}_FAILED`].find((name) => names.has(name));
}

const names: ReadonlySet<string> = new Set(Array.from({ length: 200 }, (_, code) => errorRow(code).name));
