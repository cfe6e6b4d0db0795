/** Asking the config service, and following what it answers: for applications, each with a token of its own. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Role } from '../declared/topic.ts';
import { InstanceKey } from './instance-key.ts';

const Text = Type.String({ minLength: 1, maxLength: 249 });
const InstanceId = Type.String({ minLength: 1, maxLength: 100, description: 'Of one running process; its own choice' });
const Site = Type.String({ maxLength: 100, description: 'Where it runs: the name of one of the sites' });
const Signed = Type.String({ description: 'JWS (compact, EdDSA)' });

export const ConfigWant = Type.Object({ topic: Text, role: Role });
export type ConfigWant = Static<typeof ConfigWant>;

export const ConfigInstance = Type.Object({
  id: InstanceId,
  key: Type.Optional(InstanceKey),
  site: Type.Optional(Site),
});
export type ConfigInstance = Static<typeof ConfigInstance>;

export const ConfigProblem = Type.Object({
  code: Type.Union([Type.Literal('no_use'), Type.Literal('no_cluster'), Type.Literal('not_ready')], {
    description:
      'no_use: the application does not declare that it does this with this topic; no_cluster: none of the clusters ' +
      'is declared any more; not_ready: something that the answer needs is not there yet',
  }),
  detail: Type.String({ description: 'What is missing, and what to do' }),
});
export type ConfigProblem = Static<typeof ConfigProblem>;

export const GivenAnswer = Type.Object({ ...ConfigWant.properties, signed: Signed }, { title: 'answer' });
export const RefusedAnswer = Type.Object({ ...ConfigWant.properties, problem: ConfigProblem }, { title: 'refused' });
export type GivenAnswer = Static<typeof GivenAnswer>;
export type RefusedAnswer = Static<typeof RefusedAnswer>;

/** How old what the service knows is. */
export const ConfigView = Type.Object(
  {
    asOf: Type.Integer({ minimum: 0, description: 'When it was last seen to be current; ms since 1970' }),
    current: Type.Boolean({ description: 'False while the system of record can not be asked' }),
  },
  { title: 'view' },
);
export type ConfigView = Static<typeof ConfigView>;

export const ConfigKeysAnswer = Type.Object({
  keys: Type.String({ description: 'The newest set of keys: JWS (compact, EdDSA), by a key of the set before it' }),
});
export type ConfigKeysAnswer = Static<typeof ConfigKeysAnswer>;

export const configAnswersContract = defineContract({
  method: 'POST',
  path: '/api/v1/config/answers',
  summary: 'What an application needs to write to topics or read from them',
  description:
    'Signed: a payload is a `ConfigAnswer`. Credentials are sealed to the key of the instance, and absent for one ' +
    'that sends none. Answered from memory, also while the system of record is away: `view` says how old it is.',
  permission: 'configure',
  body: Type.Object(
    { instance: ConfigInstance, wants: Type.Array(ConfigWant, { minItems: 1, maxItems: 200 }) },
    { additionalProperties: false },
  ),
  response: Type.Object({
    ...ConfigKeysAnswer.properties,
    view: ConfigView,
    answers: Type.Array(Type.Union([GivenAnswer, RefusedAnswer]), { description: 'In the order of the wants' }),
  }),
  problems: ['unavailable'],
});

export const configWatchContract = defineContract({
  method: 'GET',
  path: '/api/v1/config/watch',
  summary: 'The same as they change, as server-sent events',
  description:
    'First come event `keys`, event `view`, and the present answers: event `answer` or `refused` for each want. Then ' +
    'each again when it changes, within a second. A comment line every 10 s shows that the stream is alive. There ' +
    'are no ids: whoever comes back gets the present ones again.',
  permission: 'configure',
  query: Type.Object({
    wants: Type.String({
      pattern: '^(producer|consumer):[A-Za-z0-9._-]{1,249}(,(producer|consumer):[A-Za-z0-9._-]{1,249})*$',
      description: '`producer:orders,consumer:payments`; 200 at most',
    }),
    instance: InstanceId,
    key: Type.Optional(InstanceKey),
    site: Type.Optional(Site),
  }),
  kind: 'event-stream',
  response: Type.Union([GivenAnswer, RefusedAnswer, ConfigView, ConfigKeysAnswer]),
});

export const configKeysContract = defineContract({
  method: 'GET',
  path: '/api/v1/config/keys',
  summary: 'Whose signatures on answers are to be trusted',
  permission: 'public',
  response: Type.Object({
    ...ConfigKeysAnswer.properties,
    chain: Type.Array(Signed, {
      description:
        'All sets that there were, ascending, each signed by a key of the one before it; the first by itself',
    }),
  }),
  problems: ['unavailable'],
});

/** `producer:orders,consumer:payments`. */
export function wantsText(wants: readonly ConfigWant[]): string {
  return wants.map(({ role, topic }) => `${role}:${topic}`).join(',');
}

/** What `wantsText` wrote, each once. */
export function parseWants(text: string): ConfigWant[] {
  return [...new Set(text.split(','))].map((want) => {
    const colon = want.indexOf(':');
    return { role: want.slice(0, colon) as ConfigWant['role'], topic: want.slice(colon + 1) };
  });
}
