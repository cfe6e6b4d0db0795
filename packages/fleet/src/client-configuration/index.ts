/** How a cluster is reached, by the names that Java's clients use, and with references in place of secrets. */
export {
  type ClientConfiguration,
  ClientConfigurationError,
  parseProperties,
} from '@millrace/client/java-configuration';
export { clientConfiguration } from './client-configuration.ts';
export { type Environment, resolveReferences } from './references.ts';
