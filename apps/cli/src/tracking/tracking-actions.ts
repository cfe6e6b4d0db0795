/**
 * What `pipeline tracking` does besides totals: each asks the running platform, or works on the topics of a cluster.
 */
import type {
  TrackingBad,
  TrackingFunnel,
  TrackingLive,
  TrackingReplay,
  TrackingRetention,
  TrackingSessions,
} from '@millrace/api';
import type { EventCounter } from '@millrace/pipelines';
import { Progress } from '../framework/progress.ts';
import { counted, table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { openHome, runningPlatform } from './tracking-home.ts';
import type { TrackingCall } from './tracking-options.ts';

type Action = (call: TrackingCall, steps: readonly string[]) => Promise<void>;

export const trackingActions: Readonly<
  Record<'sessions' | 'funnel' | 'retention' | 'live' | 'bad' | 'replay', Action>
> = { sessions, funnel, retention, live, bad, replay };

async function sessions(call: TrackingCall): Promise<void> {
  const { from, to, limit = 20 } = call.options;
  const { callContract, trackingSessionsContract } = await import('@millrace/api');
  const site = siteOf(call);
  const found: TrackingSessions = await asked(
    call,
    (url, options) => callContract(url, trackingSessionsContract, { query: { site, from, to, limit } }, options),
    async ({ view }) => {
      const { sessionsOf } = await import('@millrace/pipelines');
      return sessionsOf(view, { site, ...timesOf(call), limit, newest: true });
    },
  );
  show(call, found, (width) =>
    table(
      found.sessions,
      [
        { title: 'START', cell: ({ start }) => start },
        { title: 'SECONDS', cell: ({ seconds }) => Math.round(seconds) },
        { title: 'EVENTS', cell: ({ events }) => events },
        { title: 'PAGE VIEWS', cell: ({ pageViews }) => pageViews },
        { title: 'WHO', cell: ({ user, visitor }) => user ?? visitor.slice(0, 12), shrinks: true },
        { title: 'ENTRY', cell: ({ entry }) => entry, shrinks: true },
        { title: 'EXIT', cell: ({ exit }) => exit, shrinks: true },
        { title: 'SOURCE', cell: ({ source }) => source, shrinks: true },
      ],
      width,
    ),
  );
}

async function funnel(call: TrackingCall, steps: readonly string[]): Promise<void> {
  if (steps.length === 0) {
    throw new UsageError('a funnel needs its steps, such as: funnel / /cart "Order Completed" --site shop');
  }
  const { from, to, within } = call.options;
  const { callContract, trackingFunnelContract } = await import('@millrace/api');
  const site = siteOf(call);
  const found: TrackingFunnel = await asked(
    call,
    (url, options) => {
      const query = { site, steps: JSON.stringify(steps), withinSeconds: within, from, to };
      return callContract(url, trackingFunnelContract, { query }, options);
    },
    async ({ view }) => {
      const { funnelOf } = await import('@millrace/pipelines');
      return funnelOf(view, { site, steps, withinMs: within * 1_000, ...timesOf(call) });
    },
  );
  show(call, found, (width) =>
    table(
      found.steps,
      [
        { title: 'PEOPLE', cell: ({ people }) => people },
        { title: 'OF FIRST', cell: ({ ofFirst }) => percent(ofFirst) },
        { title: 'OF PREVIOUS', cell: ({ ofPrevious }) => percent(ofPrevious) },
        { title: 'MEDIAN SECONDS', cell: ({ medianSeconds }) => medianSeconds && Math.round(medianSeconds) },
        { title: 'STEP', cell: ({ step }) => step, shrinks: true },
      ],
      width,
    ),
  );
}

async function retention(call: TrackingCall): Promise<void> {
  const { period, periods } = call.options;
  const { callContract, trackingRetentionContract } = await import('@millrace/api');
  const site = siteOf(call);
  const found: TrackingRetention = await asked(
    call,
    (url, options) => callContract(url, trackingRetentionContract, { query: { site, period, periods } }, options),
    async ({ view }) => {
      const { retentionOf } = await import('@millrace/pipelines');
      return retentionOf(view, { site, period, periods });
    },
  );
  const widest = Math.max(0, ...found.cohorts.map(({ returned }) => returned.length));
  show(call, found, (width) =>
    table(
      found.cohorts,
      [
        { title: period === 'day' ? 'DAY' : 'WEEK OF', cell: ({ start }) => start },
        { title: 'PEOPLE', cell: ({ people }) => people },
        ...Array.from({ length: Math.max(0, widest - 1) }, (_, later) => ({
          title: `+${later + 1}`,
          cell: ({ returned }: TrackingRetention['cohorts'][number]) => returned[later + 1] ?? null,
        })),
      ],
      width,
    ),
  );
}

async function live(call: TrackingCall): Promise<void> {
  const { minutes, pages, site } = call.options;
  const { callContract, trackingLiveContract } = await import('@millrace/api');
  const found: TrackingLive = await asked(
    call,
    (url, options) => callContract(url, trackingLiveContract, { query: { site, minutes, pages } }, options),
    async ({ view }) => {
      const { liveOf } = await import('@millrace/pipelines');
      return liveOf(view, { site, minutes, pages, now: Date.now() });
    },
  );
  const views = counted(found.pageViews, 'page view');
  show(call, found, (width) => [
    `${views} by ${counted(found.visitors, 'visitor')} in the last ${counted(minutes, 'minute')}`,
    `by minute: ${found.minutes.join(' ')}`,
    '',
    ...table(
      found.pages,
      [
        { title: 'VIEWS', cell: ({ views: count }) => count },
        { title: 'SITE', cell: (page) => page.site, shrinks: true },
        { title: 'PAGE', cell: ({ path }) => path, shrinks: true },
      ],
      width,
    ),
  ]);
}

async function bad(call: TrackingCall): Promise<void> {
  const { limit = 20, reason } = call.options;
  const { readBad } = await import('@millrace/pipelines');
  await using cluster = await openHome(call.options);
  const found: TrackingBad = await readBad({ client: cluster.client, limit, reason, signal: call.terminal.signal });
  show(call, found, (width) => [
    `${counted(found.waiting, 'bad event')} ${found.waiting === 1 ? 'waits' : 'wait'} for a replay`,
    '',
    ...table(
      found.events,
      [
        { title: 'RECEIVED', cell: ({ receivedAt }) => receivedAt },
        { title: 'REASON', cell: (event) => event.reason },
        { title: 'ID', cell: ({ id }) => id, shrinks: true },
        { title: 'WHAT', cell: ({ issues: [issue] }) => `${issue?.field} ${issue?.message}`.trim(), shrinks: true },
      ],
      width,
    ),
  ]);
}

async function replay(call: TrackingCall): Promise<void> {
  const { terminal } = call;
  const { registryEventSchemas, replayBad } = await import('@millrace/pipelines');
  const { openRegistry } = await import('@millrace/registry');
  await using cluster = await openHome(call.options);
  await using registry = openRegistry({ home: cluster.client });
  const progress = new Progress(terminal, { label: 'replaying', unit: 'bad events' });
  const done: TrackingReplay = await replayBad({
    client: cluster.client,
    schemas: registryEventSchemas(registry),
    signal: terminal.signal,
    onProgress: ({ done: sofar, total }) => progress.update(sofar, sofar / total),
  }).finally(() => progress.end());
  show(call, done, () => [`${counted(done.replayed, 'event')} replayed, ${done.stillBad} still bad`]);
}

/** The platform's answer; of any other cluster the topic is counted here. */
async function asked<T>(
  call: TrackingCall,
  ask: (url: string, options: { token: string | undefined; signal: AbortSignal }) => Promise<T>,
  count: (counter: EventCounter) => Promise<T>,
): Promise<T> {
  const { options, terminal } = call;
  const { signal } = terminal;
  const running = await runningPlatform(options);
  if (running?.url) return ask(running.url, { token: running.token ?? undefined, signal });
  await using cluster = await openHome(options);
  const { countEvents } = await import('@millrace/pipelines');
  const progress = new Progress(terminal, { label: 'counting', unit: 'records' });
  const onProgress = (read: { done: number; total: number }): void =>
    progress.update(read.done, read.done / read.total);
  const counting = countEvents({ client: cluster.client, site: options.site, keepsSteps: true, signal, onProgress });
  await using counter = await counting.finally(() => progress.end());
  return await count(counter);
}

function siteOf({ options }: TrackingCall): string {
  if (options.site !== undefined) return options.site;
  throw new UsageError('name a site with --site SITE; `millrace pipeline tracking` lists them');
}

function timesOf({ options: { from, to } }: TrackingCall) {
  return { ...(from !== undefined && { from: Date.parse(from) }), ...(to !== undefined && { to: Date.parse(to) }) };
}

function show(
  { terminal }: TrackingCall,
  found: TrackingSessions | TrackingFunnel | TrackingRetention | TrackingLive | TrackingBad | TrackingReplay,
  text: (width: number | undefined) => readonly string[],
): void {
  const { output, json } = terminal;
  if (json) output.json(found);
  else for (const line of text(output.columns)) output.line(line);
}

function percent(part: number | null): string | null {
  return part === null ? null : `${(part * 100).toFixed(1)} %`;
}
