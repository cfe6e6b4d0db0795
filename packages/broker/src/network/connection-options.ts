/** What a connection is made with. */
import type { BufferPool, Platform } from '@millrace/base';
import type { ByteWriter } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { AnyHandler } from '../handler.ts';
import type { ClientQuotas } from '../quotas/client-quotas.ts';
import type { Authentication } from '../security/authentication.ts';
import type { Connection } from './connection.ts';
import type { ConnectionMemory } from './connection-memory.ts';

export interface ConnectionOptions {
  readonly broker: BrokerEndpoint;
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  readonly frameBytesMax: number;
  /** The bound on frames before the peer is authenticated; default the one after. */
  readonly openingFrameBytesMax?: number | undefined;
  /** The name of the listener that the connection came through. */
  readonly listener?: string | undefined;
  /** Undefined where peers need not prove anything. */
  readonly authentication?: Authentication | undefined;
  readonly platform: Pick<Platform, 'clock' | 'timers'>;
  readonly memory: ConnectionMemory;
  /** Memory for requests and answers. */
  readonly buffers: BufferPool;
  readonly quotas: ClientQuotas;
  /** Shared by all connections: messages are encoded one at a time. */
  readonly writer: ByteWriter;
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
  readonly onClosed: (connection: Connection) => void;
}
