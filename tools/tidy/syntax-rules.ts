/**
 * The rules that read a file's syntax tree: casts to any, empty catches, tests run alone, the environment, and in the
 * simulated packages every door to real time, randomness, network and disk.
 */
import { Visitor, type VisitorObject } from 'oxc-parser';
import { MAY_READ_ENVIRONMENT, SIMULATED } from './allowed-imports.ts';
import type { Problem, SourceFile } from './source-file.ts';
import type { Workspace } from './workspace.ts';

const TEST_FUNCTIONS = new Set(['test', 'it', 'describe', 'suite']);
const REAL_MODULES = new Set(
  ['fs', 'fs/promises', 'net', 'tls', 'dgram', 'http', 'https', 'http2', 'timers', 'timers/promises', 'perf_hooks']
    .concat(['child_process', 'worker_threads'])
    .map((name) => `node:${name}`),
);
const REAL_TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const REAL_MEMBERS = new Set([
  'Date.now',
  'performance.now',
  'process.hrtime',
  'Math.random',
  'AbortSignal.timeout',
  'crypto.randomUUID',
  'crypto.randomBytes',
  'crypto.randomInt',
  'crypto.getRandomValues',
  'crypto.webcrypto',
  'globalThis.setTimeout',
  'globalThis.setInterval',
  'globalThis.setImmediate',
  'globalThis.crypto',
]);
const RANDOM_IMPORTS = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFillSync',
  'randomFill',
  'getRandomValues',
]);

/** Checks the syntax of one file of `workspace`. */
export function checkSyntax(file: SourceFile, workspace: Workspace): Problem[] {
  const problems: Problem[] = [];
  const add = (node: { start: number }, sentence: string): void => {
    problems.push({ path: file.path, line: file.lineAt(node.start), sentence });
  };
  const simulated = SIMULATED.has(workspace.name) && !file.isTest;
  const mayReadEnvironment = MAY_READ_ENVIRONMENT.has(workspace.name) || file.isTest;
  const rules: VisitorObject[] = [generalRules(add)];
  if (!mayReadEnvironment) rules.push(environmentRule(add));
  if (simulated) {
    rules.push(simulationRules(add));
    for (const { specifier, line } of file.imports) {
      if (!REAL_MODULES.has(specifier)) continue;
      const sentence = `${workspace.name} is simulated and may not import '${specifier}'; go through base's Platform.`;
      problems.push({ path: file.path, line, sentence });
    }
  }
  for (const rule of rules) new Visitor(rule).visit(file.program);
  return problems;
}

type Add = (node: { start: number }, sentence: string) => void;

function generalRules(add: Add): VisitorObject {
  return {
    TSAsExpression(node) {
      if (node.typeAnnotation.type === 'TSAnyKeyword') add(node, 'A cast to any; parse the value or narrow unknown.');
    },
    TSTypeAssertion(node) {
      if (node.typeAnnotation.type === 'TSAnyKeyword') add(node, 'A cast to any; parse the value or narrow unknown.');
    },
    CatchClause(node) {
      if (node.body.body.length === 0) add(node, 'An empty catch swallows the error; handle it or let it pass.');
    },
    CallExpression(node) {
      const { callee } = node;
      if (callee.type === 'MemberExpression' && callee.object.type === 'Identifier') {
        const only = callee.property.type === 'Identifier' && callee.property.name === 'only';
        if (only && TEST_FUNCTIONS.has(callee.object.name)) add(node, 'A test marked to run alone; remove the mark.');
      }
      if (callee.type !== 'Identifier' || !TEST_FUNCTIONS.has(callee.name)) return;
      for (const argument of node.arguments) {
        if (argument.type !== 'ObjectExpression') continue;
        for (const property of argument.properties) {
          if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
          if (property.key.name === 'only') add(property, 'A test marked to run alone; remove the mark.');
        }
      }
    },
  };
}

function environmentRule(add: Add): VisitorObject {
  return {
    MemberExpression(node) {
      if (memberName(node) === 'process.env') {
        add(node, 'Only apps, tests, bench and tools read the environment; take the value as an option.');
      }
    },
  };
}

function simulationRules(add: Add): VisitorObject {
  const use = (what: string): string => `${what} is out of the simulation's hands; go through base's Platform.`;
  return {
    MemberExpression(node) {
      const name = memberName(node);
      if (name !== undefined && REAL_MEMBERS.has(name)) add(node, use(name));
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && REAL_TIMERS.has(node.callee.name)) add(node, use(node.callee.name));
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') add(node, use('Date()'));
    },
    NewExpression(node) {
      const isDate = node.callee.type === 'Identifier' && node.callee.name === 'Date';
      if (isDate && node.arguments.length === 0) add(node, use('new Date()'));
    },
    ImportDeclaration(node) {
      if (!/^(?:node:)?crypto$/.test(node.source.value)) return;
      for (const each of node.specifiers) {
        if (each.type !== 'ImportSpecifier' || each.imported.type !== 'Identifier') continue;
        if (RANDOM_IMPORTS.has(each.imported.name)) add(each, use(each.imported.name));
      }
    },
  };
}

/** `a.b` for the member expressions `a.b` and `a['b']`, undefined for all others. */
function memberName(node: Parameters<NonNullable<VisitorObject['MemberExpression']>>[0]): string | undefined {
  if (node.object.type !== 'Identifier') return undefined;
  if (node.property.type === 'Identifier' && !node.computed) return `${node.object.name}.${node.property.name}`;
  if (node.property.type === 'Literal') return `${node.object.name}.${String(node.property.value)}`;
  return undefined;
}
