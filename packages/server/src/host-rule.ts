/**
 * Which Host headers the server answers to. Any page on the web can make a browser call a loopback address under a name
 * of its own (DNS rebinding); such a request carries that name as its Host, and is refused. The port is not looked at:
 * it may have been mapped on the way, and proves nothing.
 */
const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface HostRule {
  /** Names beyond loopback that the server answers to, without ports, lower case. */
  readonly hosts: ReadonlySet<string>;
}

/** Host names are those of loopback, the host that is listened on unless it is a wildcard, and `extra`. */
export function hostRule(listenHost: string, extra: readonly string[] = []): HostRule {
  const wildcard = listenHost === '0.0.0.0' || listenHost === '::';
  const named = wildcard ? extra : [bracketed(listenHost), ...extra];
  return { hosts: new Set(named.map((host) => host.toLowerCase())) };
}

/** Whether a Host header is one of ours. */
export function hostAllowed(rule: HostRule, header: string | undefined): boolean {
  const name = hostNameOf(header);
  return name !== undefined && (loopbackNames.has(name) || rule.hosts.has(name));
}

/** The lower-case name in a Host header, an IPv6 address with its brackets; undefined when the header is malformed. */
export function hostNameOf(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
