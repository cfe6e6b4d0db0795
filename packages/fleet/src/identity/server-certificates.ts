/**
 * When the certificates of brokers end, as a TLS handshake with each of their listeners tells: every few minutes, a few
 * at a time. Nothing else is sent, and who shows the certificate is nobody's concern here.
 */
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { messageOf, type Platform, sleep } from '@millrace/base';
import type { Inventory } from '../inventory/inventory.ts';
import type { SeenBroker } from './findings/finding.ts';

export interface ServerCertificate {
  readonly cluster: string;
  readonly nodeId: number;
  /** `host:port` */
  readonly address: string;
  readonly expiresAt: Date;
}

export interface ServerCertificateOptions {
  readonly inventory: Pick<Inventory, 'clusters'>;
  readonly platform: Platform;
  readonly report: (message: string) => void;
  /** Default 10 minutes. */
  readonly refreshMs?: number | undefined;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const refreshMsDefault = 600_000;
/** By then clusters that answer were looked at for the first time. */
const firstMs = 15_000;
const handshakeMs = 5_000;
const atATime = 8;

/** Runs from its making until it is closed. */
export class ServerCertificateWatch {
  readonly #options: ServerCertificateOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #known: readonly ServerCertificate[] = [];
  #revision = 0;

  constructor(options: ServerCertificateOptions) {
    this.#options = options;
    this.#running = this.#watch();
  }

  /** As they were last seen. */
  get known(): readonly ServerCertificate[] {
    return this.#known;
  }

  /** Grows with each look. */
  get revision(): number {
    return this.#revision;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { platform, report, refreshMs = refreshMsDefault } = this.#options;
    const { signal } = this.#stop;
    await sleep(platform.timers, Math.min(firstMs, refreshMs), signal).catch(() => undefined);
    while (!signal.aborted) {
      try {
        this.#known = await this.#look();
        this.#revision++;
      } catch (error) {
        if (!signal.aborted) report(`certificates of brokers can't be looked at: ${messageOf(error)}`);
      }
      await sleep(platform.timers, refreshMs, signal).catch(() => undefined);
    }
  }

  async #look(): Promise<ServerCertificate[]> {
    const { signal } = this.#stop;
    const wanted = this.#options.inventory
      .clusters()
      .flatMap(({ name, brokers }) =>
        brokers.flatMap(({ nodeId, configs }) =>
          encryptedEndpoints({ nodeId, configs }).map((endpoint) => ({ cluster: name, nodeId, endpoint })),
        ),
      );
    const before = new Map(this.#known.map((each) => [`${each.cluster} ${each.address}`, each]));
    const found: ServerCertificate[] = [];
    const workers = Array.from({ length: atATime }, async () => {
      for (let next = wanted.pop(); next !== undefined && !signal.aborted; next = wanted.pop()) {
        const { cluster, nodeId, endpoint } = next;
        const address = `${endpoint.host}:${endpoint.port}`;
        const expiresAt = await certificateEnd(endpoint, signal);
        // What can't be asked now stays as it was.
        const certificate = expiresAt && { cluster, nodeId, address, expiresAt };
        found.push(...[certificate ?? before.get(`${cluster} ${address}`)].filter((each) => each !== undefined));
      }
    });
    await Promise.all(workers);
    return found;
  }
}

/** Where a broker's clients connect over TLS, as far as it says so. */
export function encryptedEndpoints({ configs = {} }: SeenBroker): Endpoint[] {
  const map = new Map(
    list(configs['listener.security.protocol.map']).map((entry) => entry.split(':') as [string, string]),
  );
  return list(configs['advertised.listeners'] ?? configs['listeners']).flatMap((listener) => {
    const [, name = '', host = '', port = ''] = /^([^:]+):\/\/\[?(.*?)\]?:(\d+)$/.exec(listener) ?? [];
    const isEncrypted = (map.get(name) ?? name).endsWith('SSL');
    return isEncrypted && host !== '' && port !== '0' ? [{ host, port: Number(port) }] : [];
  });
}

/** The end of the certificate that is shown there; undefined where there is no answer, or none in TLS. */
export async function certificateEnd({ host, port }: Endpoint, signal: AbortSignal): Promise<Date | undefined> {
  if (signal.aborted) return undefined;
  return await new Promise((resolve) => {
    const servername = isIP(host) === 0 ? host : undefined;
    // It is read, whoever has signed it, and nothing is told to whoever shows it.
    const socket = connect({ host, port, rejectUnauthorized: false, ...(servername !== undefined && { servername }) });
    const end = (found?: Date): void => {
      signal.removeEventListener('abort', leave);
      socket.destroy();
      resolve(found);
    };
    const leave = (): void => end();
    socket.setTimeout(handshakeMs, leave);
    socket.once('error', leave);
    signal.addEventListener('abort', leave);
    socket.once('secureConnect', () => {
      const { valid_to } = socket.getPeerCertificate();
      end(valid_to === undefined ? undefined : new Date(valid_to));
    });
  });
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
