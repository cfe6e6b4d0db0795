/** Requests as people read them. */
import type { CalculationLine, RequestSummary, RequestView } from '@millrace/api/fleet';
import { minuteOf } from '../framework/show-list.ts';
import { type Column, count, counted } from '../framework/table.ts';

export const requestColumns: readonly Column<RequestSummary>[] = [
  { title: 'ID', cell: ({ id }) => id ?? null },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'WHAT', cell: ({ title }) => title, shrinks: true },
  { title: 'TEAM', cell: ({ team }) => team, shrinks: true },
  { title: 'DECIDES', cell: ({ owner }) => owner ?? 'admin', shrinks: true },
  { title: 'BY', cell: ({ requester }) => requester, shrinks: true },
  { title: 'AT', cell: ({ requestedAt }) => minuteOf(requestedAt) },
];

/** All of it; the arithmetic only where it is asked for. */
export function requestText(request: RequestView, showsArithmetic: boolean): string[] {
  const { id, title, state, requester, why, team, owner, reason, decidedBy, operation, problem } = request;
  return [
    `${title}: ${state}${id === undefined ? ' (nothing was stored)' : ''}`,
    ...(id === undefined ? [] : [`  id           ${id}`]),
    `  asked by     ${requester} for ${team}${why === '' ? '' : `: ${why}`}`,
    ...(decidedBy === undefined ? [] : [`  decided by   ${decidedBy}${reason ? `: ${reason}` : ''}`]),
    ...(state === 'waiting'
      ? [`  waits for    ${owner === null ? 'an admin' : `an owner of ${owner}, or an admin`}`]
      : []),
    ...(operation === undefined ? [] : [`  operation    ${operation}`]),
    ...(problem === undefined ? [] : [`  stopped      ${problem}`]),
    ...verdictText(request),
    ...proposalText(request),
    ...capacityText(request),
    ...costText(request),
    ...(showsArithmetic ? arithmeticText(request) : []),
    ...request.comments.flatMap(({ at, by, text }) => [`${by} at ${minuteOf(at)}:`, `  ${text}`]),
  ];
}

export function linesText(lines: readonly CalculationLine[]): string[] {
  return lines.map(({ text }) => `  ${text}`);
}

function verdictText({ verdict }: RequestView): string[] {
  const sayings = verdict.sayings.map(({ policy, decision, message }) => `  ${decision} (${policy}): ${message}`);
  return [
    `Policies: ${verdict.decision}`,
    ...(sayings.length > 0 ? sayings : ['  no policy speaks, so a person decides']),
  ];
}

function proposalText({ proposal }: RequestView): string[] {
  const { topics, changes, removals, applications, mirrors, schemas, notes } = proposal;
  const lines = [
    ...topics.map(({ purpose, spec }) => {
      const replicas = spec.replicas === undefined ? '' : `, ${counted(spec.replicas, 'replica')}`;
      return `topic ${spec.name} on ${spec.cluster} (${purpose}): ${counted(spec.partitions, 'partition')}${replicas}`;
    }),
    ...changes.map(({ cluster, topic, partitions, configs = {} }) => {
      const settings = Object.entries(configs).map(([name, value]) => `${name}=${value}`);
      const parts = [...(partitions === undefined ? [] : [counted(partitions, 'partition')]), ...settings];
      return `change ${topic} on ${cluster}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
    }),
    ...removals.map(({ cluster, topic }) => `delete ${topic} on ${cluster}, with its records`),
    ...applications.map(({ name, team, isNew, uses }) => {
      const used = uses.map(({ role, topic, cluster }) => `${role} of ${topic} on ${cluster}`);
      return `${isNew ? 'new application' : 'application'} ${name} of ${team}: ${used.join(', ')}`;
    }),
    ...mirrors.map(({ source, target, topic }) => `mirror ${topic} from ${source} to ${target}`),
    ...schemas.map(({ subject, type }) => `schema ${subject} (${type})`),
  ];
  return ['Would do:', ...lines.map((line) => `  ${line}`), ...notes.map((note) => `  note: ${note}`)];
}

function capacityText({ capacity }: RequestView): string[] {
  if (capacity.length === 0) return [];
  const lines = capacity.map(({ cluster, chosen, fits, resources }) => {
    const uses = resources.flatMap((each) => {
      const { resource, use, after, usable, fits: hasRoom } = each;
      if (use === undefined) return [];
      // A part is kept free, so that there may be no room below 100 %.
      const bound = hasRoom === false && usable && after.value > 0 ? (use * usable.value) / after.value : undefined;
      return [`${resource} ${percent(use)}${bound === undefined ? '' : `, at most ${percent(bound)}`}`];
    });
    return `  ${chosen ? '*' : ' '} ${cluster}: ${fitText[fits]} (${uses.join('; ')} of the fullest broker)`;
  });
  return ['Capacity, with it, in the season:', ...lines];
}

const fitText = { yes: 'has room', no: 'has no room', unknown: 'not known whether it has room' } as const;

export function percent(part: number): string {
  return part > 100 ? 'over 10,000 %' : `${count(Math.round(part * 1000) / 10)} %`;
}

function costText({ cost }: RequestView): string[] {
  const more = cost.before === 0 ? '' : `, ${money(cost.before)} before`;
  return [`Cost: ${money(cost.monthly)} a month${more}`];
}

export function money(amount: number): string {
  return count(cents(amount));
}

export function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}

function arithmeticText({ capacity, cost }: RequestView): string[] {
  const chosen = capacity.filter((each) => each.chosen);
  return [
    ...chosen.flatMap(({ cluster, lines }) => [`Arithmetic of ${cluster}:`, ...linesText(lines)]),
    'Arithmetic of the cost:',
    ...linesText(cost.lines),
  ];
}
