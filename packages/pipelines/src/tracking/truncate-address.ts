/** What is kept of an IP address: the network, not the host. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * The first 24 bits of an IPv4 address (`203.0.113.0`) or 48 bits of an IPv6 address (`2001:db8:1::`), the rest zero;
 * undefined for what is neither. An IPv4 address in IPv6 clothes counts as IPv4.
 */
export function truncateAddress(address: string): string | undefined {
  const [plain = ''] = address.split('%', 1);
  const embedded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? plain;
  if (isIPv4(embedded)) return embedded.replace(/\d+$/, '0');
  if (!isIPv6(plain)) return undefined;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - groupCount(tail);
  const kept = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')].slice(0, 3);
  while (kept.length < 3) kept.push('0');
  const shown = kept.map((group) => Number.parseInt(group || '0', 16).toString(16));
  while (shown.at(-1) === '0') shown.pop();
  return `${shown.join(':')}::`;
}

/** 16-bit groups in what follows `::`; an IPv4 tail is two. */
function groupCount(tail: string): number {
  if (tail === '') return 0;
  const parts = tail.split(':');
  return parts.length + (isIPv4(parts.at(-1) ?? '') ? 1 : 0);
}
