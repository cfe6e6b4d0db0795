/**
 * Confluent's serializers for Node. They bring clients of every cloud's key management, too much for a clone of this
 * project, so `npm ci --prefix tests/peers` installs them for those who want to run their tests.
 */
import { createRequire } from 'node:module';

/** What the tests use of the package. */
export interface ConfluentPeer {
  readonly SchemaRegistryClient: new (options: object) => ConfluentClient;
  readonly AvroSerializer: SerializerClass;
  readonly AvroDeserializer: DeserializerClass;
  readonly JsonSerializer: SerializerClass;
  readonly JsonDeserializer: DeserializerClass;
  readonly ProtobufSerializer: SerializerClass;
  readonly ProtobufDeserializer: DeserializerClass;
  readonly SerdeType: { readonly VALUE: 'VALUE' };
  readonly Compatibility: { readonly FULL: 'FULL'; readonly NONE: 'NONE' };
}

interface ConfluentSchema {
  readonly schemaType: string;
  readonly schema: string;
  readonly references?: readonly object[];
}

export interface ConfluentClient {
  register(subject: string, schema: ConfluentSchema): Promise<number>;
  getId(subject: string, schema: ConfluentSchema): Promise<number>;
  getVersion(subject: string, schema: ConfluentSchema): Promise<number>;
  getAllSubjects(): Promise<string[]>;
  getAllVersions(subject: string): Promise<number[]>;
  getLatestSchemaMetadata(subject: string): Promise<{ readonly id: number }>;
  getSchemaMetadata(subject: string, version: number): Promise<{ readonly version: number }>;
  testSubjectCompatibility(subject: string, schema: ConfluentSchema): Promise<boolean>;
  updateCompatibility(subject: string, level: string): Promise<string>;
  getCompatibility(subject: string): Promise<string>;
  updateDefaultCompatibility(level: string): Promise<string>;
  getDefaultCompatibility(): Promise<string>;
  deleteSubjectVersion(subject: string, version: number): Promise<number>;
  deleteSubject(subject: string, permanent: boolean): Promise<number[]>;
}

type SerializerClass = new (
  client: ConfluentClient,
  type: string,
  options: object,
) => { serialize(topic: string, value: unknown): Promise<Buffer> };

type DeserializerClass = new (
  client: ConfluentClient,
  type: string,
  options: object,
) => { deserialize(topic: string, bytes: Buffer): Promise<unknown> };

/** The package, or in words why a test that needs it is skipped; in CI it must be there. */
export function confluentPeer(): { readonly skip: false | string; load(): ConfluentPeer } {
  const require = createRequire(new URL('../../peers/package.json', import.meta.url));
  const name = '@confluentinc/schemaregistry';
  const load = (): ConfluentPeer => require(name) as ConfluentPeer;
  if (process.env['CI'] !== undefined) return { skip: false, load };
  try {
    require.resolve(name);
    return { skip: false, load };
  } catch {
    return { skip: `${name} is not installed; npm ci --prefix tests/peers does it`, load };
  }
}
