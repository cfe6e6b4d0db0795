/** A replacement with what groups of a pattern matched: `$1`, `${name}`, and `$$` for a dollar sign, as in Go. */

/** A pattern that has matched. */
export interface Matched {
  group(group: number | string): string | null;
  groupCount(): number;
}

export function expandTemplate(template: string, match: Matched): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bareName?: string, braced?: string) => {
    const name = bareName ?? braced;
    if (name === undefined) return whole === '$$' ? '$' : whole;
    return groupOf(match, name);
  });
}

/** Of a group that there is not: nothing. */
function groupOf(match: Matched, name: string): string {
  if (/^\d+$/.test(name)) {
    const number = Number(name);
    return number <= match.groupCount() ? (match.group(number) ?? '') : '';
  }
  try {
    return match.group(name) ?? '';
  } catch {
    return '';
  }
}
