/** Kafka's names for what kafkajs and @platformatic/kafka throw. */
import { errorRow } from '@millrace/wire';

interface ForeignError extends Error {
  /** kafkajs: Kafka's number, where there is a `type`; @platformatic/kafka: its own word. */
  readonly code?: unknown;
  readonly type?: unknown;
  /** @platformatic/kafka: Kafka's number. */
  readonly apiCode?: unknown;
  readonly errors?: unknown;
  /** kafkajs: groups and partitions with an error each. */
  readonly groups?: unknown;
  readonly partitions?: unknown;
}

/** The name of the first error of Kafka's in what was thrown, or its text. */
export function errorNameOf(thrown: unknown): string {
  return nameIn(thrown) ?? String(thrown);
}

function nameIn(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { name, message, code, type, apiCode, errors, groups, partitions, cause } = thrown as ForeignError;
  const within = [errors, groups, partitions].flatMap((list) => (Array.isArray(list) ? list : [])).map(errorIn);
  const inner = [...within, cause].map(nameIn).find((each) => each !== undefined);
  if (inner !== undefined) return inner;
  if (code === 'PLT_KFK_USER' && /^Unknown topic /.test(message)) return 'UNKNOWN_TOPIC_OR_PARTITION';
  if (name === 'KafkaJSSASLAuthenticationError' || code === 'PLT_KFK_AUTHENTICATION') return authenticationFailed;
  const number = apiCode ?? (type !== undefined ? (unnamedCode(message) ?? code) : undefined);
  return typeof number === 'number' ? errorRow(number).name : undefined;
}

function errorIn(item: unknown): unknown {
  return item instanceof Error ? item : (item as { readonly error?: unknown }).error;
}

const authenticationFailed = 'SASL_AUTHENTICATION_FAILED';

/** kafkajs tells the number of an error that it has no name for in the text alone. */
function unnamedCode(message: string): number | undefined {
  const [, code] = /^Unknown error code (\d+)$/.exec(message) ?? [];
  return code === undefined ? undefined : Number(code);
}
