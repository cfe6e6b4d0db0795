/**
 * What a fleet file may hold: a list of each kind of `@millrace/api/declared`. `fleet.schema.json` beside this file is
 * the same as JSON Schema, for editors; a test keeps them equal.
 */
import { closed, clusterFields, type KindName, kindNames, kinds, Setting, type Spec } from '@millrace/api/declared';
import { secretKeys } from '@millrace/client/java-configuration';
import { type TSchema, Type } from 'typebox';
import { clientKeys } from '../declared/check/check-clusters.ts';

const Secret = Type.String({ description: 'A reference, never the value: env:NAME or file:PATH' });

/** With its keys, which editors then know. */
const Client = closed(
  Object.fromEntries(clientKeys.map((key) => [key, Type.Optional(secretKeys.has(key) ? Secret : Setting)])),
  'How clients reach the cluster, by the names that Java clients use; any value may be env:NAME or file:PATH',
);

const Cluster = closed({ ...clusterFields, client: Type.Optional(Client) }, 'A Kafka cluster that runs already');

const lists = kindNames.map((kind) => {
  const schema: TSchema = kind === 'cluster' ? Cluster : kinds[kind].schema;
  const options = kind === 'cluster' ? { minItems: 1 } : {};
  return [kinds[kind].list, Type.Optional(Type.Array(schema, options))] as const;
});

export const FleetFileSchema = Type.Object(Object.fromEntries(lists), {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "Millrace's fleet file",
  additionalProperties: false,
});

/** A fleet file as it is written, once the schema was checked: lists by their names. */
export type WrittenFleet = Readonly<Record<string, readonly Spec<KindName>[]>>;
