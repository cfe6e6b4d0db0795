/**
 * The clusters that a record has come through, first its origin, before the one it lies on: their ids with blanks
 * between; the empty route is that of a record which was written where it lies. Pure.
 */

/** The route of a record that a mirror copies from `cluster`, where it has come by `before`. */
export function routeThrough(before: string, cluster: string): string {
  return before === '' ? cluster : `${before} ${cluster}`;
}

/** Whether a record with this route was on the cluster before. */
export function passes(route: string, cluster: string): boolean {
  return clustersOf(route).includes(cluster);
}

export function clustersOf(route: string): string[] {
  return route === '' ? [] : route.split(' ');
}
