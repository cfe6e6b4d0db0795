/** The routes of the config service: for applications, and for people. */
import { implement, ProblemError, type Route, type RouteRequest } from '@millrace/api';
import {
  type ConfigAnswer,
  type ConfigKeySet,
  type ConfigWant,
  configAnswersContract,
  configClientsContract,
  configExplainContract,
  configKeysContract,
  configReportContract,
  configWatchContract,
  endEnrolmentContract,
  enrolApplicationContract,
  listEnrolmentsContract,
  parseWants,
  rotateConfigKeysContract,
} from '@millrace/api/config';
import type { Platform } from '@millrace/base';
import { calledAs } from '../access/login-routes.ts';
import { requireOn } from '../access/may-on.ts';
import { digestOf } from '../access/secret-token.ts';
import { unknownApplication } from '../identity/credentials/credential-plan-kinds.ts';
import type { FleetRecord } from '../record/record.ts';
import type { Answerer } from './answerer.ts';
import type { Enrolments } from './enrolments.ts';
import { keySetOf } from './key-set-of.ts';
import { type Reports, reportEveryMs } from './reports/reports.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { ConfigViews } from './state/config-views.ts';
import { watchAnswers } from './watch-answers.ts';

export interface ConfigParts {
  readonly record: Pick<FleetRecord, 'current'>;
  readonly platform: Platform;
  readonly views: ConfigViews;
  readonly answerer: Answerer;
  readonly keys: SigningKeys;
  readonly enrolments: Enrolments;
  readonly reports: Reports;
  /** Under which people and programs call the server, where that is not how it sees itself. */
  readonly publicUrl: string | undefined;
}

const wantsMax = 200;
const why = 'asked for';

/** For applications: from memory, whether the system of record is there or not. */
export function answerRoutes({ views, answerer, reports }: ConfigParts): Route[] {
  return [
    implement(configAnswersContract, async ({ principal, body }) => {
      const { instance, wants } = body;
      const asker = { application: principal.name, site: instance.site, key: instance.key };
      const answers = await Promise.all(
        wants.map(async (want: ConfigWant) => {
          const { answer } = await answerer.answer(asker, want);
          return { topic: want.topic, role: want.role, ...answer };
        }),
      );
      return { keys: answerer.keys, view: views.age(), answers };
    }),
    implement(configWatchContract, (request) => {
      const { principal, query, signal } = request;
      const wants = parseWants(query.wants);
      if (wants.length > wantsMax) {
        throw new ProblemError('invalid_request', `a watch is for ${wantsMax} wants at most, not ${wants.length}`);
      }
      const asker = { application: principal.name, site: query.site, key: query.key };
      const isAllowed = allowed(views, request);
      return watchAnswers({ views, answerer, isAllowed }, asker, wants, signal);
    }),
    implement(configKeysContract, () => {
      return { keys: answerer.keys, chain: views.config.keySets.map(({ signed }) => signed) };
    }),
    implement(configReportContract, ({ principal, body }) => {
      reports.take(principal.name, body);
      return { everyMs: reportEveryMs };
    }),
  ];
}

/** Whether the token that a watch was begun with is still one. */
function allowed(views: ConfigViews, { header, principal }: RouteRequest<typeof configWatchContract>): () => boolean {
  const token = /^Bearer (\S+)$/i.exec(header('authorization') ?? '')?.[1];
  if (token === undefined) return () => views.isDeclared(principal.name);
  const digest = digestOf(token);
  return () => views.enrolledBy(digest) !== undefined;
}

export function operatingRoutes(parts: ConfigParts): Route[] {
  const { record, views, enrolments, keys, reports, publicUrl } = parts;
  const teamOf = (name: string): string => {
    const known = record.current().get('application', name);
    if (known === undefined) throw unknownApplication(name);
    return known.spec.team;
  };
  return [
    implement(configExplainContract, ({ query }) => {
      const { application, topic, role, site } = query;
      teamOf(application);
      const told = views.told(application, { topic, role, site });
      if ('problem' in told) {
        const { code, detail } = told.problem;
        throw new ProblemError(code === 'no_use' ? 'not_found' : 'conflict', detail);
      }
      const view = views.age();
      const { asOf } = view;
      const times = { version: views.version, issuedAt: asOf, expiresAt: asOf, asOf };
      const answer: ConfigAnswer = { ...told.content, ...times };
      return { view, answer };
    }),
    implement(enrolApplicationContract, async ({ params, body, principal, header }) => {
      const { name } = params;
      requireOn(principal, 'change', { team: teamOf(name) }, `application ${name}`);
      const trusted: ConfigKeySet = keySetOf(views.config.keySets.at(-1)?.signed);
      const { id, token } = await enrolments.create(name, principal, body.why ?? why);
      await views.catchUp();
      const services = body.services ?? [calledAs(header, publicUrl).url];
      return { id, enrolment: { format: 1 as const, application: name, services, token, keys: trusted } };
    }),
    implement(listEnrolmentsContract, async ({ params }) => {
      teamOf(params.name);
      return { items: await enrolments.list(params.name) };
    }),
    implement(endEnrolmentContract, async ({ params, query, principal }) => {
      const { name, id } = params;
      requireOn(principal, 'change', { team: teamOf(name) }, `application ${name}`);
      const ended = await enrolments.end(name, id, principal, query.why ?? why);
      await views.catchUp();
      return ended;
    }),
    implement(rotateConfigKeysContract, async ({ principal, body }) => {
      const { keys: set, kid } = await keys.rotate(principal, body.why ?? why, body);
      await views.catchUp();
      return { keys: set, signingKid: kid };
    }),
    implement(configClientsContract, async ({ query }) => ({ items: await reports.kpis(query) })),
  ];
}
