/**
 * What the config service answers an application that wants to write to a topic or read from it: everything a client
 * needs, and for each setting the rule that gave it its value.
 *
 * An answer is one value that is signed (`signed-answer.ts`), kept by clients on disk, and followed by one of a greater
 * version when anything in it changes. Nothing in it is secret: credentials are encrypted to a key of the instance that
 * asked.
 */
import { type Static, Type } from 'typebox';
import { Role } from '../declared/topic.ts';

const Milliseconds = Type.Integer({ minimum: 0, description: 'Milliseconds since 1970' });

export const ConfigSetting = Type.Object({
  value: Type.String(),
  rule: Type.String({ description: 'What set it: `standard producer`, `cluster east`, `client setting slow-links`' }),
});
export type ConfigSetting = Static<typeof ConfigSetting>;

export const ConfigCredential = Type.Object(
  {
    id: Type.String({ description: 'Another one has another; reports of clients name it' }),
    principal: Type.String({ description: 'User:NAME' }),
    sealed: Type.Optional(
      Type.String({
        description:
          'JWE (compact, ECDH-ES over X25519, A256GCM) to the key of the instance: JSON with username and password, ' +
          'or certificate and key in PEM; absent where the instance gave no key',
      }),
    ),
    expiresAt: Type.Optional(Milliseconds),
  },
  { description: 'As whom to log in; absent where the instance brings its own, or nobody logs in' },
);
export type ConfigCredential = Static<typeof ConfigCredential>;

/** The cluster that a topic is to be found on: another name or generation is another cluster to go to. */
export const ConfigCluster = Type.Object({
  name: Type.String(),
  id: Type.Union([Type.String(), Type.Null()], { description: "Kafka's own; null while nobody has reached it" }),
  generation: Type.Integer({ minimum: 0, description: 'Grows whenever the topic is moved to another cluster' }),
  rule: Type.String({ description: 'Why this one: `the only one`, `site north`, `home of the topic`' }),
});
export type ConfigCluster = Static<typeof ConfigCluster>;

export const ConfigAnswer = Type.Object(
  {
    format: Type.Literal(1),
    application: Type.String(),
    /** As the application calls it, which is its name on every cluster that it may be found on. */
    topic: Type.String(),
    role: Role,
    version: Type.Integer({ minimum: 1, description: 'Grows with each change, and never goes back' }),
    issuedAt: Milliseconds,
    expiresAt: Milliseconds,
    asOf: Type.Integer({ minimum: 0, description: 'When what the service knew was current; ms since 1970' }),
    cluster: ConfigCluster,
    bootstrap: Type.String({ minLength: 1, description: 'HOST:PORT, several of them separated by commas' }),
    settings: Type.Record(Type.String(), ConfigSetting, {
      description: 'By the names of Java clients, security.protocol and sasl.mechanism among them; never a secret',
    }),
    credential: Type.Optional(ConfigCredential),
    groups: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
        description:
          'Of a consumer: groups whose offsets are on the cluster, by the generation for which they were translated; ' +
          'a group that is not among them stays where it is when the topic moves',
      }),
    ),
  },
  { description: "What a client of an application needs for a topic; the service's view of one moment" },
);
export type ConfigAnswer = Static<typeof ConfigAnswer>;

/** Whatever makes two answers different to whoever obeys them. */
export type ConfigContent = Omit<ConfigAnswer, 'version' | 'issuedAt' | 'expiresAt' | 'asOf'>;

export function contentOf(answer: ConfigAnswer): ConfigContent {
  const { version: _version, issuedAt: _issuedAt, expiresAt: _expiresAt, asOf: _asOf, ...content } = answer;
  return content;
}
