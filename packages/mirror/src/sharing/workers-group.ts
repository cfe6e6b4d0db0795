/** What the group on the target is called by which the workers of a mirror share it. */
export function workersGroupOf(mirror: string): string {
  return `millrace.mirror.${mirror}`;
}
