/** Kafka's rules for topic names. */

const nameLengthMax = 249;

/** What is wrong with a topic's name, or undefined when it is valid. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'a topic name must not be empty';
  if (name === '.' || name === '..') return `a topic can't be named "${name}"`;
  if (name.length > nameLengthMax) return `a topic name must not be longer than ${nameLengthMax} characters`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `the topic name "${name}" has a character other than ASCII letters, digits, ".", "_" and "-"`;
  }
  return undefined;
}

/** A topic's name in metrics, where "." becomes "_". Of two names that are the same there Kafka refuses the second. */
export function metricName(name: string): string {
  return name.replaceAll('.', '_');
}
