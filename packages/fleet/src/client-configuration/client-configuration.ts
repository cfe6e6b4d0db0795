/** A Java client's configuration for this machine: files are its own, tokens are fetched over HTTP. */
import { readFileSync } from 'node:fs';
import type { SecurityOptions } from '@millrace/client';
import {
  type ClientConfiguration,
  javaConfiguration,
  type Outside,
  securityConfiguration as securityOf,
} from '@millrace/client/java-configuration';
import { fetchToken } from './token-endpoint.ts';

const outside: Outside = { readText: (path) => readFileSync(path, 'utf8'), fetchToken };

/**
 * @throws ClientConfigurationError that names what is not supported or has a wrong value. `source` is for its message.
 */
export function clientConfiguration(properties: ReadonlyMap<string, string>, source: string): ClientConfiguration {
  return javaConfiguration(properties, source, outside);
}

/**
 * Undefined for a plain connection. @throws ClientConfigurationError that names the key. `source` is for its message.
 */
export function securityConfiguration(
  properties: ReadonlyMap<string, string>,
  source: string,
): SecurityOptions | undefined {
  return securityOf(properties, source, outside);
}
