/** Messages of syslog, in the form of RFC 5424 or in what RFC 3164 found in use, as lines. */
import type { GivenLine } from '../line/line-joiner.ts';
import { type LogLine, lineOfText } from '../line/log-line.ts';
import type { Severity } from '../line/severity.ts';
import { readTimestamp } from '../line/timestamp.ts';

const PRIORITY = /^<(\d{1,3})>/;
const HEADER = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) /;
const ELEMENT = /\[(\S+?)((?: [^= \]"]+="(?:[^"\\\]]|\\.)*")*)\]/y;
const PARAMETER = / ([^= \]"]+)="((?:[^"\\\]]|\\.)*)"/g;

/** Of RFC 5424's eight, from emergency to debug. */
const SEVERITIES: readonly Severity[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];
const FACILITIES = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');

/** A message for who joins lines. One without a priority may go on with the one before it. */
export function givenLineOfSyslog(message: string, sender: string, now: number): GivenLine {
  const line = lineOfSyslog(message, sender, now);
  const isBare = !PRIORITY.test(message);
  const { body } = line;
  let start = line.message ?? 0;
  while (start > 0 && /\s/.test(body[start - 1] as string)) start--;
  // One space parts a message from what stands before it.
  return { line, text: isBare ? message : body.slice(start > 0 ? start + 1 : 0), isBare };
}

/** `sender`: the address that it came from, where the message names no host. */
export function lineOfSyslog(message: string, sender: string, now: number): LogLine {
  const priority = PRIORITY.exec(message);
  const code = Number(priority?.[1] ?? Number.NaN);
  if (priority === null || code > 191) return lineOfText(message, { host: sender }, now);
  const rest = message.slice(priority[0].length);
  const facility = FACILITIES[code >>> 3] as string;
  const severity = SEVERITIES[code & 7] as Severity;
  return { ...(structured(rest, facility, now) ?? traditional(rest, { facility, sender }, now)), severity };
}

/** RFC 5424. */
function structured(text: string, facility: string, now: number): LogLine | undefined {
  const header = HEADER.exec(text);
  if (header === null) return undefined;
  const [whole, time, host, app, process, id] = header as unknown as [string, string, string, string, string, string];
  const { attributes, end } = structuredData(text, whole.length);
  const body = text.slice(end).replace(/^ ?\ufeff?/, '');
  if (process !== '-') attributes['process'] = process;
  if (id !== '-') attributes['messageId'] = id;
  return {
    time: readTimestamp(time, 0, now)?.timeMs ?? now,
    received: now,
    body,
    labels: { facility, ...(app === '-' ? {} : { service: app }), ...(host === '-' ? {} : { host }) },
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  };
}

function structuredData(text: string, from: number): { attributes: Record<string, unknown>; end: number } {
  const attributes: Record<string, unknown> = {};
  if (text[from] === '-') return { attributes, end: from + 1 };
  let end = from;
  for (;;) {
    ELEMENT.lastIndex = end;
    const element = ELEMENT.exec(text);
    if (element === null) return { attributes, end };
    end = ELEMENT.lastIndex;
    const [, name = '', parameters = ''] = element;
    for (const [, key, value] of parameters.matchAll(PARAMETER)) {
      attributes[`${name}.${key}`] = (value as string).replaceAll(/\\(["\\\]])/g, '$1');
    }
  }
}

/** RFC 3164: a time, a host, a program with a colon, as far as they are there. */
function traditional(text: string, from: { readonly facility: string; readonly sender: string }, now: number): LogLine {
  const line = lineOfText(text, { facility: from.facility }, now);
  const { component, ...labels } = line.labels;
  const host = /^[A-Z][a-z]{2} [ \d]\d [\d:]{8} (\S+) /.exec(text)?.[1] ?? from.sender;
  return { ...line, labels: { ...labels, host, ...(component === undefined ? {} : { service: component }) } };
}
