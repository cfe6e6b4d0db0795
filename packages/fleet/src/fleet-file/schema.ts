/**
 * What a fleet file may hold. `fleet.schema.json` beside this file is the same as JSON Schema, for editors; a test
 * keeps them equal.
 */
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { configurationKeys } from '../client-configuration/client-configuration.ts';
import { secretKeys } from '../client-configuration/security-configuration.ts';

const closed = <P extends TProperties>(properties: P, description: string): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, description });

const Name = Type.String({ minLength: 1, maxLength: 100, description: 'Letters, digits, ., - and _' });
const Description = Type.Optional(Type.String({ description: 'For people' }));

/** As YAML has it: `acks: 1` and `acks: "1"` say the same. */
const Setting = Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] });
const Secret = Type.String({ description: 'A reference, never the value: env:NAME or file:PATH' });

/** Settings of a cluster's clients; where to begin is the cluster's own field. */
export const clientKeys = configurationKeys.filter((key) => key !== 'bootstrap.servers');

const Client = closed(
  Object.fromEntries(clientKeys.map((key) => [key, Type.Optional(secretKeys.has(key) ? Secret : Setting)])),
  'How clients reach the cluster, by the names that Java clients use; any value may be env:NAME or file:PATH',
);

const Site = closed({ name: Name, description: Description }, 'A data centre or region');
const Environment = closed({ name: Name, description: Description }, 'What clusters are for: production, qa');

const Bootstrap = Type.String({
  minLength: 1,
  description: 'Bootstrap servers: HOST:PORT, several of them separated by commas',
  examples: ['kafka-1.example:9092,kafka-2.example:9092'],
});

const Cluster = closed(
  {
    name: Name,
    site: Type.Optional(Type.String({ description: 'The name of one of the sites' })),
    environment: Type.Optional(Type.String({ description: 'The name of one of the environments' })),
    bootstrap: Bootstrap,
    client: Type.Optional(Client),
  },
  'A Kafka cluster that runs already',
);

export const FleetFileSchema = Type.Object(
  {
    environments: Type.Optional(Type.Array(Environment)),
    sites: Type.Optional(Type.Array(Site)),
    clusters: Type.Array(Cluster, { minItems: 1 }),
  },
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: "Millrace's fleet file",
    additionalProperties: false,
  },
);

/** A fleet file as it is written, once the schema was checked. */
export type WrittenFleet = Static<typeof FleetFileSchema>;
