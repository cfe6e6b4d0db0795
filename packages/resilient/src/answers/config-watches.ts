/**
 * The streams that together follow everything that an instance wants: as many as it takes, since one is asked for with
 * its wants in the address, which services bound. A want stays with its stream, so that one that is new opens that
 * stream anew alone.
 */
import type { ServerSentEvent } from '@millrace/api';
import type { ConfigWant } from '@millrace/api/config';
import { wantKey } from './answer-store.ts';
import { ConfigWatch, type ConfigWatchOptions } from './config-watch.ts';

/** Services take 200 wants, in 16 KiB of headers. */
const wantsMax = 100;
const bytesMax = 8_192;

interface Part {
  readonly watch: ConfigWatch;
  readonly wants: Map<string, ConfigWant>;
  /** What the wants take in an address. */
  bytes: number;
}

export class ConfigWatches {
  readonly #options: ConfigWatchOptions;
  readonly #parts: Part[] = [];
  #taken: Promise<void> = Promise.resolve();

  constructor(options: ConfigWatchOptions) {
    this.#options = { ...options, take: (event, service) => this.#take(event, service, options.take) };
  }

  /** Base URL of a service whose stream is open; undefined as long as one of the streams is not. */
  get service(): string | undefined {
    const services = this.#parts.filter(({ wants }) => wants.size > 0).map(({ watch }) => watch.service);
    return services.includes(undefined) ? undefined : services[0];
  }

  /** What each service that was asked and does not answer ran into. */
  get problems(): ReadonlyMap<string, string> {
    return new Map(this.#parts.flatMap(({ watch }) => [...watch.problems]));
  }

  /** Follows this too from now on. */
  add(want: ConfigWant): void {
    const bytes = bytesOf(want);
    let part = this.#parts.find((each) => each.wants.size < wantsMax && each.bytes + bytes <= bytesMax);
    if (part === undefined) {
      part = { watch: new ConfigWatch(this.#options), wants: new Map(), bytes: 0 };
      this.#parts.push(part);
    }
    part.wants.set(wantKey(want), want);
    part.bytes += bytes;
    part.watch.want([...part.wants.values()]);
  }

  /** Follows this no more. */
  remove(want: ConfigWant): void {
    const part = this.#parts.find(({ wants }) => wants.has(wantKey(want)));
    if (part === undefined) return;
    part.wants.delete(wantKey(want));
    part.bytes -= bytesOf(want);
    part.watch.want([...part.wants.values()]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(({ watch }) => watch.close()));
  }

  /** Events of all streams are told one after the other. */
  #take(event: ServerSentEvent, service: string, take: ConfigWatchOptions['take']): Promise<void> {
    const taken = this.#taken.then(() => take(event, service));
    this.#taken = taken.catch(() => undefined);
    return taken;
  }
}

function bytesOf(want: ConfigWant): number {
  return encodeURIComponent(`${wantKey(want)},`).length;
}
