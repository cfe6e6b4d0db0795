/**
 * One stream of events from one of the services, for some of what this instance wants (`config-watches.ts`), opened
 * again whenever it breaks: first at another service soon, then with pauses that double up to half a minute. Every
 * pause is drawn from the whole of its span, so that ten thousand clients whose service died do not come back at once.
 *
 * A stream on which nothing came for three heartbeats is given up: what lies between may have forgotten it.
 */
import { followContract, ProblemError, type ServerSentEvent } from '@millrace/api';
import { type ConfigEnrolment, type ConfigWant, configWatchContract, wantsText } from '@millrace/api/config';
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import type { Report } from '../report.ts';

/** Services send something every 10 s. */
const silenceMsMax = 30_000;
const pauseMsFirst = 500;
const pauseMsMax = 30_000;

export interface ConfigWatchOptions {
  readonly enrolment: ConfigEnrolment;
  readonly platform: Pick<Platform, 'clock' | 'timers' | 'randomness'>;
  readonly instance: { readonly id: string; readonly key: string; readonly site: string | undefined };
  readonly report: Report;
  /** Is told of each event, one after the other. What it throws ends the stream. */
  readonly take: (event: ServerSentEvent, service: string) => Promise<void>;
}

/** We ended a connection, for no fault of the service's. */
class Interruption extends Error {}

/** A stream came to an end without saying why. */
class StreamEnded extends Error {}

export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #abort = new AbortController();
  /** What each service that was asked and does not answer ran into. */
  readonly problems = new Map<string, string>();
  #wants: readonly ConfigWant[] = [];
  #changed = Promise.withResolvers<void>();
  #connection: AbortController | undefined;
  #turn: number;
  #running: Promise<void> | undefined;
  /** Which service tells us of changes now. */
  #service: string | undefined;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
    // Clients spread over the services.
    this.#turn = options.platform.randomness.integer(options.enrolment.services.length);
  }

  /** Base URL of the service whose stream is open. */
  get service(): string | undefined {
    return this.#service;
  }

  /** Follows these from now on: all of them, each once. */
  want(wants: readonly ConfigWant[]): void {
    this.#wants = wants;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    this.#connection?.abort(new Interruption('other answers are wanted'));
    this.#running ??= this.#run();
  }

  /** Breaks a pause off and asks at once. */
  hurry(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async close(): Promise<void> {
    this.#abort.abort(new Interruption('the client is closed'));
    this.#changed.resolve();
    this.#connection?.abort(this.#abort.signal.reason);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { services } = this.#options.enrolment;
    for (let failures = 0; !this.#abort.signal.aborted; ) {
      if (this.#wants.length === 0) {
        await this.#changed.promise;
        continue;
      }
      const service = services[this.#turn % services.length] as string;
      const outcome = await this.#stream(service);
      if (outcome === 'interrupted') continue;
      failures = outcome === 'ended' ? 1 : failures + 1;
      this.#turn++;
      await this.#pause(failures);
    }
  }

  async #stream(service: string): Promise<'interrupted' | 'ended' | 'failed'> {
    const { enrolment, instance, report, take, platform } = this.#options;
    const { id, key, site } = instance;
    const connection = new AbortController();
    this.#connection = connection;
    let heardAt = platform.clock.monotonic();
    const silence = watchSilence(platform, connection, () => heardAt);
    const heard = (): void => {
      heardAt = platform.clock.monotonic();
    };
    try {
      const query = { wants: wantsText(this.#wants), instance: id, key, site };
      const options = { token: enrolment.token, signal: connection.signal, heard };
      for await (const event of followContract(service, configWatchContract, { query }, options)) {
        if (this.#service !== service) this.#opened(service);
        await take(event, service);
      }
      throw new StreamEnded('it ended the stream');
    } catch (error) {
      const wasOpen = this.#service === service;
      if (error instanceof Interruption) return 'interrupted';
      if (!isMillraceError(error) && !(error instanceof StreamEnded)) throw error;
      const problem = error instanceof ProblemError ? `${error.code}: ${error.message}` : messageOf(error);
      this.problems.set(service, problem);
      const message = `config service ${service}: ${problem}; going on with what is known, and asking again`;
      report({ level: 'warn', event: 'config_lost', message, error });
      return wasOpen ? 'ended' : 'failed';
    } finally {
      this.#service = undefined;
      this.#connection = undefined;
      silence.cancel();
    }
  }

  #opened(service: string): void {
    this.#service = service;
    this.problems.delete(service);
    this.#options.report({ level: 'info', event: 'config_connected', message: `config service ${service} tells` });
  }

  async #pause(failures: number): Promise<void> {
    const { timers, randomness } = this.#options.platform;
    const span = Math.min(pauseMsFirst * 2 ** Math.min(failures - 1, 20), pauseMsMax);
    const end = new AbortController();
    const pause = sleep(timers, randomness.float() * span, end.signal);
    await Promise.race([pause.catch(() => undefined), this.#changed.promise]);
    end.abort();
  }
}

/** Aborts a connection on which nothing comes any more. */
function watchSilence(
  platform: ConfigWatchOptions['platform'],
  connection: AbortController,
  heardAt: () => number,
): { cancel(): void } {
  const look = (): ReturnType<typeof platform.timers.after> => {
    const leftMs = heardAt() + silenceMsMax - platform.clock.monotonic();
    return platform.timers
      .after(Math.max(1, Math.ceil(leftMs)), () => {
        if (heardAt() + silenceMsMax <= platform.clock.monotonic()) {
          connection.abort(new StreamEnded(`nothing came for ${silenceMsMax} ms`));
        } else timer = look();
      })
      .unref();
  };
  let timer = look();
  return { cancel: () => timer.cancel() };
}
