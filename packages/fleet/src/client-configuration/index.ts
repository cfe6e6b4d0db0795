/** How a cluster is reached, by the names that Java's clients use. */
export { type ClientConfiguration, clientConfiguration } from './client-configuration.ts';
export { ClientConfigurationError } from './client-configuration-error.ts';
export { parseProperties } from './properties.ts';
export { type Environment, resolveReferences } from './references.ts';
