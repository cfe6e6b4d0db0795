/**
 * The config service as a part of the control plane: what applications are answered, from memory, and what people see
 * of it. Any number of processes may run it over the same database; none of them keeps anything that another needs.
 */
import type { Principal, Route } from '@millrace/api';
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Access } from '../access/access.ts';
import type { Environment } from '../client-configuration/references.ts';
import type { Schema } from '../database/schema.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { Identity } from '../identity/open-identity.ts';
import type { SealingKey } from '../identity/secrets/sealing-key.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { storeUses } from '../inventory/uses/use-store.ts';
import type { FleetRecord } from '../record/record.ts';
import { Answerer } from './answerer.ts';
import { AskedQuestions } from './asked-questions.ts';
import { applicationTokenPrefix, Enrolments } from './enrolments.ts';
import { confirmedByReports } from './reports/confirm-rotations.ts';
import { ReportedUses } from './reports/reported-uses.ts';
import { liveMs, Reports } from './reports/reports.ts';
import { answerRoutes, operatingRoutes } from './routes.ts';
import { SigningKeys } from './signing-keys.ts';
import { ClusterFactsWriter } from './state/cluster-facts-writer.ts';
import { ConfigViews } from './state/config-views.ts';

/** What may be configured of it; nothing need be. */
export interface ConfigSettings {
  /** How long an answer holds; it is issued again after half of that. Default 7 days. */
  readonly lifeMs?: number | undefined;
  /**
   * How long this process has to have heard reports before it confirms rotations by them: after an outage some
   * instances are back before others. Default 90 s, in which each has reported that can.
   */
  readonly confirmAfterMs?: number | undefined;
}

export interface ConfigOptions extends ConfigSettings {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: EventFeed;
  readonly record: FleetRecord;
  readonly inventory: Pick<Inventory, 'cluster'>;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly identity: Pick<Identity, 'credentials' | 'confirm'>;
  readonly sealingKey: () => Promise<SealingKey>;
  /** What references of the form `env:NAME` mean. */
  readonly environment: Environment;
  readonly publicUrl?: string | undefined;
  readonly report: (message: string) => void;
}

export interface ConfigService {
  readonly routes: readonly Route[];
  /** Who shows a token of an application; undefined: nobody. From memory. */
  token(secret: string): Principal | undefined;
  /** Looks at the system of record now. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

const lifeMsDefault = 7 * 86_400_000;
const callMsMax = 60_000;
/** Instances are taken to be gone after a minute, and pause for half of one between two tries to come back. */
const confirmAfterMsDefault = liveMs + 30_000;

/** Who confirms what clients report. */
const confirmer: Principal = { kind: 'system', name: 'config', role: 'admin', teams: [] };

export async function openConfig(options: ConfigOptions): Promise<ConfigService> {
  const { db, platform, record, inventory, report, sealingKey, lifeMs = lifeMsDefault, publicUrl } = options;
  const keys = new SigningKeys({ db, sealingKey, lifeMs });
  await keys.begin();
  const callMs = Math.min(callMsMax, lifeMs / 8);
  const views = await ConfigViews.open({ ...options, callMs });
  const facts = new ClusterFactsWriter(options);
  const asked = new AskedQuestions({ db, platform, report });
  const answerer = new Answerer({ views, keys, platform, sealingKey, lifeMs, asked });
  const enrolments = new Enrolments({ db, platform, report });
  const uses = new ReportedUses({
    clock: platform.clock,
    isPlausible: (application, stream) => {
      return inventory.cluster(stream.cluster)?.topics.has(stream.topic) === true && views.mayFind(application, stream);
    },
    store: (seen) => storeUses(db, seen),
  });
  const { confirmAfterMs = confirmAfterMsDefault } = options;
  const begunAt = platform.clock.monotonic();
  const onWritten = async (): Promise<void> => {
    if (platform.clock.monotonic() - begunAt >= confirmAfterMs) await confirm(options, reports);
  };
  const reports: Reports = new Reports({ db, platform, report, uses, onWritten });
  const parts = { record, platform, views, answerer, keys, enrolments, reports, publicUrl };
  return {
    routes: [...answerRoutes(parts), ...operatingRoutes(parts)],
    token: (secret) => {
      const enrolled = views.enrolled(secret);
      if (enrolled === undefined) return undefined;
      enrolments.use(enrolled.id);
      return { kind: 'application', name: enrolled.application, role: 'viewer', teams: [] };
    },
    catchUp: () => views.catchUp(),
    close: async () => {
      await Promise.all([reports.close(), enrolments.close(), asked.close(), facts.close()]);
      await views.close();
    },
  };
}

/** Processes that confirm the same at a time note it once. */
async function confirm({ identity, report }: ConfigOptions, reports: Reports): Promise<void> {
  const confirmed = confirmedByReports(await identity.credentials(), await reports.known());
  for (const { application, id } of confirmed) {
    try {
      await identity.confirm(application, id, confirmer, 'all of its instances that are known report that they use it');
    } catch (error) {
      // It may have ended meanwhile.
      if (!isMillraceError(error)) throw error;
      report(`${application}: ${messageOf(error)}`);
    }
  }
}

/** Access for people and for applications, whose tokens are known from memory. */
export function withApplications(people: Access, config: Pick<ConfigService, 'token'> | undefined): Access {
  return {
    ...people,
    token: async (secret) => {
      if (!secret.startsWith(applicationTokenPrefix)) return await people.token(secret);
      return config?.token(secret);
    },
  };
}

/** The routes, whose changes this process answers by once they are answered: programs begin with what they gave. */
export function withConfigAnswers(routes: readonly Route[], config: Pick<ConfigService, 'catchUp'>): Route[] {
  return routes.map((route) => {
    const { contract, handle } = route;
    if (contract.method === 'GET') return route;
    const handled = async (request: Parameters<typeof handle>[0]) => {
      const answer = await handle(request);
      // It is done, and may show a secret this once: what can't be read now the service reads in a moment.
      await config.catchUp().catch(() => undefined);
      return answer;
    };
    return { contract, handle: handled as Route['handle'] };
  });
}
