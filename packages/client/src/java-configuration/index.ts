/** How a cluster is reached, by the names that Java's clients use. */
export { ClientConfigurationError } from './client-configuration-error.ts';
export { parseJaas } from './jaas.ts';
export { type ClientConfiguration, configurationKeys, javaConfiguration } from './java-configuration.ts';
export { parseProperties } from './properties.ts';
export {
  type Outside,
  pathKeys,
  secretKeys,
  securityConfiguration,
  securityKeys,
  type TokenEndpoint,
} from './security-configuration.ts';
