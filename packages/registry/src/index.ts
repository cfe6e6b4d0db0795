export { type CompatibilityLevel, compatibilityLevels } from './compatibility-level.ts';
export { registryRoutes } from './http/routes.ts';
export { openRegistry, type Registry, type RegistryOptions } from './registry.ts';
export { RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { type AvroSerdeOptions, avro } from './serdes/avro-serde.ts';
