/** What everything above the pipelines may import. */
const FLEET = [
  'base',
  'telemetry',
  'api',
  'wire',
  'store',
  'client',
  'registry',
  'resilient',
  'mirror',
  'streams',
  'postgres',
  'fleet',
  'pipelines',
] as const;

/**
 * Who may import whom: the written list, by folder of the workspace. What is not on it is not allowed, whether or not
 * it would build. A package that joins the project adds its line here.
 */
export const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  telemetry: ['base'],
  api: ['base'],
  wire: ['base'],
  store: ['base'],
  broker: ['base', 'api', 'wire'],
  client: ['base', 'api', 'wire'],
  registry: ['base', 'api', 'wire', 'client'],
  resilient: ['base', 'api', 'wire', 'client'],
  mirror: ['base', 'api', 'wire', 'client'],
  streams: ['base', 'wire', 'store', 'client'],
  postgres: ['base', 'wire', 'client'],
  // Its tables are changed as it changes those of others.
  fleet: ['base', 'api', 'wire', 'client', 'mirror', 'postgres'],
  pipelines: [
    'base',
    'telemetry',
    'api',
    'wire',
    'store',
    'client',
    'registry',
    'mirror',
    'streams',
    'postgres',
    'fleet',
  ],
  server: ['base', 'api', 'wire', 'client', 'mirror', 'fleet', 'pipelines'],
  engines: ['base', 'api', 'wire', 'client', 'mirror', 'fleet', 'pipelines', 'broker'],
  cli: [...FLEET, 'server', 'engines'],
  tests: [...FLEET, 'server', 'engines', 'broker', 'cli'],
  bench: [...FLEET, 'server', 'engines', 'broker', 'cli'],
  tools: ['base', 'wire'],
};

/** The parts of a lower package that `api`, which also runs in a browser, may use: those without Node's modules. */
export const BROWSER_SAFE = new Set(['@millrace/base/millrace-error']);

/** Folders that read the environment and choose engines; all others are told. */
export const MAY_READ_ENVIRONMENT = new Set(['cli', 'tests', 'bench', 'tools']);

/** Packages that reach time, randomness, network and disk through `base`'s interfaces alone, to be simulated whole. */
export const SIMULATED = new Set(['broker', 'client', 'mirror', 'streams']);
