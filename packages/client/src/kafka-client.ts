import { unreachable } from '@millrace/base';
import type { Client, ClientOptions } from './client.ts';

/** Makes a client. It connects when it is first needed. Throws `InvalidOptionError`. */
export function createClient(options: ClientOptions): Client {
  return unreachable(options as never);
}
