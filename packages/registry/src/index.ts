export { type CompatibilityLevel, compatibilityLevels } from './compatibility-level.ts';
export { registryRoutes } from './http/routes.ts';
export { openRegistry, type Registry, type RegistryOptions, schemaTopicDefault } from './registry.ts';
export { RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { avro } from './serdes/avro-serde.ts';
export { type JsonSchemaMistake, jsonSchema, jsonSchemaChecker } from './serdes/json-schema-serde.ts';
export { type ProtobufSerdeOptions, protobuf } from './serdes/protobuf-serde.ts';
export { type SchemaValue, type SchemaValues, schemaValues } from './serdes/schema-values.ts';
export type { SchemaSerdeOptions } from './serdes/written-schema.ts';
