/** What counts as one client among addresses: an IPv4 address, or the /64 of an IPv6 one, which a client has whole. */
import { isIPv6 } from 'node:net';

export function clientAddress(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip;
  const [head = '', tail] = (ip.split('%')[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - last.length;
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...last];
  return `${whole.slice(0, 4).join(':').toLowerCase()}::/64`;
}
