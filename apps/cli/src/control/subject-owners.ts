/**
 * Who may register schemas: of a topic that is declared, its team; of any other subject, whoever may ask for topics.
 * A platform without a control plane, or that is open to programs of its machine, asks nobody.
 */
import type { Principal } from '@millrace/api';
import { mayOn, requireOn } from '@millrace/fleet/access';
import type { FleetRecord } from '@millrace/fleet/record';

/**
 * Checks a caller by the record as it is now. A subject `orders-value` is about the topic `orders` of any cluster, in
 * whatever context; where topics of that name belong to several teams, each of them may.
 *
 * @returns what throws a ProblemError `forbidden` for who may not register under the subject
 */
export function subjectOwners(record: Pick<FleetRecord, 'current'>): (principal: Principal, subject: string) => void {
  return (principal, subject) => {
    // The server lets nobody in like that where it takes a token.
    if (principal.kind === 'system' && principal.name === 'anonymous') return;
    const topic = /^(?:.*:)?(.+)-(?:key|value)$/s.exec(subject)?.[1];
    const topics = record.current().list('topic');
    const owned = topics.filter(({ spec }) => spec.name === topic).map(({ id, spec }) => ({ id, team: spec.owner }));
    const [first] = owned;
    if (first === undefined || owned.some((each) => mayOn(principal, 'request', each))) return;
    requireOn(principal, 'request', first, `schemas of the topic ${first.id}`);
  };
}
