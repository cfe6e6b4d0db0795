/**
 * The one judgement of what was posted: a good event as it is stored, a bad one with the reason, or nothing where its
 * sender refused consent. The collector judges what comes in by it, and a replay what was bad before.
 */
import { hash } from 'node:crypto';
import { acceptEvent, type Receipt } from '../accept-event.ts';
import { type IncomingEvent, issuesOfIncoming, type TrackingEvent } from '../event.ts';
import type { EventSchemas } from '../event-schemas.ts';
import { type PrivacyChoice, withoutNames } from '../privacy-choice.ts';
import { eventBytesMax } from '../topics.ts';
import { truncateAddress } from '../truncate-address.ts';
import { type BadEvent, excerptMax } from './bad-event.ts';

export type Judgement =
  | { readonly good: TrackingEvent; readonly value: string }
  | { readonly bad: BadEvent }
  | { readonly withheld: true };

/** `posted` may be any JSON value. */
export function judgeEvent(
  posted: unknown,
  receipt: Receipt,
  choice: PrivacyChoice,
  schemas: EventSchemas | undefined,
): Judgement {
  if (choice === 'withheld') return { withheld: true };
  const bad = (verdict: Pick<BadEvent, 'reason' | 'issues' | 'schema'>): Judgement => ({
    bad: badEvent(posted, receipt, choice, verdict),
  });
  // Ours to say.
  const own = isObject(posted) ? { ...posted, parentId: undefined } : posted;
  const issues = issuesOfIncoming(own);
  if (issues.length > 0) return bad({ reason: 'shape', issues });
  const event = own as IncomingEvent;
  const verdict = schemas?.judge(event);
  if (verdict !== undefined) return bad({ reason: 'schema', ...verdict });
  const accepted = acceptEvent(event, receipt);
  const good = choice === 'nameless' ? withoutNames(accepted) : accepted;
  const value = JSON.stringify(good);
  if (Buffer.byteLength(value) <= eventBytesMax) return { good, value };
  return bad({ reason: 'shape', issues: [{ field: '', message: `is larger than ${eventBytesMax / 1024} KiB` }] });
}

/** Nothing of an event is kept whose sender does not want to be known; of the others not the address. */
function badEvent(
  posted: unknown,
  receipt: Receipt,
  choice: PrivacyChoice,
  verdict: Pick<BadEvent, 'reason' | 'issues' | 'schema'>,
): BadEvent {
  const { remoteAddress, userAgent, sentAt, site, receivedAt } = receipt;
  const kept = choice === 'named' ? withoutAddress(posted) : undefined;
  const text = kept === undefined ? '' : (JSON.stringify(kept) ?? '');
  const isLarge = Buffer.byteLength(text) > eventBytesMax;
  return {
    id: idOf(posted) ?? `bad-${hash('sha256', `${receivedAt} ${receipt.newId()}`, 'base64url').slice(0, 22)}`,
    ...verdict,
    receivedAt: new Date(receivedAt).toISOString(),
    ...(choice === 'named' && {
      receipt: { network: truncateAddress(remoteAddress), userAgent: userAgent?.slice(0, 2_048), sentAt, site },
    }),
    ...(kept !== undefined && (isLarge ? { excerpt: text.slice(0, excerptMax) } : { event: kept })),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(posted: unknown): string | undefined {
  const messageId = isObject(posted) ? posted['messageId'] : undefined;
  return typeof messageId === 'string' && messageId !== '' ? messageId.slice(0, 128) : undefined;
}

/** Wherever senders of the known formats put an address. */
function withoutAddress(posted: unknown): unknown {
  const context = isObject(posted) ? posted['context'] : undefined;
  if (!isObject(posted) || !isObject(context)) return posted;
  const { ip, ...kept } = context;
  const network = typeof ip === 'string' ? truncateAddress(ip) : undefined;
  return { ...posted, context: { ...kept, ...(network !== undefined && { ip: network }) } };
}
