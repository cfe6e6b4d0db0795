/** Finds where our schema of a message differs from Kafka's definition. */
import type { Api } from '@millrace/wire';
import type { KafkaMessage } from './kafka-definitions.ts';
import { type FieldShape, type MessageShape, rangeText } from './message-shape.ts';
import { ownMessage } from './own-schemas.ts';

/** One line for each difference in an API's request and response; none when they agree. */
export function compareMessages(api: Api, definitions: ReadonlyMap<string, KafkaMessage>): string[] {
  return (['request', 'response'] as const).flatMap((kind) => {
    const name = `${api.name}${kind === 'request' ? 'Request' : 'Response'}`;
    const theirs = definitions.get(name);
    if (theirs === undefined) return [`${name}: Kafka has no such message`];
    const ours = ownMessage(api, kind);
    const lines: string[] = [];
    compareValue(lines, `${name}: key`, api.key, theirs.apiKey);
    compareValue(lines, `${name}: versions`, rangeText(ours.versions), rangeText(theirs.versions));
    compareValue(lines, `${name}: flexible versions`, rangeText(ours.flexible), rangeText(theirs.flexible));
    compareFields(lines, name, ours, theirs);
    return lines;
  });
}

/** Kafka's APIs that no schema describes, keys ascending: `24 AddPartitionsToTxn`. */
export function missingApis(apis: readonly Api[], definitions: ReadonlyMap<string, KafkaMessage>): string[] {
  const known = new Set(apis.map(({ key }) => key));
  return [...definitions.values()]
    .filter(({ kind, apiKey }) => kind === 'request' && !known.has(apiKey))
    .sort((left, right) => left.apiKey - right.apiKey)
    .map(({ apiKey, name }) => `${apiKey} ${name.replace(/Request$/, '')}`);
}

function compareFields(
  lines: string[],
  path: string,
  ours: Pick<MessageShape, 'fields'>,
  theirs: Pick<MessageShape, 'fields'>,
): void {
  // A field whose versions lie all outside the message's is on no wire.
  const own = ours.fields.filter(({ versions }) => versions !== undefined);
  const others = theirs.fields.filter(({ versions }) => versions !== undefined);
  const names = new Set(own.map(({ name }) => name));
  for (const { name, versions } of others) {
    if (!names.has(name)) lines.push(`${path}.${name}: Kafka has it in versions ${rangeText(versions)}, we don't`);
  }
  for (const field of own) {
    const other = others.find(({ name }) => name === field.name);
    if (other === undefined) lines.push(`${path}.${field.name}: we have it, Kafka doesn't`);
    else compareField(lines, `${path}.${field.name}`, field, other);
  }
  const shared = own.filter(({ name }) => others.some((other) => other.name === name)).map(({ name }) => name);
  const order = others.filter(({ name }) => names.has(name)).map(({ name }) => name);
  compareValue(lines, `${path}: order of fields`, shared.join(' '), order.join(' '));
}

function compareField(lines: string[], path: string, ours: FieldShape, theirs: FieldShape): void {
  compareValue(lines, `${path}: type`, ours.type, theirs.type);
  compareValue(lines, `${path}: versions`, rangeText(ours.versions), rangeText(theirs.versions));
  compareValue(lines, `${path}: nullable versions`, rangeText(ours.nullable), rangeText(theirs.nullable));
  compareValue(lines, `${path}: tagged versions`, rangeText(ours.tagged), rangeText(theirs.tagged));
  compareValue(lines, `${path}: tag`, ours.tag, theirs.tag);
  compareValue(lines, `${path}: default`, ours.default, theirs.default);
  compareValue(lines, `${path}: ignorable`, ours.ignorable, theirs.ignorable);
  compareFields(lines, path, ours, theirs);
}

function compareValue(lines: string[], what: string, ours: unknown, theirs: unknown): void {
  if (ours !== theirs) lines.push(`${what}: ${ours} here, ${theirs} in Kafka`);
}
