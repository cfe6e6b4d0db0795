/** `/config` and `/mode`: of the registry, of a context (`:.context:`) or of a subject. */
import { defineContract, implement, type Route } from '@millrace/api';
import { type Static, Type } from 'typebox';
import type { Registry } from '../registry.ts';
import {
  type ConfigChange,
  configOf,
  decideConfig,
  decideConfigDeletion,
  decideMode,
  decideModeDeletion,
  ownMode,
} from '../setting-changes.ts';
import { compatibilityOf, modeOf } from '../settings.ts';
import type { StoredConfig } from '../state/fact.ts';
import { everySubject } from '../subject-name.ts';
import { registryDialect } from './dialect.ts';
import { Flags, SubjectPath } from './message.ts';
import { subjectOf } from './read-request.ts';

const nullable = <S extends Parameters<typeof Type.Optional>[0]>(schema: S) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const ConfigBody = Type.Object({ compatibility: nullable(Type.String()), normalize: nullable(Type.Boolean()) });
const ConfigAnswer = Type.Object({
  compatibilityLevel: Type.Optional(Type.String()),
  normalize: Type.Optional(Type.Boolean()),
});
type ConfigAnswer = Static<typeof ConfigAnswer>;
const ModeBody = Type.Object({ mode: Type.String() });

const dialect = registryDialect;
const query = Flags;

function contracts(path: { readonly config: string; readonly mode: string }, whose: string) {
  const config = { dialect, query, path: path.config } as const;
  const mode = { dialect, query, path: path.mode, response: ModeBody } as const;
  return {
    config: { ...config, method: 'GET', summary: `The configuration of ${whose}`, response: ConfigAnswer },
    setConfig: { ...config, method: 'PUT', summary: `Configure ${whose}`, body: ConfigBody, response: ConfigBody },
    unsetConfig: {
      ...config,
      method: 'DELETE',
      summary: `Forget the configuration of ${whose}`,
      response: ConfigAnswer,
    },
    mode: { ...mode, method: 'GET', summary: `The mode of ${whose}` },
    setMode: { ...mode, method: 'PUT', summary: `Set the mode of ${whose}`, body: ModeBody },
    unsetMode: { ...mode, method: 'DELETE', summary: `Forget the mode of ${whose}` },
  } as const;
}

const global = contracts({ config: '/config', mode: '/mode' }, 'the registry');
const local = contracts({ config: '/config/{subject}', mode: '/mode/{subject}' }, 'a subject or a context');
const ofSubject = { params: SubjectPath } as const;

export function settingRoutes(registry: Registry): Route[] {
  return [
    implement(defineContract(global.config), async () => {
      const state = await registry.state();
      return shown({ ...state.configOf(everySubject), compatibility: compatibilityOf(state, everySubject) });
    }),
    implement(defineContract(global.setConfig), ({ body }) => setConfig(registry, everySubject, body)),
    implement(defineContract(global.unsetConfig), () =>
      registry.write((state) => decideConfigDeletion(state, everySubject)).then(shown),
    ),
    implement(defineContract(global.mode), async () => ({ mode: modeOf(await registry.state(), everySubject) })),
    implement(defineContract(global.setMode), ({ body, query: { force = false } }) =>
      registry.write((state) => decideMode(state, everySubject, body.mode, force)),
    ),
    implement(defineContract(global.unsetMode), () =>
      registry.write((state) => decideModeDeletion(state, everySubject)),
    ),
    implement(defineContract({ ...local.config, ...ofSubject }), async ({ params, query: { defaultToGlobal } }) => {
      const state = await registry.state();
      const subject = subjectOf(params);
      if (defaultToGlobal !== true) return shown(configOf(state, subject));
      return shown({ ...state.configOf(subject), compatibility: compatibilityOf(state, subject) });
    }),
    implement(defineContract({ ...local.setConfig, ...ofSubject }), ({ params, body }) =>
      setConfig(registry, subjectOf(params), body),
    ),
    implement(defineContract({ ...local.unsetConfig, ...ofSubject }), ({ params }) =>
      registry.write((state) => decideConfigDeletion(state, subjectOf(params))).then(shown),
    ),
    implement(defineContract({ ...local.mode, ...ofSubject }), async ({ params, query: { defaultToGlobal } }) => {
      const state = await registry.state();
      const subject = subjectOf(params);
      return { mode: defaultToGlobal === true ? modeOf(state, subject) : ownMode(state, subject) };
    }),
    implement(defineContract({ ...local.setMode, ...ofSubject }), ({ params, body, query: { force = false } }) =>
      registry.write((state) => decideMode(state, subjectOf(params), body.mode, force)),
    ),
    implement(defineContract({ ...local.unsetMode, ...ofSubject }), ({ params }) =>
      registry.write((state) => decideModeDeletion(state, subjectOf(params))),
    ),
  ];
}

function setConfig(registry: Registry, name: string, change: ConfigChange): Promise<StoredConfig> {
  return registry.write((state) => decideConfig(state, name, change));
}

/** Answers call the level otherwise than requests do. */
function shown({ compatibility, ...rest }: StoredConfig): ConfigAnswer {
  return { ...(compatibility !== undefined && { compatibilityLevel: compatibility }), ...rest };
}
