/** Java's `.properties` format: what brokers and tools of Kafka are configured with. */

/** A file's text; lines in the order of the entries. */
export function formatProperties(entries: Readonly<Record<string, string>>): string {
  const lines = Object.entries(entries).map(([name, value]) => `${escaped(name, true)}=${escaped(value, false)}\n`);
  return lines.join('');
}

function escaped(text: string, isName: boolean): string {
  const plain = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[^\x20-\x7e\\]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^ /, '\\ ');
  return isName ? plain.replace(/[=:#! ]/g, '\\$&') : plain;
}
