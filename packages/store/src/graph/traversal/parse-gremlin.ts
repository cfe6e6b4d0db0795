/**
 * Reads Gremlin's text, the part of it that is known here: `g.V('a').out('pays').has('amount', P.gt(5)).dedup()`.
 * Nothing of it is run as a program; each name stands in a table.
 */
import { GraphError } from '../graph-error.ts';
import { P, type Predicate, type Scalar } from './predicate.ts';
import type { Step } from './step.ts';
import { Traversal } from './traversal.ts';
import type { TraversalSource } from './traversal-source.ts';

type Argument =
  | Scalar
  | { readonly predicate: Predicate }
  | { readonly steps: readonly Step[] }
  | { readonly order: 'asc' | 'desc' };

interface Token {
  readonly type: 'name' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const TOKEN = new RegExp(
  [
    String.raw`\s*(?:(?<name>[A-Za-z_]\w*)`,
    String.raw`(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")`,
    String.raw`(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[lLdDfFiI]?)`,
    '(?<sign>[.,()]))',
  ].join('|'),
  'y',
);
const NESTING_MAX = 20;

/** Steps that take nothing but texts, and none. */
const TEXT_STEPS = new Set([
  ...['V', 'out', 'in', 'both', 'outE', 'inE', 'bothE', 'hasLabel', 'hasId', 'hasNot', 'values'],
  ...['as', 'select', 'aggregate', 'cap'],
]);
const BARE_STEPS = new Set([
  ...['outV', 'inV', 'otherV', 'bothV', 'dedup', 'simplePath', 'cyclicPath', 'path', 'order', 'id', 'label', 'count'],
  ...['sum', 'min', 'max', 'mean', 'groupCount'],
]);
const ONE_TEXT = new Set(['hasNot', 'as', 'select', 'aggregate', 'cap']);

/** The traversal that a text is. Throws `invalid_query`, which says where. */
export function parseTraversal(text: string, source: TraversalSource | undefined): Traversal<unknown> {
  return new Traversal<unknown>(new Parser(text).whole(), source);
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    let at = 0;
    const end = text.trimEnd().length;
    while (at < end) {
      TOKEN.lastIndex = at;
      const found = TOKEN.exec(text);
      if (found === null) throw this.#wrong('this is no part of a traversal', at);
      const [type, token] = Object.entries(found.groups ?? {}).find(([, each]) => each !== undefined) as [
        Token['type'],
        string,
      ];
      at = TOKEN.lastIndex;
      this.#tokens.push({ type, text: token, at: at - token.length });
    }
    this.#tokens.push({ type: 'end', text: 'the end', at: text.length });
  }

  whole(): readonly Step[] {
    const first = this.#take();
    if (first.text !== 'g') throw this.#wrong('a traversal begins with g', first.at);
    const steps = this.#chain();
    if (steps[0]?.step !== 'V') throw this.#wrong('behind g stands V()', this.#tokens[1]?.at ?? 0);
    const last = this.#take();
    if (last.type !== 'end') throw this.#wrong('here it should go on with a point, or end', last.at);
    return steps;
  }

  /** `.step(...)` again and again. */
  #chain(begun = new Traversal<never>([], undefined)): readonly Step[] {
    let built = begun;
    while (this.#peek().text === '.') {
      this.#take();
      built = this.#step(built);
    }
    return built.steps;
  }

  #step(built: Traversal<never>): Traversal<never> {
    const name = this.#take();
    if (name.type !== 'name') throw this.#wrong('a step has a name', name.at);
    const args = this.#arguments();
    const next = applied(built, name.text, args);
    if (next === undefined) throw this.#wrong(`${name.text}() is not known here, or not with these arguments`, name.at);
    return next;
  }

  #arguments(): Argument[] {
    this.#expect('(');
    const args: Argument[] = [];
    while (this.#peek().text !== ')') {
      if (args.length > 0) this.#expect(',');
      args.push(this.#argument());
    }
    this.#take();
    return args;
  }

  #argument(): Argument {
    const token = this.#take();
    if (token.type === 'text') return unquoted(token.text);
    if (token.type === 'number') return Number(token.text.replace(/[a-z]$/i, ''));
    if (token.type !== 'name')
      throw this.#wrong('an argument is a text, a number, a predicate or a traversal', token.at);
    switch (token.text) {
      case 'true':
      case 'false':
        return token.text === 'true';
      case 'asc':
      case 'desc':
        return { order: token.text };
      case 'Order': {
        this.#expect('.');
        const order = this.#take();
        if (order.text === 'asc' || order.text === 'desc') return { order: order.text };
        throw this.#wrong('an order is asc or desc', order.at);
      }
      case 'P':
      case 'TextP':
        this.#expect('.');
        return this.#predicate(this.#take());
      default:
        return Object.hasOwn(P, token.text) ? this.#predicate(token) : this.#nested(token);
    }
  }

  #predicate(name: Token): Argument {
    const make = Object.hasOwn(P, name.text) ? (P as unknown as Predicates)[name.text] : undefined;
    const args = this.#arguments();
    if (make === undefined || args.some((each) => typeof each === 'object')) {
      throw this.#wrong(`${name.text} is no predicate that is known here, or not with these arguments`, name.at);
    }
    return { predicate: make(...(args as Scalar[])) };
  }

  /** A traversal within another, with `__` before it or without. */
  #nested(token: Token): Argument {
    if (++this.#depth > NESTING_MAX) throw this.#wrong('traversals lie too deep in each other', token.at);
    let begun = new Traversal<never>([], undefined);
    if (token.text !== '__') {
      this.#at--;
      begun = this.#step(begun);
    }
    const steps = this.#chain(begun);
    this.#depth--;
    return { steps };
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.type !== 'end') this.#at++;
    return token;
  }

  #expect(sign: string): void {
    const token = this.#take();
    if (token.text !== sign) throw this.#wrong(`here should be ${sign}, not ${token.text}`, token.at);
  }

  #wrong(what: string, at: number): GraphError {
    return new GraphError('invalid_query', `at character ${at + 1} of ${JSON.stringify(this.#text)}: ${what}`);
  }
}

interface Predicates {
  readonly [name: string]: (...args: readonly Scalar[]) => Predicate;
}

/** Methods of a traversal, whatever it is over: whether steps fit each other is found out when it is run. */
interface Untyped {
  readonly [name: string]: (...args: readonly unknown[]) => Traversal<never>;
}

function applied(built: Traversal<never>, name: string, args: readonly Argument[]): Traversal<never> | undefined {
  const untyped = built as unknown as Untyped;
  const [first, second] = args;
  const does = (...given: readonly unknown[]): Traversal<never> | undefined => untyped[name]?.(...given);
  if (name === 'V' && built.steps.length === 0 && areTexts(args)) {
    return new Traversal<never>([{ step: 'V', ids: args }], undefined);
  }
  if (TEXT_STEPS.has(name))
    return areTexts(args) && (!ONE_TEXT.has(name) || args.length === 1) ? does(...args) : undefined;
  if (BARE_STEPS.has(name)) return args.length === 0 ? does() : undefined;
  if (name === 'has' && typeof first === 'string' && args.length <= 2) return does(first, ...comparedWith(second));
  if (name === 'is' && first !== undefined && args.length === 1) return does(...comparedWith(first));
  if ((name === 'limit' || name === 'times') && typeof first === 'number') return does(first);
  if (name === 'by') return byOf(built, args);
  if (name === 'where' && typeof first === 'object' && 'predicate' in first) return markedOf(built, first.predicate);
  if (name === 'emit' && args.length === 0) return does();
  if (['where', 'not', 'repeat', 'until', 'emit'].includes(name) && typeof first === 'object' && 'steps' in first) {
    return does({ steps: first.steps });
  }
  return undefined;
}

function comparedWith(argument: Argument | undefined): readonly unknown[] {
  if (argument === undefined) return [];
  return [typeof argument === 'object' && 'predicate' in argument ? argument.predicate : argument];
}

function byOf(built: Traversal<never>, args: readonly Argument[]): Traversal<never> | undefined {
  const key = typeof args[0] === 'string' ? args[0] : undefined;
  const last = args.at(-1);
  const order = typeof last === 'object' && 'order' in last ? last.order : 'asc';
  const known = (key === undefined ? 0 : 1) + (typeof last === 'object' ? 1 : 0);
  return args.length === known && built.steps.at(-1)?.step === 'order' ? built.by(key, order) : undefined;
}

function markedOf(built: Traversal<never>, predicate: Predicate): Traversal<never> | undefined {
  const mark = 'values' in predicate ? predicate.values[0] : 'value' in predicate ? predicate.value : undefined;
  if (typeof mark !== 'string') return undefined;
  const { op } = predicate;
  return op === 'eq' || op === 'neq' || op === 'within' || op === 'without' ? built.whereMarked(op, mark) : undefined;
}

function areTexts(args: readonly Argument[]): args is readonly string[] {
  return args.every((each) => typeof each === 'string');
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, escaped: string) => {
    if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return ESCAPES[escaped] ?? escaped;
  });
}

const ESCAPES: { readonly [character: string]: string } = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
