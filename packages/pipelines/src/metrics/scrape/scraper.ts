/**
 * Asks targets for their metrics again and again, as Prometheus does: an answer's samples go the way of all points,
 * with `up`, `scrape_duration_seconds` and `scrape_samples_scraped` of the target. A series that an answer does not
 * have any more ends with a marker, and so do all of a target that does not answer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@millrace/base';
import { type TextFamily, TextFormatReader, type TextSample } from '@millrace/telemetry';
import type { MetricsCollector } from '../collect/collector.ts';
import { type TextPoint, textPoints } from '../collect/text-points.ts';
import type { ScrapeTarget } from './scrape-job.ts';

export interface ScraperOptions {
  readonly targets: readonly ScrapeTarget[];
  readonly collector: MetricsCollector;
  /** Told when a target does not answer as it should, once until it does again. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

type Labels = TextSample['labels'];

interface Scraped {
  readonly sample: TextSample;
  readonly family: TextFamily;
}

const accept = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const bodyBytesMax = 64 * 2 ** 20;
const tenant = 'scrape';
const gauge: TextFamily = { type: 'gauge', help: '', unit: '' };

export class Scraper {
  readonly #options: ScraperOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#running = Promise.all(options.targets.map((target, at) => this.#follow(target, at)));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(target: ScrapeTarget, place: number): Promise<void> {
    const { signal } = this.#stop;
    const { intervalMs } = target;
    // Targets do not all come at once.
    const offset = (place * 997) % intervalMs;
    const state = new TargetState(target);
    while (!signal.aborted) {
      const now = Date.now();
      const due = Math.floor((now - offset) / intervalMs + 1) * intervalMs + offset;
      await pause(due - now, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#scrape(target, state, due, signal);
    }
  }

  async #scrape(target: ScrapeTarget, state: TargetState, timeMs: number, signal: AbortSignal): Promise<void> {
    const { collector, warn } = this.#options;
    const began = performance.now();
    let scraped: readonly Scraped[] = [];
    let problem: string | undefined;
    try {
      scraped = await fetchSamples(target, signal);
    } catch (error) {
      if (signal.aborted) return;
      problem = messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
    }
    const seconds = (performance.now() - began) / 1_000;
    if (problem !== undefined && state.problem === undefined) {
      warn?.(`${target.url} can't be scraped: ${problem}; it is tried again`);
    }
    state.problem = problem;
    const own = state.ownPoints(problem === undefined, seconds, scraped.length, timeMs);
    const { points, refused } = textPoints([...state.next(scraped, timeMs), ...own]);
    try {
      const rejected = await collector.send(points, refused, tenant);
      if (rejected !== undefined && !state.wasRejected) warn?.(`${target.url}: ${rejected.message}`);
      state.wasRejected = rejected !== undefined;
    } catch (error) {
      warn?.(`what ${target.url} told was not stored: ${messageOf(error)}`);
    }
  }
}

/** What is known of a target from one scrape to the next. */
class TargetState {
  problem: string | undefined;
  wasRejected = false;
  readonly #target: ScrapeTarget;
  /** The series of the last answer that had no times of their own. */
  #series = new Map<string, { readonly name: string; readonly labels: Labels }>();

  constructor(target: ScrapeTarget) {
    this.#target = target;
  }

  /** The points of an answer, and markers of series that it has no more. */
  next(scraped: readonly Scraped[], timeMs: number): TextPoint[] {
    const series = new Map<string, { readonly name: string; readonly labels: Labels }>();
    const points = scraped.map(({ sample, family }): TextPoint => {
      const labels = this.#labelsOf(sample.labels);
      const found = { name: sample.name, labels };
      if (sample.timeMs === undefined) series.set(JSON.stringify(found), found);
      return { sample: found, value: sample.value, timeMs: sample.timeMs ?? timeMs, family };
    });
    for (const [key, sample] of this.#series) {
      if (!series.has(key)) points.push({ sample, value: 'stale', timeMs, family: gauge });
    }
    this.#series = series;
    return points;
  }

  ownPoints(isUp: boolean, seconds: number, samples: number, timeMs: number): TextPoint[] {
    const labels = this.#labelsOf([]);
    return Object.entries({
      up: Number(isUp),
      scrape_duration_seconds: seconds,
      scrape_samples_scraped: samples,
    }).map(([name, value]) => ({ sample: { name, labels }, value, timeMs, family: gauge }));
  }

  #labelsOf(labels: Labels): Labels {
    const { labels: own, honorLabels } = this.#target;
    const all = new Map(Object.entries(own));
    for (const { name, value } of labels) {
      if (own[name] === undefined || honorLabels) all.set(name, value);
      else all.set(`exported_${name}`, value);
    }
    return [...all].map(([name, value]) => ({ name, value }));
  }
}

async function fetchSamples(target: ScrapeTarget, stopped: AbortSignal): Promise<Scraped[]> {
  const { url, authorization, timeoutMs, samplesMax } = target;
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]);
  const headers: Record<string, string> = { accept, 'user-agent': 'Millrace' };
  if (authorization !== undefined) headers['authorization'] = await authorization();
  const response = await fetch(url, { headers, signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answers ${response.status}`);
  }
  const isOpenMetrics = response.headers.get('content-type')?.startsWith('application/openmetrics-text') === true;
  const reader = new TextFormatReader({ isOpenMetrics });
  const samples: TextSample[] = [];
  for (const line of (await bodyText(response)).split('\n')) {
    const sample = reader.read(line);
    if (sample === undefined) continue;
    samples.push(sample);
    if (samplesMax > 0 && samples.length > samplesMax) {
      throw new Error(`it has more than ${samplesMax} samples, the sample_limit of its job`);
    }
  }
  if (isOpenMetrics && !reader.hasEnded) throw new Error('its answer ends before # EOF');
  return samples.map((sample) => ({ sample, family: reader.familyOf(sample.name) }));
}

async function bodyText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > bodyBytesMax) throw new Error('its answer has more than 64 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
