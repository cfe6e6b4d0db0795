/**
 * What a user agent says of browser, system and device, by the rules of uap-core, which makers of parsers in many
 * languages share. A look at all rules costs a good part of a millisecond, so what was found is remembered.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { TrackingEvent } from '../event.ts';
import type { EventFacts, Named } from './enriched-event.ts';
import { UserAgentParser, type Versioned } from './user-agent-rules.ts';

const rememberedMost = 10_000;
/** What comes after is nothing that any browser says, and a matter of time for regular expressions. */
const lengthMax = 512;

type Found = Pick<EventFacts, 'browser' | 'os' | 'device'>;

let rules: UserAgentParser | undefined;
const remembered = new Map<string, Found>();

/** Nothing of what is not known. */
export function userAgentFacts(event: TrackingEvent): Found {
  const userAgent = event.context?.userAgent?.slice(0, lengthMax);
  if (userAgent === undefined || userAgent === '') return {};
  const known = remembered.get(userAgent);
  if (known !== undefined) return known;
  rules ??= readRules();
  const { browser, os, device } = rules.parse(userAgent);
  const found: Found = {
    ...named('browser', browser),
    ...named('os', os),
    ...(device.family !== 'Other' && { device: withoutUndefined(device) }),
  };
  if (remembered.size >= rememberedMost) remembered.clear();
  remembered.set(userAgent, found);
  return found;
}

function named<N extends 'browser' | 'os'>(name: N, { family, version }: Versioned): { readonly [K in N]?: Named } {
  if (family === 'Other') return {};
  const known = version.indexOf(undefined);
  const parts = known < 0 ? version : version.slice(0, known);
  return { [name]: { name: family, ...(parts.length > 0 && { version: parts.join('.') }) } } as never;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

function readRules(): UserAgentParser {
  const file = new URL(import.meta.resolve('uap-core/regexes.yaml'));
  return new UserAgentParser(parse(readFileSync(file, 'utf8')));
}
