/**
 * Where clients stay when declarations change around them. Pure.
 *
 * Where a topic is found follows from what is declared, so declaring one more use, a mirror or the site of a cluster
 * may give another cluster. Clients that are there already do not follow that: producers would write where nobody reads
 * yet, and the offsets of groups are nowhere else. They stay for as long as their application declares the use of that
 * cluster, or until the topic is moved.
 */
import type { Application, Role } from '@millrace/api/declared';
import { chooseCluster, clustersOf, type Places } from './home-cluster.ts';

/** What instances of an application asked, and where it is kept. */
export interface AskedPlace {
  readonly application: string;
  readonly topic: string;
  readonly role: Role;
  /** Of the instances; '' where they name none. */
  readonly site: string;
  /** The cluster, in spite of declarations; null: where these say. */
  readonly staysOn: string | null;
}

/** What was declared at a moment. */
export interface DeclaredPlaces extends Omit<Places, 'stay'> {
  application(name: string): Application | undefined;
}

/** Where it stays once `after` is declared instead of `before`. */
export function stayOn(asked: AskedPlace, before: DeclaredPlaces, after: DeclaredPlaces): string | null {
  const application = after.application(asked.application);
  if (application === undefined) return null;
  const isDeclared = (cluster: string): boolean =>
    clustersOf(application, asked, after).some(({ name }) => name === cluster);
  if (asked.staysOn !== null) return isDeclared(asked.staysOn) ? asked.staysOn : null;
  const [was, is] = [whereOf(asked, before), whereOf(asked, after)];
  return was === undefined || was === is || !isDeclared(was) ? null : was;
}

function whereOf({ application: name, topic, role, site }: AskedPlace, places: DeclaredPlaces): string | undefined {
  const application = places.application(name);
  if (application === undefined) return undefined;
  const question = { topic, role, site: site === '' ? undefined : site };
  const chosen = chooseCluster(application, question, { ...places, stay: () => undefined });
  return typeof chosen === 'string' ? undefined : chosen.cluster.name;
}
