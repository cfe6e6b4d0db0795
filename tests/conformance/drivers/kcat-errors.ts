/** Kafka's names for what librdkafka writes to stderr. */

/** In this order: a text may have several. */
const texts: readonly (readonly [RegExp, string])[] = [
  [/Message size too large/, 'MESSAGE_TOO_LARGE'],
  [/Unknown topic or partition/, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [/Topic authorization failed/, 'TOPIC_AUTHORIZATION_FAILED'],
  [/Group authorization failed/, 'GROUP_AUTHORIZATION_FAILED'],
  [/Transactional Id authorization failed/i, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
  [/Offset out of range/, 'OFFSET_OUT_OF_RANGE'],
  [
    /authentication (failure|error)|Authentication failed|Invalid username or password|invalid credentials/i,
    'SASL_AUTHENTICATION_FAILED',
  ],
];

/** The text itself when it names none. */
export function kcatErrorName(error: unknown): string {
  const text = String(error);
  return texts.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
